# SPDX-License-Identifier: GPL-2.0-or-later
"""What a run prints, line by line, and bench.json, written after each line."""

import json
import sys
import time
from datetime import datetime, timezone

from .figures import number

BETTER = {'lower': 'smaller is better', 'higher': 'larger is better',
          'same': 'should not change'}
LEGEND = '''\
Each line has the median of its samples, the lowest and the highest of them, how
many there are (5x100: five, each of 100 events), the load, which is how much of
the machine's processors others used meanwhile ("!": over 10 %), and what the
figure is compared with: "0.50 x NAME" is half of NAME's, measured in this run.
'''
COLUMNS = '  {:40} {:>13}  {:>14} {:>7} {:>5}  {}'
UNDER = 88               # where the last column begins
WIDTH = 124


def duration(seconds):
    seconds = round(seconds)
    if seconds < 60:
        return f'{seconds} s'
    return f'{seconds // 60} min {seconds % 60:02} s'


def compared(figure):
    """The last column, on more lines where it is too much for one."""
    if not figure.against:
        return f'({BETTER[figure.better]})'
    lines = ['']
    for text in (str(ratio) for ratio in figure.against):
        if not lines[-1]:
            lines[-1] = text
        elif UNDER + len(lines[-1]) + len(text) + 2 <= WIDTH:
            lines[-1] += f', {text}'
        else:
            lines[-1] += ','
            lines.append(text)
    return f'\n{"":{UNDER}}'.join(lines)


class Report:
    """Figures go out as they come in: a run that is stopped keeps them."""

    def __init__(self, path, out=sys.stdout):
        self.figures = []
        self.problems = []
        self._path = path
        self._out = out
        self._start = time.monotonic()
        self._row = None
        self._row_start = 0
        self._data = {'format': 1, 'state': 'running',
                      'started': datetime.now(timezone.utc)
                      .isoformat(timespec='seconds')}

    def say(self, text=''):
        print(text, file=self._out, flush=True)

    def note(self, **facts):
        """Facts about the run, for bench.json."""
        self._data.update(facts)
        self._write()

    def row(self, row):
        """Begins a row: its title, and the head of its columns."""
        self._end_row()
        self._row, self._row_start = row.name, time.monotonic()
        self.say(f'\n{row.name}: {row.line}')
        self.say(COLUMNS.format('', 'median', 'low..high', 'samples', 'load',
                                'compared with'))

    def _end_row(self):
        if self._row:
            self._data.setdefault('row_seconds', {})[self._row] = \
                round(time.monotonic() - self._row_start, 1)
        self._row = None

    def figure(self, figure):
        """One line that has been measured."""
        self.figures.append(figure)
        self.say(self.line(figure))
        for note in figure.notes:
            self.say(f'{"":{UNDER}}{note}')
        self._write()

    @staticmethod
    def line(figure):
        low, high = min(figure.samples), max(figure.samples)
        spread = '' if len(figure.samples) == 1 else \
            f'{number(low)}..{number(high)}'
        count = f'{len(figure.samples)}' + \
            (f'x{figure.each}' if figure.each > 1 else '')
        load = ''
        if figure.load:
            load = f'{figure.load}' + ('' if figure.load.idle else '!')
        return COLUMNS.format(
            figure.what, f'{number(figure.median)} {figure.unit}', spread,
            count, load, compared(figure)).rstrip()

    def problem(self, what, why, ours):
        """Something that could not be measured.  ours: that is a failure."""
        why = ' '.join(str(why).split())[-400:]
        self.problems.append({'row': self._row, 'what': what, 'why': why,
                              'ours': ours})
        self.say(f'  {what}: NOT MEASURED: {why}')
        self._write()

    @property
    def failed(self):
        return any(problem['ours'] for problem in self.problems)

    def end(self, state, load, idle_at_start):
        """What is said last; state: complete or stopped."""
        self._end_row()
        seconds = time.monotonic() - self._start
        self.note(state=state, seconds=round(seconds, 1),
                  load_at_end=load.as_json() if load else None)
        self.say()
        if load:
            self.say(f'machine at the end: {load.sentence()}')
        if not idle_at_start:
            self.say('This run did not start idle.')
        busy = sum(not f.load.idle for f in self.figures if f.load)
        if busy:
            self.say(f'{busy} of {len(self.figures)} figures were measured '
                     'while others used more than 10 % of the processors '
                     '(marked "!").')
        verb = 'stopped after' if state == 'stopped' else 'measured in'
        self.say(f'{len(self.figures)} figures, {len(self.problems)} not '
                 f'measured; {verb} {duration(seconds)}; all of it is in '
                 f'{self._path}')

    def _write(self):
        data = dict(self._data, problems=self.problems,
                    figures=[figure.as_json() for figure in self.figures])
        new = self._path.with_suffix('.new')
        new.write_text(json.dumps(data, indent=1) + '\n')
        new.replace(self._path)
