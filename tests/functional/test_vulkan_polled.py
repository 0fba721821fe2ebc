# SPDX-License-Identifier: GPL-2.0-or-later
"""-display sdl,vulkan=on for a device other than virtio-gpu."""

import test_vulkan_window
from harness import env, picture
from harness.vm import Vm


class SdlVulkanPolled(test_vulkan_window.Window):
    """A device that shows nothing unless it is asked: ramfb, of EDK2."""

    group = 'sdl-vulkan-polled'

    @classmethod
    def make_vm(cls):
        image = next(path for path in env.FIRMWARE if path.exists())
        return Vm(cls.log_dir(), None, gpu=('ramfb,id=gpu0',),
                  display=cls.options, extra=('-bios', str(image)),
                  environ=cls.x.environ)

    def setUp(self):
        cls = type(self)
        cls.vm = cls.make_vm()
        cls.vm.start()          # no guest whose shell would be waited for

    def test_screen_is_shown_at_its_rate(self):
        self.wait_until(lambda: any(
            f'interval {1000 // 60} ms' in line
            for line in self.events('console_refresh')), 'not at 60 Hz', 90)
        self.wait_until(lambda: picture.colours(self.vm.picture()) >= 16,
                        'EDK2 painted no logo', 90)
        self.window_shows(picture.stable(self.vm.picture), 0)
