# SPDX-License-Identifier: GPL-2.0-or-later
"""Figures: samples with a unit, their median, and ratios to other figures.

Knows nothing of how a figure is measured or where it is printed.
"""

import statistics
from dataclasses import dataclass, field
from typing import Optional

from .load import Load


@dataclass
class Goal:
    """A bound that the project set itself for a figure or a ratio."""

    text: str           # such as "at most 0.16 ms"
    met: bool

    def __str__(self):
        return f"goal {self.text}: {'met' if self.met else 'missed'}"


@dataclass
class Figure:
    """One line of a row."""

    row: str            # the row's name, as BENCH= has it
    what: str           # what was measured; unique in its row
    unit: str
    samples: list
    each: int = 1       # how many events a sample is the mean or median of
    better: str = 'lower'       # or 'higher', or 'same'
    load: Optional[Load] = None
    against: list = field(default_factory=list)     # of Ratio
    notes: list = field(default_factory=list)       # text, or Goal

    @property
    def median(self):
        return statistics.median(self.samples)

    def compare(self, other, name=None):
        """Sets this figure beside another, which may be missing."""
        if other is not None:
            self.against.append(Ratio(name or other.what, other.median,
                                      ratio(self.median, other.median)))
        return self

    def as_json(self):
        return {
            'row': self.row, 'what': self.what, 'unit': self.unit,
            'better': self.better, 'median': self.median,
            'lowest': min(self.samples), 'highest': max(self.samples),
            'samples': list(self.samples), 'events_per_sample': self.each,
            'compared_with': [vars(r) for r in self.against],
            'notes': [str(n) for n in self.notes],
            'goals': [vars(n) for n in self.notes if isinstance(n, Goal)],
            'load': self.load.as_json() if self.load else None,
        }


@dataclass
class Ratio:
    """A figure as a multiple of another one of the same run."""

    name: str           # what the other one is called
    value: float        # the other one's median
    ratio: Optional[float]      # None where the other one is 0

    def __str__(self):
        return f'{ratio_text(self.ratio)} {self.name}'


def ratio(value, base):
    return value / base if base else None


def ratio_text(value):
    """A ratio as people say it: 0.97 of, 1/40 of, 25 times."""
    if value is None:
        return 'no ratio to'
    if value >= 9.95:
        return f'{value:.0f} x'
    if value >= 0.0995 or value <= 0:
        return f'{value:.2f} x'
    return f'1/{1 / value:.0f} x'


def number(value):
    """Four digits that count, and no more of them than can be believed."""
    size = abs(value)
    for bound, digits in ((100, 0), (10, 1), (1, 2)):
        if size >= bound:
            return f'{value:.{digits}f}'
    return f'{value:.3f}' if size else '0'
