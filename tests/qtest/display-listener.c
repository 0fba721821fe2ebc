/*
 * A display on the D-Bus interface of QEMU
 *
 * Speaks to QEMU over two connections without a bus: one to its display object,
 * and one on which QEMU calls the listener.  A filter answers those calls in
 * the connection's own thread, so that no main loop is needed.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include <gio/gio.h>
#include <gio/gunixfdlist.h>
#include "qemu/sockets.h"
#include "display-listener.h"

#define LISTENER "org.qemu.Display1.Listener"
#define TIMEOUT_MS 30000

struct DisplayListener {
    GDBusConnection *display;   /* ref; QEMU's object */
    GDBusConnection *calls;     /* owned; QEMU calls us */
    char *console;              /* owned; object path */

    GMutex lock;                /* the connection's thread writes */
    DisplayCursor cursor;
    DisplayCursor seen;         /* the copy that the test looks at */
};

bool display_listener_supported(char **why)
{
    *why = NULL;
    return true;
}

static void cursor_defined(DisplayCursor *c, GVariant *args)
{
    g_autoptr(GVariant) pixels = NULL;

    g_variant_get(args, "(iiii@ay)", &c->width, &c->height, &c->hot_x,
                  &c->hot_y, &pixels);
    g_clear_pointer(&c->pixels, g_bytes_unref);
    c->pixels = g_variant_get_data_as_bytes(pixels);
    c->num_defines++;
}

static void cursor_moved(DisplayCursor *c, GVariant *args)
{
    int on;

    g_variant_get(args, "(iii)", &c->x, &c->y, &on);
    c->on = on;
    c->num_moves++;
}

/* QEMU wants to know which further interfaces the listener has: none */
static GVariant *listener_properties(void)
{
    const char *const none[] = { NULL };
    GVariantBuilder b;

    g_variant_builder_init(&b, G_VARIANT_TYPE("a{sv}"));
    g_variant_builder_add(&b, "{sv}", "Interfaces",
                          g_variant_new_strv(none, 0));
    return g_variant_new("(a{sv})", &b);
}

static void listener_called(DisplayListener *l, GDBusMessage *call)
{
    const char *member = g_dbus_message_get_member(call);
    GVariant *args = g_dbus_message_get_body(call);

    if (g_str_equal(member, "CursorDefine")) {
        cursor_defined(&l->cursor, args);
    } else if (g_str_equal(member, "MouseSet")) {
        cursor_moved(&l->cursor, args);
    }
}

/* In the connection's thread; answers every call. */
static GDBusMessage *listener_filter(GDBusConnection *conn, GDBusMessage *msg,
                                     gboolean incoming, gpointer opaque)
{
    DisplayListener *l = opaque;
    g_autoptr(GDBusMessage) reply = NULL;
    const char *interface = g_dbus_message_get_interface(msg);

    if (!incoming || g_dbus_message_get_message_type(msg) !=
                     G_DBUS_MESSAGE_TYPE_METHOD_CALL) {
        return msg;
    }
    reply = g_dbus_message_new_method_reply(msg);
    if (!g_strcmp0(interface, LISTENER)) {
        g_mutex_lock(&l->lock);
        listener_called(l, msg);
        g_mutex_unlock(&l->lock);
    } else if (!g_strcmp0(g_dbus_message_get_member(msg), "GetAll")) {
        g_dbus_message_set_body(reply, listener_properties());
    }
    if (!(g_dbus_message_get_flags(msg) &
          G_DBUS_MESSAGE_FLAGS_NO_REPLY_EXPECTED)) {
        g_dbus_connection_send_message(conn, reply,
                                       G_DBUS_SEND_MESSAGE_FLAGS_NONE, NULL,
                                       NULL);
    }
    g_object_unref(msg);
    return NULL;
}

static GDBusConnection *connect_to_peer(int fd)
{
    g_autoptr(GError) err = NULL;
    g_autoptr(GSocket) socket = g_socket_new_from_fd(fd, &err);
    g_autoptr(GSocketConnection) stream = NULL;
    GDBusConnection *conn;

    g_assert_no_error(err);
    stream = g_socket_connection_factory_create_connection(socket);
    conn = g_dbus_connection_new_sync(
        G_IO_STREAM(stream), NULL,
        G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
        G_DBUS_CONNECTION_FLAGS_DELAY_MESSAGE_PROCESSING, NULL, NULL, &err);
    g_assert_no_error(err);
    return conn;
}

