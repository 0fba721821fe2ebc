# SPDX-License-Identifier: GPL-2.0-or-later
"""Rows from what a guest's programs would print."""

import io
import tempfile
import unittest
from pathlib import Path

from benchlib import display_rows, frame_rows, guest_rows
from benchlib.bench import Bench
from benchlib.choice import Row
from benchlib.machines import Subject
from benchlib.report import Report

FENCES = '\n'.join(f'fencebench: {kind} n 100 median_us {us} p90_us 9 max_us 9'
                   for kind, us in (('ring', 250), ('device', 125),
                                    ('threads', 100)))


class Console:
    def __init__(self, text):
        self.text = text
        self.asked = []

    def check(self, command, _timeout):
        self.asked.append(command)
        return self.text


class FakeVm:
    alive = True

    def __init__(self, text):
        self.console = Console(text)


class FakeMachine:
    def __init__(self, text):
        self.vm = FakeVm(text)

    def running(self):
        return self

    def __enter__(self):
        return self.vm

    def __exit__(self, *_):
        pass


class FakeMachines:
    release = None

    def __init__(self, texts):
        self.texts = texts

    def get(self, kind, subject):
        text = self.texts[kind, subject.name]
        if text is None:
            raise RuntimeError('QEMU did not start: no such display')
        return FakeMachine(text)


class Rows(unittest.TestCase):
    def measure(self, row, texts, **more):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.report = Report(Path(folder.name) / 'bench.json', io.StringIO())
        bench = Bench(self.report, FakeMachines(texts),
                      stock=Subject('stock QEMU', 'stock'), **more)
        bench.begin(Row('row', 'about it', row))
        row(bench)
        return {figure.what: figure for figure in self.report.figures}

    def test_fence_beside_stock_old_and_threads(self):
        slow = FENCES.replace('250', '10000')
        figures = self.measure(guest_rows.fence, {
            ('venus', 'ours'): FENCES, ('gl', 'stock QEMU'): slow,
            ('venus', 'old'): FENCES.replace('250', '500')}, old='OLD')
        ours = figures['ours, Venus-only']
        self.assertEqual([str(r) for r in ours.against],
                         ['1/40 x stock QEMU', '0.50 x old',
                          '2.50 x two threads'])
        self.assertEqual([str(n) for n in ours.notes],
                         ['goal at most 1/40 of stock QEMU: met'])

    def test_a_stock_qemu_that_does_not_start_is_a_line(self):
        figures = self.measure(guest_rows.fence, {
            ('venus', 'ours'): FENCES, ('gl', 'stock QEMU'): None})
        self.assertIn('ours, Venus-only', figures)
        self.assertEqual(self.report.problems[0]['what'],
                         'stock QEMU, sdl,gl=on')
        self.assertFalse(self.report.failed)

    def test_ours_that_does_not_start_fails_the_run(self):
        self.measure(guest_rows.fence, {('venus', 'ours'): None,
                                        ('gl', 'stock QEMU'): FENCES})
        self.assertTrue(self.report.failed)

    def test_a_program_that_prints_something_else_is_no_figure(self):
        with self.assertRaisesRegex(RuntimeError, 'no such card'):
            guest_rows.sync_fd_once(FakeVm('syncbench: no such card'))

    def test_mapping_is_the_difference(self):
        costs = guest_rows.map_once(
            FakeVm('mapbench: live 1 n 200 blob_us 300 mapped_us 450'))
        self.assertEqual(set(costs.values()), {150})

    def test_every_frame_that_is_flipped_is_drawn(self):
        self.assertIn('--draw', frame_rows.flipbench('host3d', 10))
        self.assertIn('--draw', frame_rows.flipbench('dumb', 10))
        self.assertNotIn('--draw', frame_rows.flipbench('none', 10))

    def test_a_display_is_paid_for_frames_that_it_showed(self):
        waiting = {'seconds': 2, 'main': 0.02, 'all': 0.04}
        spent = {'seconds': 4, 'main': 0.14, 'all': 0.28, 'shown': 100,
                 'copied': 7, 'updates': 120}
        [sample] = display_rows.frame_samples([spent], waiting)
        self.assertAlmostEqual(sample['main'], 1.0)
        self.assertAlmostEqual(sample['all'], 2.0)
        self.assertAlmostEqual(sample['shown'], 25)
        self.assertAlmostEqual(sample['updates'], 30)

    def test_a_display_that_shows_nothing_has_no_figure(self):
        nothing = dict.fromkeys(('seconds', 'main', 'all', 'shown', 'copied',
                                 'updates'), 0)
        with self.assertRaisesRegex(RuntimeError, 'no frame'):
            display_rows.frame_samples([nothing], nothing)
