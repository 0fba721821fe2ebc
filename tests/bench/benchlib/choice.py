# SPDX-License-Identifier: GPL-2.0-or-later
"""Which rows are measured: the list behind BENCH=."""

from dataclasses import dataclass
from typing import Callable


@dataclass
class Row:
    """A group of figures that are measured and printed together."""

    name: str
    line: str                   # one line for BENCH=help
    measure: Callable           # takes the Bench
    uses: tuple = ()            # kinds of machines it shares with other rows


class UnknownRow(Exception):
    """BENCH= names something that is no row."""


def choose(wanted, rows, groups):
    """The rows that the text wanted names, in the order of rows.

    Nothing means all of them.  groups: name -> names of rows
    """
    names = set()
    for word in wanted.replace(',', ' ').split():
        if word in groups:
            names.update(groups[word])
        elif word in (row.name for row in rows):
            names.add(word)
        else:
            raise UnknownRow(word)
    return [row for row in rows if not names or row.name in names]


def listing(rows, groups):
    """What BENCH=help prints of them."""
    lines = [f'  {row.name:10} {row.line}' for row in rows]
    lines += [f"  {name:10} {' '.join(members)}"
              for name, members in groups.items()]
    return '\n'.join(lines)
