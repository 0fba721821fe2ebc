# SPDX-License-Identifier: GPL-2.0-or-later
"""What is printed and written, and when."""

import io
import json
import tempfile
import unittest
from pathlib import Path

from benchlib.choice import Row
from benchlib.figures import Figure, Goal
from benchlib.load import Load
from benchlib.report import Report, duration

IDLE = Load(3, 0.02, 0.5, 0.4)
BUSY = Load(3, 0.5, 0.4, 4.2)
ROW = Row('fence', 'how long a guest waits', None)


def figure(what='ours', load=IDLE, **more):
    return Figure('fence', what, 'us', [110, 100, 130], 100, load=load, **more)


class ReportTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name) / 'bench.json'
        self.out = io.StringIO()
        self.report = Report(self.path, self.out)
        self.report.row(ROW)

    def written(self):
        return json.loads(self.path.read_text())

    def printed(self):
        return self.out.getvalue()

    def last(self):
        return self.printed().splitlines()[-1].split()

    def test_a_figure_is_out_as_soon_as_it_is_measured(self):
        self.report.figure(figure())
        self.assertEqual(self.last(), ['ours', '110', 'us', '100..130', '3x100',
                                       '2%', '(smaller', 'is', 'better)'])
        self.assertEqual(self.written()['state'], 'running')
        self.assertEqual(self.written()['figures'][0]['median'], 110)

    def test_json_has_units_samples_and_load(self):
        self.report.note(versions={'ours': '10.0.13'})
        self.report.figure(figure())
        data = self.written()
        self.assertEqual(data['versions'], {'ours': '10.0.13'})
        one = data['figures'][0]
        self.assertEqual((one['unit'], one['samples'], one['better']),
                         ('us', [110, 100, 130], 'lower'))
        self.assertEqual(one['load'], {
            'seconds': 3, 'others_share': 0.02, 'ours_share': 0.5,
            'loadavg_1min': 0.4, 'idle': True})

    def test_what_it_is_compared_with_is_on_its_line(self):
        self.report.figure(figure().compare(figure('old'), 'old'))
        self.assertIn('1.00 x old', self.printed().splitlines()[-1])
        self.assertNotIn('better', self.printed().splitlines()[-1])

    def test_more_comparisons_and_goals_follow(self):
        one = figure().compare(figure('old')).compare(figure('stock'))
        one.notes.append(Goal('at most 1/40', False))
        self.report.figure(one)
        line, goal = self.printed().splitlines()[-2:]
        self.assertTrue(line.endswith('1.00 x old, 1.00 x stock'), line)
        self.assertEqual(goal.strip(), 'goal at most 1/40: missed')

    def test_many_comparisons_are_wrapped_under_each_other(self):
        one = figure()
        for name in ('a bare swapchain', 'something else', 'sdl'):
            one.compare(figure(name))
        self.report.figure(one)
        first, second = self.printed().splitlines()[-2:]
        self.assertTrue(first.endswith('1.00 x a bare swapchain,'), first)
        self.assertEqual(first.index('1.00 x a'), second.index('1.00 x'))
        self.assertEqual(second.strip(), '1.00 x something else, 1.00 x sdl')

    def test_larger_is_better_is_said(self):
        self.report.figure(figure(better='higher'))
        self.assertIn('larger is better', self.printed())

    def test_a_busy_machine_is_marked(self):
        self.report.figure(figure(load=BUSY))
        self.assertIn('50%!', self.last())

    def test_the_end_counts_what_was_measured_beside_others(self):
        self.report.figure(figure(load=BUSY))
        self.report.figure(figure('other'))
        self.report.end('complete', BUSY, idle_at_start=False)
        self.assertIn('1 of 2 figures were measured while others',
                      self.printed())
        self.assertIn('This run did not start idle.', self.printed())
        self.assertIn('machine at the end: NOT IDLE', self.printed())
        self.assertEqual(self.written()['state'], 'complete')

    def test_an_idle_run_says_nothing_of_it(self):
        self.report.figure(figure())
        self.report.end('complete', IDLE, idle_at_start=True)
        self.assertNotIn('did not start idle', self.printed())
        self.assertNotIn('while others', self.printed())

    def test_a_run_that_is_stopped_keeps_what_it_has(self):
        self.report.figure(figure())
        self.report.end('stopped', None, idle_at_start=True)
        self.assertEqual(self.written()['state'], 'stopped')
        self.assertEqual(len(self.written()['figures']), 1)
        self.assertIn('stopped after', self.printed())

    def test_only_a_failure_of_ours_is_one(self):
        self.report.problem('stock', 'does not\nstart', ours=False)
        self.assertFalse(self.report.failed)
        self.assertIn('stock: NOT MEASURED: does not start', self.printed())
        self.report.problem('ours', 'no', ours=True)
        self.assertTrue(self.report.failed)
        self.assertEqual(self.written()['problems'][0]['row'], 'fence')

    def test_durations(self):
        self.assertEqual(duration(59.4), '59 s')
        self.assertEqual(duration(61), '1 min 01 s')
