/*
 * virtio-gpu Venus backend: start and end the render server
 *
 * Finds the program, gives it a socket and an environment, and reaps it.  Must
 * not know what is said on the socket.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include <sys/resource.h>
#include <sys/wait.h>
#include "qapi/error.h"
#include "qemu/cutils.h"
#include "qemu/error-report.h"
#include "qemu/lockable.h"
#include "qemu/main-loop.h"
#include "qemu/sockets.h"
#include "qemu/thread.h"
#include "process.h"
#include "server.h"
#include "trace.h"

#define VENUS_SERVER_NAME "virgl_render_server"
#define VENUS_SERVER_VARIABLE "RENDER_SERVER_EXEC_PATH"

/* Descriptors, where the hard limit is not a number that can be set. */
#define VENUS_SERVER_FILES 10240

/* A killed process that a driver holds in the kernel is left to a reaper. */
#define VENUS_SERVER_REAP_MS 1000

struct VenusServer {
    /* Constant after venus_server_new() */
    VenusProcessExit died;
    void *opaque;               /* for died */

    /* Main loop only (BQL) */
    char *path;                 /* owned */
    char **envp;                /* owned; NULL: QEMU's own */
    VenusProcess *watch;        /* owned; NULL: not running */

    /* lock; a leaf, nothing is taken while it is held */
    QemuMutex lock;
    pid_t pid;                  /* not reaped yet; 0: not running */
};

/* What the child needs between fork and exec. */
typedef struct VenusServerChild {
    int socket;
    pid_t parent;
} VenusServerChild;

/* A killed child that did not end at once. */
typedef struct VenusReaper {
    pid_t pid;
    VenusProcess *watch;        /* owned */
} VenusReaper;

/* Where packages put it, after QEMU's own folder of helper programs. */
static const char *const venus_server_places[] = {
    "/usr/libexec",
    "/usr/local/libexec",
    "/usr/lib/virglrenderer",
    "/opt/homebrew/libexec",
    "/opt/local/libexec",
};

static bool venus_server_is_program(const char *path)
{
    return g_file_test(path, G_FILE_TEST_IS_REGULAR) && access(path, X_OK) == 0;
}

static char *venus_server_search(GString *looked)
{
    g_autofree char *helpers = get_relocated_path(CONFIG_QEMU_HELPERDIR);

    for (int i = -1; i < (int)ARRAY_SIZE(venus_server_places); i++) {
        const char *dir = i < 0 ? helpers : venus_server_places[i];
        g_autofree char *path = g_build_filename(dir, VENUS_SERVER_NAME, NULL);

        if (venus_server_is_program(path)) {
            return g_steal_pointer(&path);
        }
        g_string_append_printf(looked, "%s%s", looked->len ? ", " : "", dir);
    }
    return NULL;
}

static char *venus_server_find(Error **errp)
{
    ERRP_GUARD();
    g_autoptr(GString) looked = g_string_new(NULL);
    const char *wanted = g_getenv(VENUS_SERVER_VARIABLE);
    char *path;

    if (!wanted || !wanted[0]) {
        path = venus_server_search(looked);
        if (path) {
            return path;
        }
        error_setg(errp, "render server '%s' not found in %s",
                   VENUS_SERVER_NAME, looked->str);
    } else if (venus_server_is_program(wanted)) {
        return g_strdup(wanted);
    } else {
        error_setg(errp, "render server '%s' (from %s) is not a program that "
                   "can be run", wanted, VENUS_SERVER_VARIABLE);
    }
    error_append_hint(errp, "Install virglrenderer's render server (Debian: "
                      "virgl-server) or set %s to its path.\n",
                      VENUS_SERVER_VARIABLE);
    return NULL;
}

/* In the child after fork: only async-signal-safe calls. */
static void venus_server_child_setup(gpointer opaque)
{
    const VenusServerChild *child = opaque;
    struct rlimit files;
    sigset_t none;
    int sig;

    venus_process_host_child_setup(child->parent);
    /* A group of its own: Ctrl-C is for QEMU, and one kill() ends them all. */
    setsid();
    /* Ignored and blocked signals would outlive exec. */
    for (sig = 1; sig < NSIG; sig++) {
        signal(sig, SIG_DFL);
    }
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    /* Every host-visible allocation of a guest can be a descriptor. */
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        if (setrlimit(RLIMIT_NOFILE, &files) < 0) {
            /* macOS has no limit to show, but OPEN_MAX is what it takes. */
            files.rlim_cur = VENUS_SERVER_FILES;
            setrlimit(RLIMIT_NOFILE, &files);
        }
    }
    /* Standard output may be a guest's console or QMP. */
    dup2(STDERR_FILENO, STDOUT_FILENO);
    fcntl(child->socket, F_SETFD, 0);
}

static bool venus_server_spawn(VenusServer *server, int socket, Error **errp)
{
    g_autofree char *number = g_strdup_printf("%d", socket);
    char *argv[] = { server->path, (char *)"--socket-fd", number, NULL };
    VenusServerChild child = { .socket = socket, .parent = getpid() };
    g_autoptr(GError) err = NULL;
    GPid pid;

    /* GLib closes all other descriptors: some come from QEMU's parent. */
    if (!g_spawn_async(NULL, argv, server->envp, G_SPAWN_DO_NOT_REAP_CHILD,
                       venus_server_child_setup, &child, &pid, &err)) {
        error_setg(errp, "render server '%s' could not be started: %s",
                   server->path, err->message);
        return false;
    }
    WITH_QEMU_LOCK_GUARD(&server->lock) {
        server->pid = pid;
    }
    trace_venus_server_start(server->path, pid);
    return true;
}

