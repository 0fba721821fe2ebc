# SPDX-License-Identifier: GPL-2.0-or-later
"""Which rows BENCH= chooses."""

import unittest

from benchlib.choice import Row, UnknownRow, choose, listing

ROWS = [Row(name, f'about {name}', None) for name in ('a', 'b', 'c', 'd')]
GROUPS = {'both': ('d', 'b')}


def names(wanted):
    return [row.name for row in choose(wanted, ROWS, GROUPS)]


class Choice(unittest.TestCase):
    def test_nothing_means_all(self):
        self.assertEqual(names(''), ['a', 'b', 'c', 'd'])
        self.assertEqual(names('  '), ['a', 'b', 'c', 'd'])

    def test_rows_keep_their_order_and_come_once(self):
        self.assertEqual(names('c a c'), ['a', 'c'])

    def test_commas_will_do(self):
        self.assertEqual(names('a,b'), ['a', 'b'])

    def test_a_group(self):
        self.assertEqual(names('both a'), ['a', 'b', 'd'])

    def test_an_unknown_name_is_refused(self):
        with self.assertRaisesRegex(UnknownRow, 'nope'):
            names('a nope')

    def test_part_of_a_name_is_no_name(self):
        with self.assertRaises(UnknownRow):
            names('bot')

    def test_the_list_has_all_of_them(self):
        text = listing(ROWS, GROUPS)
        for line in ('  a          about a', '  both       d b'):
            self.assertIn(line, text.splitlines())
