# SPDX-License-Identifier: GPL-2.0-or-later
"""One run: what rows need to measure, to compare and to tell."""

import signal

from harness import env

from .figures import Figure
from .machines import Subject
from .sampling import Contender, take_turns

OURS = Subject('ours', env.QEMU, ours=True)


class Bench:
    """Handed to each row."""

    def __init__(self, report, machines, *, old=None, stock=None,
                 upstream=None, upstream_text=''):
        self.report = report
        self.machines = machines
        self.stock = stock              # Subject
        self.upstream = upstream        # Subject or None
        self.upstream_text = upstream_text      # its versions
        self.mine = [OURS]              # what Venus-only mode is measured in
        if old:
            self.mine.insert(0, Subject('old', old))
        self.row = None
        self.stopped = False
        self._made = {}                 # what -> Figure, of this row

    def begin(self, row):
        self.row = row.name
        self._made = {}
        self.report.row(row)

    def stop(self, *_):
        """Of a signal: ends the measurement wherever it is."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        self.stopped = True
        raise KeyboardInterrupt

    def failed(self, contender, error):
        if self.stopped:        # of the signal, which our children get too
            raise KeyboardInterrupt from error
        self.report.problem(contender.name, error, contender.ours)

    def row_failed(self, row, error):
        """What took a whole row down: none of its contenders, so ours."""
        if self.stopped:
            raise KeyboardInterrupt from error
        self.report.problem(row.name, error, True)

    def contenders(self, kind, subjects, measure, label='{}'):
        """Boots a machine for each subject; measure takes its Vm."""
        found = []
        for subject in subjects:
            if subject is None:
                continue
            contender = Contender(label.format(subject.name), None,
                                  subject.ours)
            try:
                machine = self.machines.get(kind, subject)
            except Exception as error:  # others can be measured
                self.failed(contender, error)
                continue

            def call(machine=machine):
                with machine.running() as vm:
                    return measure(vm)
            contender.measure = call
            found.append(contender)
        return found

    def take(self, contenders, rounds):
        return take_turns(contenders, rounds, self.failed)

    def figure(self, what, taken, key, unit, *, against=(), notes=(), each=1,
               better='lower'):
        """Tells of one figure; against: lines of this row or Ratio pairs.

        A pair is the line's name and what it is called here.  Hands back the
        figure, or None where nothing was measured.
        """
        if taken is None:
            return None
        figure = Figure(self.row, what, unit, taken.samples[key], each, better,
                        taken.meter.load())
        for other in against:
            name, called = other if isinstance(other, tuple) else (other, None)
            figure.compare(self._made.get(name), called)
        figure.notes += [note(figure) if callable(note) else note
                         for note in notes if note]
        self._made[what] = figure
        self.report.figure(figure)
        return figure
