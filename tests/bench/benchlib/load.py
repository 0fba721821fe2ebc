# SPDX-License-Identifier: GPL-2.0-or-later
"""What the machine is busy with besides this benchmark.

Ours are this process and all its descendants: QEMU, its render servers, X
servers, programs.  The rest of the time that the processors were busy, time
that a hypervisor kept for others included, belongs to somebody else and makes
figures worse than they are.
"""

import os
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PROC = Path('/proc')
IDLE_AT_MOST = 0.10     # of all processors, by others
LOOK_SECONDS = 2.0


@dataclass
class Load:
    """Shares of all processors during some time."""

    seconds: float      # how long
    others: float       # 0 to 1, by others
    ours: float         # 0 to 1, by this benchmark
    loadavg: float      # the machine's load average of a minute, at the end

    @property
    def idle(self):
        return self.others <= IDLE_AT_MOST

    def __str__(self):
        return f'{self.others * 100:.0f}%'

    def as_json(self):
        return {'seconds': round(self.seconds, 3),
                'others_share': round(self.others, 4),
                'ours_share': round(self.ours, 4),
                'loadavg_1min': self.loadavg, 'idle': self.idle}

    def sentence(self):
        """What is said of a run's start and end."""
        busy = (f'others use {self.others * 100:.0f} % of the processors, '
                f'load average {self.loadavg:.2f}')
        if self.idle:
            return f'idle ({busy})'
        return (f'NOT IDLE ({busy}): expect figures that are worse than they '
                'should be, and ratios that are less sure')


@dataclass
class Snapshot:
    """Counters that only grow."""

    when: float         # seconds, monotonic
    busy: float         # seconds of all processors
    total: float        # the same, idle ones included
    ours: float         # the part of busy that is ours

    def __sub__(self, before):
        return Snapshot(self.when - before.when, self.busy - before.busy,
                        self.total - before.total, self.ours - before.ours)

    def __add__(self, other):
        return Snapshot(self.when + other.when, self.busy + other.busy,
                        self.total + other.total, self.ours + other.ours)


NOTHING = Snapshot(0, 0, 0, 0)


def parse_stat(text):
    """Busy and total ticks of /proc/stat."""
    fields = next(line for line in text.splitlines()
                  if line.startswith('cpu ')).split()[1:]
    # A guest's time is in its host's user time already.
    user, nice, system, idle, iowait, irq, softirq, steal = \
        (int(n) for n in (fields + ['0'] * 8)[:8])
    busy = user + nice + system + irq + softirq + steal
    return busy, busy + idle + iowait


def parse_process(text):
    """Parent and ticks of /proc/PID/stat, with children that have ended."""
    rest = text.rsplit(')', 1)[1].split()
    return int(rest[1]), sum(int(n) for n in rest[11:15])


def family_ticks(processes, root):
    """Ticks of the process root and its descendants.

    processes: process ID -> (parent, ticks)
    """
    children = {}
    for pid, (parent, _) in processes.items():
        children.setdefault(parent, []).append(pid)
    total, left = 0, [root]
    while left:
        pid = left.pop()
        if pid in processes:
            total += processes[pid][1]
        left += children.get(pid, ())
    return total


def read_processes():
    found = {}
    for entry in PROC.iterdir():
        if entry.name.isdigit():
            try:
                found[int(entry.name)] = parse_process(
                    (entry / 'stat').read_text())
            except (OSError, IndexError, ValueError):   # it has ended
                continue
    return found


def snapshot():
    tick = os.sysconf('SC_CLK_TCK')
    # Ours first: what we use meanwhile must not look like theirs.
    busy, total = parse_stat((PROC / 'stat').read_text())
    ours = family_ticks(read_processes(), os.getpid())
    return Snapshot(time.monotonic(), busy / tick, total / tick, ours / tick)


def load_of(spent):
    """The load during the time between two snapshots."""
    total = spent.total or 1.0
    others = min(max(spent.busy - spent.ours, 0) / total, 1.0)
    return Load(spent.when, others, min(max(spent.ours, 0) / total, 1.0),
                round(os.getloadavg()[0], 2))


class Meter:
    """Adds up the load of the times that one figure was measured in."""

    def __init__(self):
        self._spent = NOTHING

    @contextmanager
    def running(self):
        before = snapshot()
        try:
            yield
        finally:
            self._spent += snapshot() - before

    def load(self):
        return load_of(self._spent)


def look(seconds=LOOK_SECONDS):
    """The load while nothing is measured."""
    before = snapshot()
    time.sleep(seconds)
    return load_of(snapshot() - before)
