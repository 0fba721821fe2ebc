/*
 * A program that the library is preloaded into: what has nothing to do with
 * virtio-gpu goes on as ever.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define CHECK(what) check(what, #what, __LINE__)

static void check(int ok, const char *what, int line)
{
    if (!ok) {
        fprintf(stderr, "line %d: not true: %s\n", line, what);
        exit(1);
    }
}

static int is_ours(const char *symbol)
{
    Dl_info info;
    void *address = dlsym(RTLD_DEFAULT, symbol);

    return address && dladdr(address, &info) &&
           strstr(info.dli_fname, "libvenus-guest-align");
}

int main(void)
{
    FILE *file = tmpfile();
    int pipe_fds[2], waiting = 0;
    char *ptr;

    CHECK(is_ours("ioctl"));
    CHECK(is_ours("mmap"));
    CHECK(is_ours("mmap64"));

    CHECK(file && fwrite("hello", 1, 5, file) == 5 && !fflush(file));
    ptr = mmap(NULL, 5, PROT_READ, MAP_SHARED, fileno(file), 0);
    CHECK(ptr != MAP_FAILED && !memcmp(ptr, "hello", 6));
    CHECK(!munmap(ptr, 5));
    CHECK(mmap(NULL, 5, PROT_READ, MAP_SHARED, fileno(file), 1) == MAP_FAILED);
    CHECK(errno == EINVAL);

    CHECK(!pipe(pipe_fds) && write(pipe_fds[1], "abc", 3) == 3);
    CHECK(!ioctl(pipe_fds[0], FIONREAD, &waiting) && waiting == 3);
    CHECK(ioctl(-1, FIONREAD, &waiting) == -1 && errno == EBADF);
    return 0;
}