static GVariant *call(GDBusConnection *conn, const char *path,
                      const char *interface, const char *method,
                      GVariant *args, GUnixFDList *fds)
{
    g_autoptr(GError) err = NULL;
    GVariant *ret;

    ret = g_dbus_connection_call_with_unix_fd_list_sync(
        conn, NULL, path, interface, method, args, NULL,
        G_DBUS_CALL_FLAGS_NONE, TIMEOUT_MS, fds, NULL, NULL, &err);
    g_assert_no_error(err);
    return ret;
}

/* Has QEMU connect to @fd, which GUnixFDList duplicates */
static void register_listener(DisplayListener *l, int fd)
{
    g_autoptr(GUnixFDList) fds = g_unix_fd_list_new();
    g_autoptr(GVariant) ret = NULL;
    g_autoptr(GError) err = NULL;
    int handle = g_unix_fd_list_append(fds, fd, &err);

    g_assert_no_error(err);
    ret = call(l->display, l->console, "org.qemu.Display1.Console",
               "RegisterListener", g_variant_new("(h)", handle), fds);
}

/* @display: taken */
static DisplayListener *attach(GDBusConnection *display, int console)
{
    DisplayListener *l = g_new0(DisplayListener, 1);
    int pair[2];

    g_mutex_init(&l->lock);
    l->display = display;
    l->console = g_strdup_printf("/org/qemu/Display1/Console_%d", console);

    g_assert_cmpint(qemu_socketpair(AF_UNIX, SOCK_STREAM, 0, pair), ==, 0);
    register_listener(l, pair[1]);
    close(pair[1]);
    l->calls = connect_to_peer(pair[0]);
    g_dbus_connection_add_filter(l->calls, listener_filter, l, NULL);
    g_dbus_connection_start_message_processing(l->calls);
    return l;
}

DisplayListener *display_listener_new(QTestState *qts, int console)
{
    GDBusConnection *display;
    int pair[2];

    g_assert_cmpint(qemu_socketpair(AF_UNIX, SOCK_STREAM, 0, pair), ==, 0);
    qtest_qmp_add_client(qts, "@dbus-display", pair[1]);
    close(pair[1]);
    display = connect_to_peer(pair[0]);
    g_dbus_connection_start_message_processing(display);
    return attach(display, console);
}

DisplayListener *display_listener_new_beside(DisplayListener *first,
                                             int console)
{
    return attach(g_object_ref(first->display), console);
}

void display_listener_free(DisplayListener *l)
{
    if (!l) {
        return;
    }
    /* Once closed, the thread calls the filter no more. */
    g_dbus_connection_close_sync(l->calls, NULL, NULL);
    g_object_unref(l->calls);
    g_object_unref(l->display);
    g_clear_pointer(&l->cursor.pixels, g_bytes_unref);
    g_clear_pointer(&l->seen.pixels, g_bytes_unref);
    g_mutex_clear(&l->lock);
    g_free(l->console);
    g_free(l);
}

/*
 * QEMU's main loop answers the first call, so that what it was doing is done;
 * the answer of the second comes behind all that was sent on that connection.
 */
static void catch_up(DisplayListener *l)
{
    g_autoptr(GVariant) console = NULL;
    g_autoptr(GVariant) pong = NULL;

    console = call(l->display, l->console, "org.freedesktop.DBus.Properties",
                   "GetAll", g_variant_new("(s)", "org.qemu.Display1.Console"),
                   NULL);
    pong = call(l->calls, "/", "org.freedesktop.DBus.Peer", "Ping", NULL, NULL);
}

const DisplayCursor *display_listener_cursor(DisplayListener *l)
{
    catch_up(l);
    g_mutex_lock(&l->lock);
    g_clear_pointer(&l->seen.pixels, g_bytes_unref);
    l->seen = l->cursor;
    if (l->seen.pixels) {
        g_bytes_ref(l->seen.pixels);
    }
    g_mutex_unlock(&l->lock);
    return &l->seen;
}
