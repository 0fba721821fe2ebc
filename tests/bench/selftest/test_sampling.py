# SPDX-License-Identifier: GPL-2.0-or-later
"""Contenders take turns, and versions are read."""

import unittest

from benchlib.sampling import Contender, take_turns
from benchlib.versions import package_version

STATUS = '''Package: mesa-vulkan-drivers-extra
Version: 9

Package: mesa-vulkan-drivers
Status: install ok installed
Version: 26.1.6-1

Package: zlib
Version: 1
'''


class Turns(unittest.TestCase):
    def setUp(self):
        self.order = []
        self.failures = []

    def contender(self, name, fails_at=None):
        def measure():
            self.order.append(name)
            if self.order.count(name) == fails_at:
                raise RuntimeError('broken')
            return {'ms': len(self.order)}
        return Contender(name, measure)

    def take(self, contenders, rounds):
        return take_turns(contenders, rounds, lambda contender, error:
                          self.failures.append((contender.name, str(error))))

    def test_in_turn_and_every_second_round_backwards(self):
        taken = self.take([self.contender('old'), self.contender('ours')], 3)
        self.assertEqual(self.order, ['old', 'ours', 'ours', 'old', 'old',
                                      'ours'])
        self.assertEqual(taken['old'].samples, {'ms': [1, 4, 5]})
        self.assertEqual(taken['ours'].samples, {'ms': [2, 3, 6]})

    def test_the_others_go_on_when_one_fails(self):
        taken = self.take([self.contender('old', fails_at=2),
                           self.contender('ours')], 3)
        self.assertEqual(self.failures, [('old', 'broken')])
        self.assertEqual(list(taken), ['ours'])
        self.assertEqual(len(taken['ours'].samples['ms']), 3)

    def test_several_samples_from_one_measurement(self):
        taken = self.take([Contender('ours', lambda: [{'ms': 1}, {'ms': 2}])],
                          2)
        self.assertEqual(taken['ours'].samples, {'ms': [1, 2, 1, 2]})

    def test_load_is_measured(self):
        load = self.take([self.contender('ours')], 1)['ours'].meter.load()
        self.assertGreater(load.seconds, 0)

    def test_being_stopped_is_no_failure_of_a_contender(self):
        def stopped():
            raise KeyboardInterrupt
        with self.assertRaises(KeyboardInterrupt):
            self.take([Contender('ours', stopped)], 1)
        self.assertEqual(self.failures, [])


class Versions(unittest.TestCase):
    def test_of_the_package_itself(self):
        self.assertEqual(package_version(STATUS, 'mesa-vulkan-drivers'),
                         '26.1.6-1')

    def test_of_one_that_is_missing(self):
        self.assertEqual(package_version(STATUS, 'mesa'), 'unknown')
