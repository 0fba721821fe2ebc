# SPDX-License-Identifier: GPL-2.0-or-later
"""Unit tests that need real dma-bufs, in a guest that has /dev/udmabuf."""

import subprocess

from harness import env, nested
from harness.case import FunctionalTest


class Dmabuf(FunctionalTest):
    """To run another program in that guest: name it here, and add a test."""

    group = 'dmabuf'
    programs = ('test-vulkan-dmabuf',)
    results = {}

    @classmethod
    def setUpClass(cls):
        if nested.why_not():
            return
        build = env.BUILD / 'qemu/build'
        targets = [f'tests/unit/{name}' for name in cls.programs]
        subprocess.run(['ninja', '-C', str(build), *targets], check=True,
                       timeout=300, stdout=subprocess.DEVNULL)
        cls.results = nested.run(cls.log_dir(),
                                 [build / target for target in targets], 500)

    def assert_all_passed(self, program, at_least):
        """Every test of a program was run in the guest, and none skipped."""
        if nested.why_not():
            self.skipTest(nested.why_not())
        self.assertIn(program, self.results, f'see {self.log_dir()}')
        said, status = self.results[program]
        planned, outcomes = nested.tap(said)
        self.assertEqual({name: outcome for name, outcome in outcomes.items()
                          if outcome != 'ok'}, {})
        self.assertEqual(len(outcomes), planned)
        self.assertGreaterEqual(planned, at_least)
        self.assertEqual(status, 0)

    def test_presenter_and_readback(self):
        self.assert_all_passed('test-vulkan-dmabuf', 15)
