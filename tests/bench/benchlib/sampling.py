# SPDX-License-Identifier: GPL-2.0-or-later
"""Takes samples of several contenders in turn.

In turn, so that what happens to the machine meanwhile happens to all of them;
every second round goes backwards, so that nobody is always first.
"""

from dataclasses import dataclass
from typing import Callable

from .load import Meter


@dataclass
class Contender:
    name: str
    measure: Callable           # hands back a dict, what -> sample, or a list
    ours: bool = False          # whether a failure is one of ours


class Taken:
    """The samples of one contender."""

    def __init__(self):
        self.samples = {}       # what -> list
        self.meter = Meter()

    def add(self, samples):
        for sample in samples if isinstance(samples, list) else [samples]:
            for what, value in sample.items():
                self.samples.setdefault(what, []).append(value)


def take_turns(contenders, rounds, failed):
    """name -> Taken, of those that could be measured to the end.

    failed(contender, error) is told of each of the others.
    """
    taken = {contender.name: Taken() for contender in contenders}
    left = list(contenders)
    for number in range(rounds):
        for contender in (left[::-1] if number % 2 else left[:]):
            mine = taken[contender.name]
            try:
                with mine.meter.running():
                    mine.add(contender.measure())
            except Exception as error:  # whatever it was: the others go on
                failed(contender, error)
                left.remove(contender)
                del taken[contender.name]
    return taken
