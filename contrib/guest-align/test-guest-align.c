/*
 * Tests of guest-align.c against kernels that are played: Linux 7.2, which can
 * tell the host's granule and refuses sizes that are no multiples of it, and
 * Linux 6.12, which can do neither and maps whole blobs only.  Both hand out
 * the Venus capset, with and without the device's record of the granule.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <drm/virtgpu_drm.h>
#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "guest-align.h"

#define CHECK(what) check(what, #what, __LINE__)
#define BLOB DRM_IOCTL_VIRTGPU_RESOURCE_CREATE_BLOB

enum {
    FD_GPU = 1000,              /* virtio-gpu of a kernel that can tell */
    FD_GPU_NO_BIT,              /* the same, the host does not ask for it */
    FD_GPU_OLD,                 /* a kernel that cannot tell */
    FD_OTHER_GPU,               /* another DRM driver */
    FD_FILE,
    HOST_PAGE = 65536,
    PAGE = 4096,
    CAPSET_SIZE = 160,          /* of virglrenderer 1.1 to 1.3 */
    RECORD_PLACE = 1024,
};

/* What the device has behind the capset */
typedef struct TestRecord {
    uint32_t capset_size;       /* bytes, 0: there is no Venus */
    char magic[5];
    uint32_t version;
    uint32_t granule;
} TestRecord;

/* A played kernel, and what it was last asked for */
typedef struct TestKernel {
    GuestAlignKernel calls;
    const TestRecord *record;   /* NULL: the device has none */
    uint64_t blob_size;
    uint64_t mapped;            /* bytes that are mapped now */
    unsigned asked;             /* ioctls of any kind */
} TestKernel;

static void check(bool ok, const char *what, int line)
{
    if (!ok) {
        fprintf(stderr, "line %d: not true: %s\n", line, what);
        exit(1);
    }
}

static bool test_is_drm(void *opaque, int fd)
{
    (void)opaque;
    return fd != FD_FILE;
}

static int refuse(int error)
{
    errno = error;
    return -1;
}

/* As Linux does: copies the lesser of what is asked for and what there is */
static int test_get_caps(const TestRecord *record,
                         struct drm_virtgpu_get_caps *args)
{
    static const TestRecord none = { .capset_size = CAPSET_SIZE };
    uint32_t words[3], filled;
    char capset[2048];

    record = record ? record : &none;
    CHECK(args->cap_set_id == 4 && args->cap_set_ver == 0 && args->size);
    if (!record->capset_size) {
        return refuse(EINVAL);
    }
    memset(capset, 0, sizeof(capset));
    memset(capset, 0xff, CAPSET_SIZE);
    memcpy(words, record->magic, 4);
    words[1] = htole32(record->version);
    words[2] = htole32(record->granule);
    memcpy(capset + RECORD_PLACE, words, sizeof(words));
    filled = record->capset_size < args->size ? record->capset_size
                                              : args->size;
    memcpy((void *)(uintptr_t)args->addr, capset, filled);
    return 0;
}

static int test_ioctl(void *opaque, int fd, unsigned long request, void *arg)
{
    TestKernel *k = opaque;

    k->asked++;
    CHECK(fd != FD_FILE || (uint32_t)request == BLOB);
    if ((uint32_t)request == DRM_IOCTL_VERSION) {
        struct drm_version *version = arg;
        const char *name = fd == FD_OTHER_GPU ? "amdgpu" : "virtio_gpu";

        CHECK(version->name_len >= strlen(name));
        memcpy(version->name, name, strlen(name));
        version->name_len = strlen(name);
        return 0;
    }
    if ((uint32_t)request == DRM_IOCTL_VIRTGPU_GETPARAM) {
        struct drm_virtgpu_getparam *param = arg;

        CHECK(fd != FD_OTHER_GPU);
        CHECK(param->param == 9);
        if (fd != FD_GPU) {
            return refuse(fd == FD_GPU_OLD ? EINVAL : ENOENT);
        }
        *(uint32_t *)(uintptr_t)param->value = HOST_PAGE;
        return 0;
    }
    if ((uint32_t)request == DRM_IOCTL_VIRTGPU_GET_CAPS) {
        CHECK(fd == FD_GPU_OLD || fd == FD_GPU_NO_BIT);
        return test_get_caps(k->record, arg);
    }
    if ((uint32_t)request == BLOB) {
        struct drm_virtgpu_resource_create_blob *blob = arg;

        k->blob_size = blob->size;
        if (fd == FD_GPU && blob->size % HOST_PAGE) {
            return refuse(EINVAL);
        }
        blob->bo_handle = 5;
        blob->res_handle = 7;
        return 0;
    }
    return refuse(ENOTTY);
}

