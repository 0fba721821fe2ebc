/*
 * The SDL display's windows through Vulkan
 *
 * SDL makes the window and the surface, ui/vulkan shows pictures on it from a
 * thread of its own.  A window is destroyed only when that thread is done with
 * it, and until then belongs to nobody's console.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/error-report.h"
#include "qemu/main-loop.h"
#include "system/runstate-action.h"
#include "system/runstate.h"
#include "system/system.h"
#include "ui/sdl2.h"
#include "ui/vulkan/draw.h"
#include "ui/vulkan/presenter.h"

/* After Vulkan's header, so that SDL makes no types of its own. */
#include <SDL_vulkan.h>

#define MAX_EXTENSIONS 8

/* Main loop only (BQL) */
struct SdlVulkan {
    VulkanInstance *instance;   /* owned */
    VulkanPresenterConfig config;
    GPtrArray *windows;         /* SdlVulkanWindow, owned: all there are */
    bool has_failed;            /* new windows go without */
    Notifier shutdown;
};

/* Main loop only (BQL) */
struct SdlVulkanWindow {
    SdlVulkan *display;         /* borrowed, outlives the window */
    struct sdl2_console *scon;  /* borrowed; NULL: the console has let go */
    SDL_Window *window;         /* the console's; owned once it has let go */
    VulkanPresenter *presenter; /* owned; NULL once QEMU ends */
    QEMUBH *lost_bh;            /* owned, with it; it schedules both */
    QEMUBH *stopped_bh;
    bool is_switched;           /* and the new picture not yet updated */
    bool is_refreshing;         /* the device is asked for a frame */
    int64_t last_asked;         /* and had one then, g_get_monotonic_time() */
    bool hurries;               /* frames are asked for at the screen's rate */
};

/* How long a device that shows frames when asked (VGA) is asked often for it */
#define BUSY_US G_TIME_SPAN_SECOND

static bool sdl_vulkan_is_used(const struct sdl2_console *scon)
{
    return scon->vulkan_window || (scon->vulkan && !scon->vulkan->has_failed);
}

static const char *sdl_vulkan_why(void)
{
    const char *why = SDL_GetError();

    return *why ? why : "no reason given";
}

/* The window keeps its last picture.  Waits for the device. */
static void sdl_vulkan_window_end(SdlVulkanWindow *w)
{
    if (w->presenter) {
        vulkan_presenter_free(w->presenter);
        qemu_bh_delete(w->lost_bh);
        qemu_bh_delete(w->stopped_bh);
        w->presenter = NULL;
    }
}

static void sdl_vulkan_window_free(void *opaque)
{
    SdlVulkanWindow *w = opaque;

    sdl_vulkan_window_end(w);
    if (!w->scon) {
        SDL_DestroyWindow(w->window);
    }
    g_free(w);
}

/* The instance, with the extensions that windows of @probe's kind need */
static VulkanInstance *sdl_vulkan_load(SDL_Window *probe, Error **errp)
{
    const char *names[MAX_EXTENSIONS];
    unsigned count = MAX_EXTENSIONS;
    VulkanInstance *instance;

    if (!SDL_Vulkan_GetInstanceExtensions(probe, &count, names)) {
        error_setg(errp, "vulkan=on: SDL cannot show Vulkan on '%s': %s",
                   SDL_GetCurrentVideoDriver(), sdl_vulkan_why());
        return NULL;
    }
    instance = vulkan_instance_new(SDL_Vulkan_GetVkGetInstanceProcAddr(),
                                   names, count, errp);
    if (!instance) {
        error_prepend(errp, "vulkan=on: ");
    }
    return instance;
}

static VkPresentModeKHR sdl_vulkan_mode(const DisplaySDL *sdl)
{
    switch (sdl->has_present_mode ? sdl->present_mode :
                                    DISPLAY_PRESENT_MODE_MAILBOX) {
    case DISPLAY_PRESENT_MODE_MAILBOX:
        return VK_PRESENT_MODE_MAILBOX_KHR;
    case DISPLAY_PRESENT_MODE_IMMEDIATE:
        return VK_PRESENT_MODE_IMMEDIATE_KHR;
    default:
        return VK_PRESENT_MODE_FIFO_KHR;
    }
}

