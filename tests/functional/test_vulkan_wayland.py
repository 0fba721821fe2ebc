# SPDX-License-Identifier: GPL-2.0-or-later
"""-display sdl,vulkan=on in a window of a Wayland compositor."""

import test_displays
import test_vulkan_window
from harness import picture
from harness.case import expected_card
from harness.wayland import WaylandServer


class SdlVulkanWayland(test_vulkan_window.Window):
    """As on X11; what the compositor does is asked for over its socket."""

    group = 'sdl-vulkan-wayland'
    time_limit = 1200
    check = ()          # its validated class has it all

    test_text_console = test_displays.Sdl.test_text_console
    test_vkspin_frame = test_displays.Sdl.test_vkspin_frame
    test_card_in_host3d_blob = test_displays.Sdl.test_card_in_host3d_blob
    test_resized_window_has_bars = \
        test_vulkan_window.SdlVulkan.test_resized_window_has_bars
    test_resized_window_scales = \
        test_vulkan_window.SdlVulkan.test_resized_window_scales
    test_guest_reboots = \
        test_vulkan_window.SdlVulkan.test_guest_reboots
    test_flips_of_blobs_are_copied_by_nobody = \
        test_vulkan_window.SdlVulkan.test_flips_of_blobs_are_copied_by_nobody
    test_flips_are_shown_at_once_and_once = \
        test_vulkan_window.SdlVulkan.test_flips_are_shown_at_once_and_once

    @classmethod
    def make_x(cls):
        return WaylandServer(cls.log_dir() / 'sway.log')

    def test_full_screen_and_back(self):
        self.hold_card('host3d', '--size 1280x720')
        card = expected_card((1280, 720))
        self.window_shows(card, 0)
        window = self.window()
        self.x.set_full_screen(window)
        self.window_shows(picture.letterboxed(card, self.x.size), 2)
        self.x.set_full_screen(window, False)
        self.window_shows(card, 0)

    def test_zz_quits(self):
        """Last: QEMU is gone then, as its window is closed."""
        self.program('flipbench --kind host3d --draw --fps 60 '
                     '--frames 100000', '').forget()
        self.x.close(self.window())
        self.assert_ends()


class SdlVulkanWaylandValidation(test_vulkan_window.Validated,
                                 SdlVulkanWayland):
    group = 'sdl-vulkan-wayland-validation'
    check = ('*',)