/* Linux 6.12: a blob of 4 pages of 16 KiB is mapped whole or not at all */
static void *test_mmap(void *opaque, void *addr, size_t length, int prot,
                       int flags, int fd, off_t offset)
{
    TestKernel *k = opaque;

    (void)addr, (void)prot, (void)flags;
    CHECK(offset == 0x1000);
    if (fd == FD_GPU_OLD && (length + PAGE - 1) / PAGE != 16) {
        errno = EINVAL;
        return MAP_FAILED;
    }
    k->mapped = length;
    return (void *)0x10000000;
}

static int test_munmap(void *opaque, void *addr, size_t length)
{
    TestKernel *k = opaque;

    /* Only ever the end of what was mapped */
    CHECK((uintptr_t)addr + length == 0x10000000 + k->mapped);
    k->mapped -= length;
    return 0;
}

static TestKernel kernel_new(size_t page, const char *wish)
{
    return (TestKernel) {
        .calls = {
            .is_drm = test_is_drm, .ioctl = test_ioctl, .mmap = test_mmap,
            .munmap = test_munmap, .page = page, .wish = wish,
        },
    };
}

static uint64_t recorded(int fd, size_t page, const TestRecord *record,
                         const char *wish)
{
    TestKernel k = kernel_new(page, wish);

    k.calls.opaque = &k;
    k.record = record;
    return guest_align_granule(&k.calls, fd);
}

static uint64_t granule(int fd, size_t page, const char *wish)
{
    return recorded(fd, page, NULL, wish);
}

static void test_granule(void)
{
    static const struct {
        const char *wish;
        uint64_t want;
    } wishes[] = {
        { "16K", 16384 }, { "16384", 16384 }, { "64k", 65536 },
        { "4K", 0 }, { "0", 0 }, { "", 0 }, { "off", 0 }, { "12K", 0 },
        { "128K", 0 }, { "16K ", 0 }, { "-1", 0 },
    };

    CHECK(granule(FD_GPU, PAGE, NULL) == HOST_PAGE);
    CHECK(granule(FD_GPU_NO_BIT, PAGE, NULL) == 0);
    CHECK(granule(FD_GPU_OLD, PAGE, NULL) == 16384);
    CHECK(granule(FD_OTHER_GPU, PAGE, NULL) == 0);
    CHECK(granule(FD_FILE, PAGE, NULL) == 0);
    /* A guest with such pages needs nothing */
    CHECK(granule(FD_GPU_OLD, 16384, NULL) == 0);
    CHECK(granule(FD_GPU, 16384, NULL) == HOST_PAGE);
    CHECK(granule(FD_GPU, 65536, NULL) == 0);
    for (size_t i = 0; i < sizeof(wishes) / sizeof(wishes[0]); i++) {
        CHECK(granule(FD_GPU_OLD, PAGE, wishes[i].wish) == wishes[i].want);
        CHECK(granule(FD_OTHER_GPU, PAGE, wishes[i].wish) == 0);
    }
    errno = 77;
    granule(FD_GPU_OLD, PAGE, NULL);
    CHECK(errno == 77);
}

/* What the device has left in its capset, and what comes of it on 6.12 */
static void test_record(void)
{
    enum { GUESS = 16384, FULL = RECORD_PLACE + 16 };
    static const struct {
        TestRecord record;
        uint64_t want;          /* GUESS: as without a record */
    } records[] = {
        { { FULL, "VGRN", 1, 4096 }, 0 },
        { { FULL, "VGRN", 1, 65536 }, 65536 },
        { { FULL, "VGRN", 1, 2097152 }, 2097152 },
        /* Fields that we do not know follow */
        { { FULL + 256, "VGRN", 7, 65536 }, 65536 },
        { { FULL, "VGRN", 0, 65536 }, GUESS },
        { { FULL, "NRGV", 1, 65536 }, GUESS },
        { { FULL, "", 1, 65536 }, GUESS },
        { { FULL, "VGRN", 1, 0 }, GUESS },
        { { FULL, "VGRN", 1, 12288 }, GUESS },
        { { CAPSET_SIZE, "VGRN", 1, 65536 }, GUESS },
        { { RECORD_PLACE + 8, "VGRN", 1, 65536 }, GUESS },
        { { 0, "VGRN", 1, 65536 }, GUESS },
    };
    const TestRecord *small = &records[0].record, *large = &records[1].record;

    for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++) {
        const TestRecord *record = &records[i].record;
        uint64_t want = records[i].want;

        CHECK(recorded(FD_GPU_OLD, PAGE, record, NULL) == want);
        /* A kernel that knows there is no feature does not guess. */
        CHECK(recorded(FD_GPU_NO_BIT, PAGE, record, NULL) ==
              (want == GUESS ? 0 : want));
    }
    /* The kernel's word counts more, and what the user says most. */
    CHECK(recorded(FD_GPU, PAGE, small, NULL) == HOST_PAGE);
    CHECK(recorded(FD_GPU_OLD, PAGE, small, "16K") == 16384);
    CHECK(recorded(FD_GPU_OLD, PAGE, large, "4K") == 0);
    CHECK(recorded(FD_GPU_OLD, HOST_PAGE, large, NULL) == 0);
    CHECK(recorded(FD_OTHER_GPU, PAGE, large, NULL) == 0);
}

