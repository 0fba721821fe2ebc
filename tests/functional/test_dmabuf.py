# SPDX-License-Identifier: GPL-2.0-or-later
"""Unit tests that need real dma-bufs, in a guest that has /dev/udmabuf."""

import base64
import io
import os
import re
import subprocess
from pathlib import Path

from PIL import Image

from harness import env, nested, picture
from harness.case import FunctionalTest, expected_frame


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


class DmabufGuest(FunctionalTest):
    """All of it: a guest's frame in a dma-buf, the device, and its reader.

    An emulated machine in an emulated machine: DMABUF_GUEST=1 asks for it.
    """

    group = 'dmabuf-guest'
    check = ()
    time_limit = 2400
    program = Path(__file__).with_name('dmabuf-guest.sh')
    server = Path('/usr/libexec/virgl_render_server')

    def test_frame_is_read_back(self):
        if nested.why_not():
            self.skipTest(nested.why_not())
        if not os.environ.get('DMABUF_GUEST'):
            self.skipTest('not asked for with DMABUF_GUEST=1')
        kernel, initrd = env.guest_files('new')
        said, status = nested.run(
            self.log_dir(), [self.program], self.time_limit - 60, memory='5G',
            others={f'/qemu/{env.QEMU_NAME}': env.QEMU,
                    str(self.server): self.server,
                    '/guest/kernel': kernel,
                    '/guest/initrd': initrd})[self.program.name]
        self.assertEqual(status, 0)
        self.assertIn('venus_readback_done', said)
        found = re.search(r'^PICTURE-BEGIN\n(.*)^PICTURE-END$', said,
                          re.M | re.S)
        shown = Image.open(io.BytesIO(base64.b64decode(found.group(1))))
        shown.save(self.log_dir() / 'picture.png')
        wanted = expected_frame(37, (640, 480))
        self.assertLessEqual(
            picture.difference(shown.convert('RGB'), wanted), 2)
