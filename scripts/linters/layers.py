# SPDX-License-Identifier: GPL-2.0-or-later
"""Who may include whom."""
import re

from .repo import IN_QEMU, matches

VENUS = "hw/display/venus/"
PRESENTER = "ui/vulkan/"
# What stands higher in ui/vulkan may include what stands lower.
RANKS = {"presenter": 3, "swapchain": 2, "image": 2, "readback": 2,
         "device": 1}
GRAPHICS_API = r"vulkan/|EGL/|GL/|GLES|epoxy/|SDL"


def includes(repo, path):
    for line, found in matches(repo.text(path),
                               r"^\s*#\s*include\s*([<\"])([^>\"]+)[>\"]"):
        yield line, found.group(2)


def c_files(repo, *under):
    return repo.matching(".c", ".h", ".m", under=under or IN_QEMU)


def layer_device(repo):
    """hw/display/venus: of ui/ only console.h, scanout-*.h; no graphics API"""
    for path in c_files(repo, VENUS, "include/hw/"):
        for line, name in includes(repo, path):
            if re.match(GRAPHICS_API, name):
                yield path, line, f"the device includes <{name}>"
            if name.startswith("ui/") and name not in (
                    "ui/console.h", "ui/scanout-image.h",
                    "ui/scanout-readback.h"):
                yield path, line, f"the device includes \"{name}\""


def layer_presenter(repo):
    """ui/vulkan: never hw/, virtio or virglrenderer"""
    for path in c_files(repo, PRESENTER):
        for line, name in includes(repo, path):
            if name.startswith("hw/") or "virtio" in name or "virgl" in name:
                yield path, line, f"the presenter includes \"{name}\""


def layer_virglrenderer(repo):
    """<virglrenderer.h> in one .c"""
    users = [(path, line) for path in c_files(repo)
             for line, name in includes(repo, path)
             if name.endswith("virglrenderer.h")]
    for path, line in users:
        if path.endswith(".h"):
            yield path, line, "a header includes <virglrenderer.h>"
    for path, line in users[1:]:
        yield path, line, f"<virglrenderer.h> is for {users[0][0]} alone"


def layer_vulkan_header(repo):
    """<vulkan/*.h> through one header of ours"""
    users = [(path, line) for path in c_files(repo)
             for line, name in includes(repo, path)
             if name.startswith("vulkan/")]
    for path, line in users:
        if not path.endswith(".h") or path != users[0][0]:
            yield path, line, "<vulkan/...> belongs into one header of ours"


def layer_sdl(repo):
    """SDL only in ui/sdl2-vulkan.c"""
    for path in c_files(repo):
        for line, name in includes(repo, path):
            if re.search(r"\bSDL|ui/sdl2\.h", name) and \
                    path != "ui/sdl2-vulkan.c":
                yield path, line, f"only ui/sdl2-vulkan.c includes {name}"


def layer_order(repo):
    """ui/vulkan: presenter -> swapchain, image, readback -> device"""
    def rank(name):
        return RANKS.get(re.sub(r"\.[ch]$", "", name.split("/")[-1]))

    for path in c_files(repo, PRESENTER):
        for line, name in includes(repo, path):
            own, other = rank(path), rank(name)
            if own and other and other > own:
                yield path, line, f"{name} stands above this file"


def osdep_first(repo):
    """qemu/osdep.h is the first include of every .c and in no header"""
    for path in c_files(repo):
        names = list(includes(repo, path))
        where = [line for line, name in names if name == "qemu/osdep.h"]
        if path.endswith(".h") and where:
            yield path, where[0], "a header includes qemu/osdep.h"
        if path.endswith(".c") and names and names[0][1] != "qemu/osdep.h":
            yield path, names[0][0], "qemu/osdep.h is not the first include"


RULES = [layer_device, layer_presenter, layer_virglrenderer,
         layer_vulkan_header, layer_sdl, layer_order, osdep_first]