/* Makes a blob of that many bytes; what the kernel was asked for */
static uint64_t blob(int fd, uint64_t size, int want)
{
    TestKernel k = kernel_new(PAGE, NULL);
    struct drm_virtgpu_resource_create_blob args = {
        .blob_mem = VIRTGPU_BLOB_MEM_HOST3D, .size = size, .blob_id = 3,
    };

    k.calls.opaque = &k;
    CHECK(guest_align_ioctl(&k.calls, fd, BLOB, &args) == want);
    CHECK(args.size == size);
    CHECK(args.blob_id == 3);
    CHECK(want || args.bo_handle == 5);
    CHECK(want || args.res_handle == 7);
    return k.blob_size;
}

static void test_blob(void)
{
    CHECK(blob(FD_GPU, 4096, 0) == HOST_PAGE);
    CHECK(blob(FD_GPU, HOST_PAGE, 0) == HOST_PAGE);
    CHECK(blob(FD_GPU, HOST_PAGE + 1, 0) == 2 * HOST_PAGE);
    CHECK(blob(FD_GPU_OLD, 135168, 0) == 147456);
    CHECK(blob(FD_GPU_NO_BIT, 135168, 0) == 135168);
    CHECK(blob(FD_OTHER_GPU, 135168, 0) == 135168);
    CHECK(blob(FD_FILE, 135168, 0) == 135168);
    /* Errors are the kernel's */
    CHECK(blob(FD_GPU, UINT64_MAX, -1) == UINT64_MAX);
    CHECK(errno == EINVAL);
    CHECK(blob(FD_GPU_OLD, 0, 0) == 0);
}

static void test_ioctl_number(void)
{
    struct drm_virtgpu_resource_create_blob args = { .size = 1 };
    TestKernel k = kernel_new(PAGE, NULL);

    k.calls.opaque = &k;
    CHECK(guest_align_ioctl(&k.calls, FD_GPU, DRM_IOCTL_GEM_CLOSE, NULL) == -1);
    CHECK(errno == ENOTTY);
    CHECK(k.asked == 1);
    /* As an int */
    CHECK(guest_align_ioctl(&k.calls, FD_GPU, (unsigned long)(int)BLOB,
                            &args) == 0);
    CHECK(k.blob_size == HOST_PAGE);
}

/* Bytes that are mapped afterwards; 0: it failed */
static uint64_t map(int fd, size_t length, int flags)
{
    TestKernel k = kernel_new(PAGE, NULL);
    void *ptr;

    k.calls.opaque = &k;
    ptr = guest_align_mmap(&k.calls, NULL, length, PROT_READ, flags, fd,
                           0x1000);
    CHECK(ptr != MAP_FAILED || (!k.mapped && errno == EINVAL));
    return k.mapped;
}

static void test_map(void)
{
    /* A kernel that maps parts */
    CHECK(map(FD_GPU, 53248, MAP_SHARED) == 53248);
    /* One that does not: as much stays mapped as was asked for, in pages */
    CHECK(map(FD_GPU_OLD, 53248, MAP_SHARED) == 53248);
    CHECK(map(FD_GPU_OLD, 53247, MAP_SHARED) == 53248);
    CHECK(map(FD_GPU_OLD, 65536, MAP_SHARED) == 65536);
    /* Nothing that would help, or that would do harm */
    CHECK(map(FD_GPU_OLD, 4096, MAP_SHARED) == 0);
    CHECK(map(FD_GPU_OLD, 53248, MAP_SHARED | MAP_FIXED) == 0);
    CHECK(map(FD_GPU_OLD, SIZE_MAX, MAP_SHARED) == 0);
}

int main(void)
{
    test_granule();
    test_record();
    test_blob();
    test_ioctl_number();
    test_map();
    return 0;
}
