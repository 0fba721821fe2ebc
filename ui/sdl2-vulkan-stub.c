/*
 * The SDL display's windows through Vulkan, in a QEMU built without it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "ui/sdl2-vulkan.h"

SdlVulkan *sdl2_vulkan_new(const DisplayOptions *opts, Error **errp)
{
    return NULL;
}

uint32_t sdl2_vulkan_window_flags(const struct sdl2_console *scon)
{
    return 0;
}

bool sdl2_vulkan_window_init(struct sdl2_console *scon)
{
    return false;
}

void sdl2_vulkan_window_destroy(struct sdl2_console *scon)
{
}

bool sdl2_vulkan_switch(struct sdl2_console *scon, DisplaySurface *surface)
{
    return false;
}

bool sdl2_vulkan_update(struct sdl2_console *scon, int x, int y, int w, int h)
{
    return false;
}

void sdl2_vulkan_refresh_begin(struct sdl2_console *scon)
{
}

void sdl2_vulkan_refresh_end(struct sdl2_console *scon)
{
}

void sdl2_vulkan_map_mouse(struct sdl2_console *scon, int wx, int wy,
                           int *x, int *y)
{
}

void sdl2_vulkan_cleanup(struct sdl2_console *consoles, int count)
{
}