static VulkanImport sdl_vulkan_import(const DisplaySDL *sdl)
{
    switch (sdl->has_vulkan_import ? sdl->vulkan_import :
                                     DISPLAY_VULKAN_IMPORT_AUTO) {
    case DISPLAY_VULKAN_IMPORT_HOST_POINTER:
        return VULKAN_IMPORT_HOST;
    case DISPLAY_VULKAN_IMPORT_UPLOAD:
        return VULKAN_IMPORT_UPLOAD;
    default:
        return VULKAN_IMPORT_DMABUF;
    }
}

/* Options that would be without effect are mistakes. */
static bool sdl_vulkan_wanted(const DisplayOptions *opts, Error **errp)
{
    const DisplaySDL *sdl = &opts->u.sdl;

    if (!sdl->has_vulkan || !sdl->vulkan) {
        if (sdl->has_present_mode || sdl->has_vulkan_import) {
            error_setg(errp, "present-mode and vulkan-import need vulkan=on");
        }
        return false;
    }
    if (opts->has_gl && opts->gl != DISPLAY_GL_MODE_OFF) {
        error_setg(errp, "vulkan=on and gl=%s exclude each other",
                   DisplayGLMode_str(opts->gl));
        return false;
    }
    return true;
}

/*
 * QEMU ends: Vulkan goes first, because drivers and layers tear down what they
 * have in exit handlers of their own, which come before SDL's.
 */
static void sdl_vulkan_shutdown(Notifier *notifier, void *data)
{
    SdlVulkan *display = container_of(notifier, SdlVulkan, shutdown);
    guint i;

    if (shutdown_action == SHUTDOWN_ACTION_PAUSE) {
        return;
    }
    for (i = 0; i < display->windows->len; i++) {
        sdl_vulkan_window_end(g_ptr_array_index(display->windows, i));
    }
    vulkan_instance_free(display->instance);
    display->instance = NULL;
    display->has_failed = true;
}

SdlVulkan *sdl2_vulkan_new(const DisplayOptions *opts, Error **errp)
{
    ERRP_GUARD();
    SDL_Window *probe;
    SdlVulkan *display;
    VulkanInstance *instance;

    if (!sdl_vulkan_wanted(opts, errp)) {
        return NULL;
    }
    if (SDL_Vulkan_LoadLibrary(NULL)) {
        error_setg(errp, "vulkan=on: SDL cannot load Vulkan: %s",
                   sdl_vulkan_why());
        error_append_hint(errp, "It takes the Vulkan loader (libvulkan1 on "
                          "Debian) and a driver for this display.\n");
        return NULL;
    }
    /* Older SDL wants a window to say which extensions it needs. */
    probe = SDL_CreateWindow("", 0, 0, 1, 1,
                             SDL_WINDOW_HIDDEN | SDL_WINDOW_VULKAN);
    if (!probe) {
        error_setg(errp, "vulkan=on: no window for Vulkan: %s",
                   sdl_vulkan_why());
        return NULL;
    }
    instance = sdl_vulkan_load(probe, errp);
    SDL_DestroyWindow(probe);
    if (!instance) {
        return NULL;
    }

    display = g_new0(SdlVulkan, 1);
    display->instance = instance;
    display->config.mode = sdl_vulkan_mode(&opts->u.sdl);
    display->config.import = sdl_vulkan_import(&opts->u.sdl);
    display->windows =
        g_ptr_array_new_with_free_func(sdl_vulkan_window_free);
    display->shutdown.notify = sdl_vulkan_shutdown;
    qemu_register_shutdown_notifier(&display->shutdown);
    return display;
}

uint32_t sdl2_vulkan_window_flags(const struct sdl2_console *scon)
{
    return sdl_vulkan_is_used(scon) ?
           SDL_WINDOW_VULKAN | SDL_WINDOW_ALLOW_HIGHDPI : 0;
}

static VkSurfaceKHR sdl_vulkan_surface(SdlVulkanWindow *w)
{
    VkSurfaceKHR surface = VK_NULL_HANDLE;

    if (!SDL_Vulkan_CreateSurface(w->window, w->display->instance->handle,
                                  &surface)) {
        return VK_NULL_HANDLE;
    }
    return surface;
}

static bool sdl_vulkan_is_seen(const SdlVulkanWindow *w)
{
    return !(SDL_GetWindowFlags(w->window) &
             (SDL_WINDOW_HIDDEN | SDL_WINDOW_MINIMIZED));
}