static bool venus_server_socketpair(int sv[2], Error **errp)
{
    if (qemu_socketpair(AF_UNIX, SOCK_SEQPACKET, 0, sv) == 0) {
        return true;
    }
    /* macOS has no SOCK_SEQPACKET here; servers made for it take a stream. */
    if ((errno == EPROTONOSUPPORT || errno == ESOCKTNOSUPPORT) &&
        qemu_socketpair(AF_UNIX, SOCK_STREAM, 0, sv) == 0) {
        return true;
    }
    error_setg_errno(errp, errno, "no socket for the render server");
    return false;
}

/*
 * Kill the server with its workers, and forget the process id before anyone
 * reaps it: until then the number cannot come to mean something else.
 */
static pid_t venus_server_take(VenusServer *server)
{
    pid_t pid;

    QEMU_LOCK_GUARD(&server->lock);
    pid = server->pid;
    server->pid = 0;
    if (pid) {
        kill(-pid, SIGKILL);
    }
    return pid;
}

static char *venus_server_describe(int status)
{
    if (WIFSIGNALED(status)) {
        return g_strdup_printf("signal %d", WTERMSIG(status));
    }
    return g_strdup_printf("exit status %d", WEXITSTATUS(status));
}

static void venus_server_exited(void *opaque)
{
    VenusServer *server = opaque;
    pid_t pid = venus_server_take(server);
    g_autofree char *how = NULL;
    int status = 0;

    venus_process_unwatch(g_steal_pointer(&server->watch));
    RETRY_ON_EINTR(waitpid(pid, &status, 0));
    trace_venus_server_exit(pid, status);
    how = venus_server_describe(status);
    warn_report("virtio-gpu: render server process %d ended (%s); "
                "Vulkan contexts are lost", (int)pid, how);
    server->died(server->opaque);
}

static void venus_reaper_exited(void *opaque)
{
    VenusReaper *reaper = opaque;

    waitpid(reaper->pid, NULL, WNOHANG);
    venus_process_unwatch(reaper->watch);
    g_free(reaper);
}

static void venus_server_reap(pid_t pid)
{
    VenusReaper *reaper;
    int status;

    for (int ms = 0; ms < VENUS_SERVER_REAP_MS; ms++) {
        pid_t ret = RETRY_ON_EINTR(waitpid(pid, &status, WNOHANG));

        if (ret) {
            trace_venus_server_exit(pid, ret < 0 ? -1 : status);
            return;
        }
        g_usleep(1000);
    }
    reaper = g_new0(VenusReaper, 1);
    reaper->pid = pid;
    reaper->watch = venus_process_watch(pid, venus_reaper_exited, reaper);
}

VenusServer *venus_server_new(VenusProcessExit died, void *opaque)
{
    VenusServer *server = g_new0(VenusServer, 1);

    server->died = died;
    server->opaque = opaque;
    qemu_mutex_init(&server->lock);
    return server;
}

void venus_server_free(VenusServer *server)
{
    if (!server) {
        return;
    }
    venus_server_stop(server);
    qemu_mutex_destroy(&server->lock);
    g_strfreev(server->envp);
    g_free(server->path);
    g_free(server);
}

int venus_server_start(VenusServer *server, Error **errp)
{
    int sv[2];
    bool ok;

    GLOBAL_STATE_CODE();
    assert(!server->watch);
    g_free(server->path);
    server->path = venus_server_find(errp);
    if (!server->path || !venus_server_socketpair(sv, errp)) {
        return -1;
    }
    ok = venus_server_spawn(server, sv[1], errp);
    close(sv[1]);
    if (!ok) {
        close(sv[0]);
        return -1;
    }
    server->watch = venus_process_watch(server->pid, venus_server_exited,
                                        server);
    return sv[0];
}

void venus_server_set_environment(VenusServer *server, char **envp)
{
    GLOBAL_STATE_CODE();
    g_strfreev(server->envp);
    server->envp = envp;
}

bool venus_server_running(const VenusServer *server)
{
    return server->watch != NULL;
}

void venus_server_stop(VenusServer *server)
{
    GLOBAL_STATE_CODE();
    if (!server->watch) {
        return;
    }
    venus_process_unwatch(g_steal_pointer(&server->watch));
    venus_server_reap(venus_server_take(server));
}

void venus_server_kill(VenusServer *server)
{
    QEMU_LOCK_GUARD(&server->lock);
    if (server->pid) {
        kill(-server->pid, SIGKILL);
    }
}

GArray *venus_server_workers(const VenusServer *server)
{
    GArray *pids = g_array_new(false, false, sizeof(pid_t));

    GLOBAL_STATE_CODE();
    if (server->watch) {
        venus_process_host_children(venus_process_pid(server->watch), pids);
    }
    return pids;
}

pid_t venus_server_new_worker(const VenusServer *server, const GArray *before)
{
    g_autoptr(GArray) now = venus_server_workers(server);

    for (guint i = 0; i < now->len; i++) {
        pid_t pid = g_array_index(now, pid_t, i);
        bool is_old = false;

        for (guint j = 0; j < before->len && !is_old; j++) {
            is_old = g_array_index(before, pid_t, j) == pid;
        }
        if (!is_old) {
            return pid;
        }
    }
    return 0;
}

const char *venus_server_path(const VenusServer *server)
{
    return server->path;
}
