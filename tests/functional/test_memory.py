# SPDX-License-Identifier: GPL-2.0-or-later
"""Drivers that cannot export memory: the shared-memory layer beneath them.

ZeroCopy, Lookalike and Swapchain are sets of tests: test_matrix.py says which
guest is put to which.
"""

import os
import subprocess
import tempfile
from pathlib import Path

from harness import env
from harness.case import FunctionalTest
from harness.layers import lookalike
from harness.vm import MACHINE, Vm

DEVICE = '/machine/peripheral/gpu0'


class ZeroCopy:
    """What is drawn with Vulkan is on the screen without a copy."""

    def hold_shared(self, frame):
        return self.hold_frame(frame, '--path zero-copy')

    def test_memory_is_shared_by_the_layer(self):
        used = self.vm.qmp.execute('qom-get', path=f'{DEVICE}/virtio-backend',
                                   property='venus-memory-used')
        self.assertEqual(used, 'shm')
        self.assertRegex(self.vm.stderr, r'venus_memory asked auto used shm '
                                         r"layer '.*\.json'")

    def test_vkcheck_passes(self):
        self.assert_vkcheck()

    def test_zero_copy_frame_0(self):
        self.hold_shared(0)
        self.assert_frame(0)

    def test_zero_copy_frame_37(self):
        self.hold_shared(37)
        self.assert_frame(37)

    def test_gpu_copy_frame_37(self):
        # For devices that do not draw into linear images.
        self.hold_frame(37, '--path zero-copy --gpu-copy')
        self.assert_frame(37)

    def test_zero_copy_many_frames(self):
        output = self.vm.console.check('vkspin --path zero-copy --frames 30',
                                       300)
        self.assertIn('path zero-copy frames 30', output)

    def test_device_made_no_copy(self):
        before = len(self.events('venus_image_get'))
        self.hold_shared(5)
        self.assert_frame(5)
        images = self.events('venus_image_get')[before:]
        self.assertTrue(images, 'no blob was shown')
        for line in images:
            self.assertRegex(line, r'fd \d+ shadow 0$')


class Lookalike(ZeroCopy):
    """A host such as macOS: a portability driver without descriptors."""

    def setUp(self):
        super().setUp()
        self.addCleanup(self.assert_nothing_refused)

    def assert_nothing_refused(self):
        """Asserts that the look-alike was asked for nothing it has not."""
        self.assert_no_line('lookalike: refused|is lost', self.vm.stderr)

    def test_vulkaninfo_names_an_integrated_gpu(self):
        self.assertIn('PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU',
                      self.assert_vulkaninfo())


class Swapchain:
    def test_swapchain_and_synchronization2(self):
        output = self.vm.console.check('vulkaninfo', 120)
        for name in ('VK_KHR_swapchain', 'VK_KHR_synchronization2',
                     'VK_EXT_external_memory_dma_buf',
                     'VK_EXT_image_drm_format_modifier'):
            self.assertRegex(output, rf'\s{name}\s')
        self.assertRegex(output, r'synchronization2 += true')

    def test_display_swapchain(self):
        # VK_KHR_display: the program's swapchain is the screen.
        self.program('vkdisplay --hold', 'vkdisplay: holding')
        self.assert_card()


class MemoryProperty(FunctionalTest):
    """venus-memory: what it answers on each kind of host."""

    group = 'venus-memory'

    def start(self, options, environ, expect):
        """Starts a device alone: who exports memory is what was expected."""
        with Vm(self.log_dir() / self.short_name, None, environ=environ,
                gpu=(f'{env.VENUS},id=gpu0{options}',)) as vm:
            self.assertEqual(vm.qmp.execute(
                'qom-get', path=f'{DEVICE}/virtio-backend',
                property='venus-memory-used'), expect)

    def refused(self, options, environ):
        """What QEMU says when it does not start."""
        done = subprocess.run(
            [str(env.QEMU), *MACHINE, '-nodefaults', '-display', 'none', '-S',
             '-device', env.VENUS + options], text=True, timeout=60,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, env=dict(os.environ, **environ),
            check=False)
        self.assertEqual(done.returncode, 1, done.stdout)
        return done.stdout

    def test_auto_takes_the_layer_on_lavapipe(self):
        self.start('', {}, 'shm')

    def test_driver_on_lavapipe(self):
        self.start(',venus-memory=driver', {}, 'driver')

    def test_shm_on_lavapipe(self):
        self.start(',venus-memory=shm', {}, 'shm')

    def test_auto_on_the_lookalike(self):
        self.start('', lookalike(self.log_dir()), 'shm')

    def test_driver_that_cannot(self):
        self.assertRegex(
            self.refused(',venus-memory=driver', lookalike(self.log_dir())),
            'venus-memory=driver, but the Vulkan driver cannot export memory')

    def test_layer_missing(self):
        none = {'VENUS_MEMORY_LAYER': '/nonexistent.json'}
        self.assertRegex(self.refused(',venus-memory=shm', none),
                         'shared-memory layer is not in /nonexistent.json')
        self.assertRegex(
            self.refused('', dict(lookalike(self.log_dir()), **none)),
            'cannot export memory, and the layer .* is not installed')

    def test_no_such_value(self):
        self.assertRegex(self.refused(',venus-memory=maybe', {}),
                         "venus-memory.*'?maybe")

    def test_rewritten_manifests_go_away(self):
        with tempfile.TemporaryDirectory() as folder:
            environ = dict(lookalike(self.log_dir()), TMPDIR=folder)
            with Vm(self.log_dir() / self.short_name, None,
                    environ=environ) as vm:
                files = list(Path(folder).glob('qemu-venus-*/*.json'))
                self.assertEqual(len(files), 1, 'no manifest was rewritten')
                self.assertNotIn('portability', files[0].read_text())
                vm.qmp.execute('quit')
                vm.wait_exit()
            self.assertEqual(list(Path(folder).iterdir()), [])