static void sdl_vulkan_tell_size(SdlVulkanWindow *w)
{
    int width = 0;
    int height = 0;

    if (sdl_vulkan_is_seen(w)) {
        SDL_Vulkan_GetDrawableSize(w->window, &width, &height);
    }
    vulkan_presenter_resize(w->presenter, width, height);
}

/* The console has no Vulkan window from now on. */
static void sdl_vulkan_let_go(SdlVulkanWindow *w)
{
    struct sdl2_console *scon = w->scon;

    SDL_HideWindow(w->window);
    w->scon = NULL;
    scon->real_window = NULL;
    scon->vulkan_window = NULL;
    scon->dcl.uses_scanout_image = false;
    scon->dcl.wants_flips = false;
}

/* Vulkan has failed for this window: SDL's renderer takes over. */
static void sdl_vulkan_fall_back(SdlVulkanWindow *w, const char *why)
{
    struct sdl2_console *scon = w->scon;

    warn_report("vulkan: %s; this window goes on without it", why);
    sdl_vulkan_let_go(w);
    w->display->has_failed = true;
    sdl2_2d_switch(&scon->dcl, scon->surface);
}

/* The surface is gone, the window is still there: have another one made. */
static void sdl_vulkan_lost_bh(void *opaque)
{
    SdlVulkanWindow *w = opaque;
    VkSurfaceKHR surface;

    if (!w->scon) {
        return;
    }
    surface = sdl_vulkan_surface(w);
    if (surface != VK_NULL_HANDLE) {
        vulkan_presenter_set_surface(w->presenter, surface);
        return;
    }
    vulkan_presenter_stop(w->presenter);
    sdl_vulkan_fall_back(w, sdl_vulkan_why());
}

static void sdl_vulkan_stopped_bh(void *opaque)
{
    SdlVulkanWindow *w = opaque;

    if (w->scon) {
        sdl_vulkan_fall_back(w, vulkan_presenter_error(w->presenter));
    }
    g_ptr_array_remove(w->display->windows, w);
}

/* VulkanPresenterOps: the presenter's thread; both only schedule. */
static void sdl_vulkan_surface_lost_cb(void *opaque)
{
    SdlVulkanWindow *w = opaque;

    qemu_bh_schedule(w->lost_bh);
}

static void sdl_vulkan_stopped_cb(void *opaque)
{
    SdlVulkanWindow *w = opaque;

    qemu_bh_schedule(w->stopped_bh);
}

static const VulkanPresenterOps sdl_vulkan_ops = {
    .surface_lost = sdl_vulkan_surface_lost_cb,
    .stopped = sdl_vulkan_stopped_cb,
};

bool sdl2_vulkan_window_init(struct sdl2_console *scon)
{
    SdlVulkan *display = scon->vulkan;
    SdlVulkanWindow *w;
    VkSurfaceKHR surface;

    assert(bql_locked());
    if (!sdl_vulkan_is_used(scon) || !scon->real_window) {
        return false;
    }
    w = g_new0(SdlVulkanWindow, 1);
    w->display = display;
    w->window = scon->real_window;
    surface = sdl_vulkan_surface(w);
    if (surface == VK_NULL_HANDLE) {
        warn_report("vulkan: no surface for a window: %s; it goes on without",
                    sdl_vulkan_why());
        display->has_failed = true;
        g_free(w);
        return false;
    }
    w->scon = scon;
    w->lost_bh = qemu_bh_new(sdl_vulkan_lost_bh, w);
    w->stopped_bh = qemu_bh_new(sdl_vulkan_stopped_bh, w);
    w->presenter = vulkan_presenter_new(display->instance, surface,
                                        &display->config, &sdl_vulkan_ops, w);
    g_ptr_array_add(display->windows, w);
    scon->vulkan_window = w;
    scon->dcl.uses_scanout_image = true;
    scon->dcl.wants_flips = true;
    return true;
}

void sdl2_vulkan_window_destroy(struct sdl2_console *scon)
{
    SdlVulkanWindow *w = scon->vulkan_window;

    if (w) {
        sdl_vulkan_let_go(w);
        if (w->presenter) {
            vulkan_presenter_stop(w->presenter);
        }
    }
}

