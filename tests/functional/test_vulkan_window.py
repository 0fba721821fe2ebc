# SPDX-License-Identifier: GPL-2.0-or-later
"""-display sdl,vulkan=on: what is in the window, to the pixel."""

from harness.case import VmTest
from test_displays import Sdl


class SdlVulkan(Sdl):
    group = 'sdl-vulkan'
    options = ('-display', 'sdl,vulkan=on', '-trace', 'vulkan_*')


del Sdl, VmTest
