# SPDX-License-Identifier: GPL-2.0-or-later
"""Medians, ratios and how numbers are written."""

import unittest

from benchlib.figures import Figure, Goal, number, ratio, ratio_text


def figure(what, *samples):
    return Figure('row', what, 'us', list(samples))


class Figures(unittest.TestCase):
    def test_median_is_not_the_mean(self):
        self.assertEqual(figure('a', 1, 2, 90).median, 2)

    def test_median_of_an_even_number_lies_between(self):
        self.assertEqual(figure('a', 4, 1, 2, 90).median, 3)

    def test_ratio_is_ours_by_the_other(self):
        ours = figure('ours', 5, 5, 5).compare(figure('old', 10, 10), 'OLD')
        self.assertEqual(ours.against[0].ratio, 0.5)
        self.assertEqual(str(ours.against[0]), '0.50 x OLD')

    def test_a_comparison_with_nothing_is_left_out(self):
        self.assertEqual(figure('ours', 5).compare(None).against, [])

    def test_no_ratio_to_zero(self):
        self.assertIsNone(ratio(5, 0))
        self.assertEqual(ratio_text(None), 'no ratio to')

    def test_ratios_as_people_say_them(self):
        for value, text in ((0.025, '1/40 x'), (0.5, '0.50 x'), (1, '1.00 x'),
                            (0.0999, '0.10 x'), (9.94, '9.94 x'),
                            (9.96, '10 x'), (25.2, '25 x'), (0, '0.00 x')):
            with self.subTest(value):
                self.assertEqual(ratio_text(value), text)

    def test_numbers_have_the_digits_that_count(self):
        for value, text in ((1234.5, '1234'), (99.96, '100.0'), (12.34, '12.3'),
                            (1.234, '1.23'), (0.1534, '0.153'), (0, '0'),
                            (-12.34, '-12.3')):
            with self.subTest(value):
                self.assertEqual(number(value), text)

    def test_goals_are_notes_and_data(self):
        one = figure('a', 1)
        one.notes += [Goal('at most 2', True), 'black']
        data = one.as_json()
        self.assertEqual(data['notes'], ['goal at most 2: met', 'black'])
        self.assertEqual(data['goals'], [{'text': 'at most 2', 'met': True}])