static void sdl_vulkan_need_window(struct sdl2_console *scon,
                                   DisplaySurface *old)
{
    DisplaySurface *surface = scon->surface;

    if (!scon->real_window) {
        sdl2_window_create(scon);
    } else if (old && (surface_width(old) != surface_width(surface) ||
                       surface_height(old) != surface_height(surface))) {
        sdl2_window_resize(scon);
    }
}

bool sdl2_vulkan_switch(struct sdl2_console *scon, DisplaySurface *surface)
{
    g_autoptr(VulkanFrame) frame = NULL;
    DisplaySurface *old = scon->surface;

    assert(bql_locked());
    if (!sdl_vulkan_is_used(scon)) {
        return false;
    }
    scon->surface = surface;
    if (surface_is_placeholder(surface) &&
        qemu_console_get_index(scon->dcl.con)) {
        sdl2_window_destroy(scon);
        return true;
    }
    sdl_vulkan_need_window(scon, old);
    if (!scon->vulkan_window) {
        return false;
    }
    if (!scon->vulkan_window->presenter) {
        return true;
    }
    frame = vulkan_frame_new(surface);
    vulkan_presenter_set_frame(scon->vulkan_window->presenter, frame);
    scon->vulkan_window->is_switched = true;
    return true;
}

bool sdl2_vulkan_update(struct sdl2_console *scon, int x, int y, int w, int h)
{
    SdlVulkanWindow *window = scon->vulkan_window;

    assert(bql_locked());
    if (!sdl_vulkan_is_used(scon)) {
        return false;
    }
    if (window && window->presenter) {
        window->is_switched = false;
        if (window->is_refreshing) {
            window->last_asked = g_get_monotonic_time();
        }
        sdl_vulkan_tell_size(window);
        vulkan_presenter_damage(window->presenter, x, y, w, h);
    }
    return true;
}

void sdl2_vulkan_refresh_begin(struct sdl2_console *scon)
{
    if (scon->vulkan_window) {
        scon->vulkan_window->is_refreshing = true;
    }
}

void sdl2_vulkan_refresh_end(struct sdl2_console *scon)
{
    SdlVulkanWindow *w = scon->vulkan_window;
    SDL_DisplayMode mode;
    uint64_t interval;

    if (!w) {
        return;
    }
    w->is_refreshing = false;
    if (w->is_switched) {
        sdl2_vulkan_update(scon, 0, 0, surface_width(scon->surface),
                           surface_height(scon->surface));
    }
    scon->dcl.wants_flips = sdl_vulkan_is_seen(w);
    if (!scon->dcl.wants_flips ||
        g_get_monotonic_time() - w->last_asked > BUSY_US) {
        if (w->hurries) {
            w->hurries = false;
            /* For windows that are minimised it is longer already. */
            scon->dcl.update_interval = MAX(scon->dcl.update_interval,
                                            GUI_REFRESH_INTERVAL_DEFAULT);
        }
        return;
    }
    if (SDL_GetWindowDisplayMode(w->window, &mode) || mode.refresh_rate <= 0) {
        mode.refresh_rate = 60;
    }
    interval = MAX(1000 / mode.refresh_rate, 1);
    scon->dcl.update_interval = MIN(scon->dcl.update_interval, interval);
    w->hurries = true;
}

void sdl2_vulkan_map_mouse(struct sdl2_console *scon, int wx, int wy,
                           int *x, int *y)
{
    int width, height;
    VkOffset2D pixel;

    if (!scon->vulkan_window) {
        return;
    }
    SDL_GetWindowSize(scon->real_window, &width, &height);
    if (width > 0 && height > 0) {
        pixel = vulkan_draw_pixel_at(surface_width(scon->surface),
                                     surface_height(scon->surface),
                                     (VkExtent2D) { width, height }, wx, wy);
        *x = pixel.x;
        *y = pixel.y;
    }
}

void sdl2_vulkan_cleanup(struct sdl2_console *consoles, int count)
{
    SdlVulkan *display = count ? consoles[0].vulkan : NULL;
    int i;

    for (i = 0; i < count; i++) {
        sdl2_vulkan_window_destroy(&consoles[i]);
        consoles[i].vulkan = NULL;
    }
    if (!display) {
        return;
    }
    g_ptr_array_free(display->windows, true);
    vulkan_instance_free(display->instance);
    SDL_Vulkan_UnloadLibrary();
    g_free(display);
}
