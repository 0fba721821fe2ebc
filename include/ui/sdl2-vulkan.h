/*
 * The SDL display's windows through Vulkan
 *
 * What sdl2.c and sdl2-2d.c call.  Every function does nothing, and says so,
 * for a console whose windows are not Vulkan's: without vulkan=on, in a QEMU
 * built without Vulkan, or after Vulkan has failed.
 *
 * All of them on the main thread, under the BQL.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef UI_SDL2_VULKAN_H
#define UI_SDL2_VULKAN_H

#include "ui/console.h"

struct sdl2_console;

typedef struct SdlVulkan SdlVulkan;             /* one a display */
typedef struct SdlVulkanWindow SdlVulkanWindow; /* one a window */

/**
 * sdl2_vulkan_new - look for Vulkan if the user wants it
 * @opts: of the display
 * @errp: set when vulkan=on cannot be had
 *
 * Return: what the consoles' @vulkan points to until sdl2_vulkan_cleanup();
 * NULL without vulkan=on, and on failure.
 */
SdlVulkan *sdl2_vulkan_new(const DisplayOptions *opts, Error **errp);

/** sdl2_vulkan_window_flags - what SDL_CreateWindow() needs besides */
uint32_t sdl2_vulkan_window_flags(const struct sdl2_console *scon);

/**
 * sdl2_vulkan_window_init - show the console in its new window
 *
 * Return: whether it does; otherwise the window needs an SDL renderer.
 */
bool sdl2_vulkan_window_init(struct sdl2_console *scon);

/**
 * sdl2_vulkan_window_destroy - hide the window, and destroy it when Vulkan is
 * done with it
 */
void sdl2_vulkan_window_destroy(struct sdl2_console *scon);

/**
 * sdl2_vulkan_switch - show another surface, making the window if needed
 *
 * Return: whether that is done.
 */
bool sdl2_vulkan_switch(struct sdl2_console *scon, DisplaySurface *surface);

/**
 * sdl2_vulkan_update - a part of the surface changed (its pixels)
 *
 * Return: whether that is done.
 */
bool sdl2_vulkan_update(struct sdl2_console *scon, int x, int y, int w, int h);

/** sdl2_vulkan_refresh_begin - the device is going to be asked for a frame */
void sdl2_vulkan_refresh_begin(struct sdl2_console *scon);

/** sdl2_vulkan_refresh_end - it was asked; says how soon it will be again */
void sdl2_vulkan_refresh_end(struct sdl2_console *scon);

/**
 * sdl2_vulkan_map_mouse - find the pixel under the mouse between the bars
 * @wx: of the window, in its coordinates
 * @wy: of the window, in its coordinates
 * @x: pixel of the surface, left alone where there are no bars
 * @y: pixel of the surface, left alone where there are no bars
 */
void sdl2_vulkan_map_mouse(struct sdl2_console *scon, int wx, int wy,
                           int *x, int *y);

/** sdl2_vulkan_cleanup - end all windows before SDL ends; waits for Vulkan */
void sdl2_vulkan_cleanup(struct sdl2_console *consoles, int count);

#endif
