# SPDX-License-Identifier: GPL-2.0-or-later
"""Who uses the processors."""

import unittest

from benchlib.load import (IDLE_AT_MOST, Load, Snapshot, family_ticks, load_of,
                           parse_process, parse_stat)

STAT = '''cpu  100 10 50 800 40 3 2 20 60 0
cpu0 1 1 1 1 1 1 1 1 1 1
intr 5
'''
# utime 11, stime 12, those of children that have ended 13 and 14
PROCESS = '42 (a (nasty) name) S 7 42 42 0 -1 0 1 2 3 4 11 12 13 14 20 0 1 0'


class LoadTest(unittest.TestCase):
    def test_busy_counts_what_a_hypervisor_took(self):
        self.assertEqual(parse_stat(STAT)[0], 100 + 10 + 50 + 3 + 2 + 20)

    def test_waiting_for_a_disk_is_idle(self):
        busy, total = parse_stat(STAT)
        self.assertEqual(total - busy, 840)

    def test_old_kernels_have_fewer_columns(self):
        self.assertEqual(parse_stat('cpu 1 2 3 4\n'), (6, 10))

    def test_a_process_with_its_children_that_ended(self):
        self.assertEqual(parse_process(PROCESS), (7, 11 + 12 + 13 + 14))

    def test_family_is_all_descendants_and_nobody_else(self):
        processes = {1: (0, 1000), 10: (1, 1), 11: (10, 2), 12: (11, 4),
                     20: (1, 500)}
        self.assertEqual(family_ticks(processes, 10), 7)

    def test_others_are_the_rest_of_what_was_busy(self):
        load = load_of(Snapshot(when=2, busy=3, total=4, ours=2))
        self.assertAlmostEqual(load.others, 0.25)
        self.assertAlmostEqual(load.ours, 0.5)
        self.assertFalse(load.idle)

    def test_rounding_makes_no_negative_load(self):
        self.assertEqual(load_of(Snapshot(2, 1, 4, 1.1)).others, 0)

    def test_snapshots_add_up(self):
        spent = Snapshot(5, 4, 3, 2) - Snapshot(1, 1, 1, 1)
        self.assertEqual(spent + spent, Snapshot(8, 6, 4, 2))

    def test_idle_at_the_bound_but_not_over_it(self):
        self.assertTrue(Load(1, IDLE_AT_MOST, 0, 0).idle)
        self.assertFalse(Load(1, IDLE_AT_MOST + 0.01, 0, 0).idle)

    def test_a_busy_machine_is_told_of(self):
        self.assertIn('NOT IDLE', Load(1, 0.63, 0, 4.1).sentence())
        self.assertIn('63 %', Load(1, 0.63, 0, 4.1).sentence())
        self.assertIn('4.10', Load(1, 0.63, 0, 4.1).sentence())
        self.assertNotIn('NOT', Load(1, 0.02, 0, 0.1).sentence())
