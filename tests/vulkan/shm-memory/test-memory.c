/*
 * Tests of the shared-memory layer: memory
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

static void test_extensions(Gpu *gpu)
{
    static const char *const names[] = {
        VK_KHR_EXTERNAL_MEMORY_FD_EXTENSION_NAME,
        VK_EXT_EXTERNAL_MEMORY_DMA_BUF_EXTENSION_NAME,
        VK_KHR_EXTERNAL_SEMAPHORE_FD_EXTENSION_NAME,
        VK_KHR_EXTERNAL_FENCE_FD_EXTENSION_NAME,
        VK_EXT_IMAGE_DRM_FORMAT_MODIFIER_EXTENSION_NAME,
        VK_EXT_QUEUE_FAMILY_FOREIGN_EXTENSION_NAME,
    };
    uint32_t count = 0, few = 3;
    VkExtensionProperties *list;

    vkEnumerateDeviceExtensionProperties(gpu->physical, NULL, &count, NULL);
    list = calloc(count, sizeof(*list));
    CHECK_RESULT(vkEnumerateDeviceExtensionProperties(gpu->physical, NULL, &few,
                                                      list), VK_INCOMPLETE);
    CHECK(few == 3);
    CHECK_RESULT(vkEnumerateDeviceExtensionProperties(gpu->physical, NULL,
                                                      &count, list),
                 VK_SUCCESS);
    for (size_t i = 0; i < COUNT(names); i++) {
        unsigned found = 0;

        for (uint32_t j = 0; j < count; j++) {
            found += !strcmp(list[j].extensionName, names[i]);
        }
        CHECK(found == 1);
    }
    free(list);
}

static void test_sizes(Gpu *gpu)
{
    static const VkDeviceSize sizes[] = {
        1, 4095, 4096, 16384, GRANULE - 1, GRANULE, GRANULE + 1, 1 << 20,
    };

    for (size_t i = 0; i < COUNT(sizes); i++) {
        VkDeviceSize whole = (sizes[i] + GRANULE - 1) / GRANULE * GRANULE;
        VkDeviceMemory memory;
        int fd = -1;

        if (!CHECK_RESULT(gpu_export(gpu, sizes[i], &memory), VK_SUCCESS)) {
            continue;
        }
        CHECK_RESULT(gpu_fd(gpu, memory, &fd), VK_SUCCESS);
        CHECK(lseek(fd, 0, SEEK_END) == (off_t)whole);
        CHECK(fcntl(fd, F_GETFD) == FD_CLOEXEC);
        CHECK(ftruncate(fd, 0) < 0);
        CHECK(ftruncate(fd, whole * 2) < 0);
        close(fd);
        vkFreeMemory(gpu->device, memory, NULL);
    }
}

static void fill(uint32_t *words, size_t count, uint32_t seed)
{
    for (size_t i = 0; i < count; i++) {
        words[i] = (uint32_t)i * 2654435761u + seed;
    }
}

static bool holds(const uint32_t *words, size_t count, uint32_t seed)
{
    for (size_t i = 0; i < count; i++) {
        if (words[i] != (uint32_t)i * 2654435761u + seed) {
            return false;
        }
    }
    return true;
}

enum { WORDS = 3 * GRANULE / 4, ASKED = 1, ANSWERED = 2 };

int other_process(int fd)
{
    VkDeviceMemory memory;
    void *map;
    Gpu gpu;
    int rc = 3;

    gpu_open(&gpu);
    if (gpu_import(&gpu, WORDS * 4, fd, &memory) != VK_SUCCESS ||
        vkMapMemory(gpu.device, memory, 0, VK_WHOLE_SIZE, 0, &map)) {
        return 2;
    }
    if (holds(map, WORDS, ASKED)) {
        fill(map, WORDS, ANSWERED);
        rc = 0;
    }
    vkFreeMemory(gpu.device, memory, NULL);
    gpu_close(&gpu);
    return rc;
}

static void test_two_processes(Gpu *gpu)
{
    VkDeviceMemory memory;
    int fd = -1, status = -1;
    char number[16];
    void *map = NULL;
    pid_t pid;

    CHECK_RESULT(gpu_export(gpu, WORDS * 4, &memory), VK_SUCCESS);
    CHECK_RESULT(vkMapMemory(gpu->device, memory, 0, VK_WHOLE_SIZE, 0, &map),
                 VK_SUCCESS);
    CHECK_RESULT(gpu_fd(gpu, memory, &fd), VK_SUCCESS);
    fill(map, WORDS, ASKED);
    fcntl(fd, F_SETFD, 0);
    snprintf(number, sizeof(number), "%d", fd);
    fflush(stdout);
    pid = fork();
    if (!pid) {
        dup2(STDERR_FILENO, STDOUT_FILENO);
        execl("/proc/self/exe", "other", number, NULL);
        _exit(9);
    }
    waitpid(pid, &status, 0);
    CHECK(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 0);
    CHECK(holds(map, WORDS, ANSWERED));
    close(fd);
    vkFreeMemory(gpu->device, memory, NULL);
}

/* A memfd of @size bytes with these seals */
static int memfd(off_t size, int seals)
{
    int fd = memfd_create("test", MFD_ALLOW_SEALING | MFD_CLOEXEC);

    if (ftruncate(fd, size) < 0 || (seals && fcntl(fd, F_ADD_SEALS, seals))) {
        close(fd);
        return -1;
    }
    return fd;
}

static int read_only_memfd(void)
{
    char path[64];
    int fd = memfd(GRANULE, F_SEAL_SHRINK), ro;

    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    ro = open(path, O_RDONLY | O_CLOEXEC);
    close(fd);
    return ro;
}

static int pipe_end(void)
{
    int fds[2];

    if (pipe(fds)) {
        return -1;
    }
    close(fds[1]);
    return fds[0];
}

static int disk_file(void)
{
    FILE *f = tmpfile();
    int fd = f ? dup(fileno(f)) : -1;

    if (f) {
        fclose(f);
    }
    return ftruncate(fd, GRANULE) ? -1 : fd;
}

static void test_hostile_handles(Gpu *gpu)
{
    const struct {
        const char *what;
        int fd;
    } handles[] = {
        { "too short", memfd(GRANULE - 1, F_SEAL_SHRINK) },
        { "empty", memfd(0, 0) },
        { "cannot be sealed", memfd(GRANULE, F_SEAL_SEAL) },
        { "sealed against writing", memfd(GRANULE, F_SEAL_WRITE) },
        { "read-only", read_only_memfd() },
        { "a pipe", pipe_end() },
        { "a file", disk_file() },
        { "a folder", open("/", O_RDONLY | O_CLOEXEC) },
        { "a device", open("/dev/null", O_RDWR | O_CLOEXEC) },
        { "nothing", -1 },
        { "no such descriptor", 987654 },
    };

    for (size_t i = 0; i < COUNT(handles); i++) {
        bool exists = i < COUNT(handles) - 2;
        VkDeviceMemory memory;
        VkResult res;

        if (exists && !CHECK(handles[i].fd >= 0)) {
            printf("# %s: not made\n", handles[i].what);
            continue;
        }
        res = gpu_import(gpu, GRANULE, handles[i].fd, &memory);
        if (!CHECK(res < 0)) {
            printf("# %s was taken\n", handles[i].what);
            vkFreeMemory(gpu->device, memory, NULL);
        } else if (exists) {
            /* Refused: it is still ours. */
            CHECK(fcntl(handles[i].fd, F_GETFD) >= 0);
            close(handles[i].fd);
        }
    }
}

static void *no_memory(void *opaque, size_t size, size_t alignment,
                       VkSystemAllocationScope scope)
{
    (void)opaque, (void)size, (void)alignment, (void)scope;
    return NULL;
}

static void *no_more_memory(void *opaque, void *old, size_t size,
                            size_t alignment, VkSystemAllocationScope scope)
{
    (void)old;
    return no_memory(opaque, size, alignment, scope);
}

static void no_free(void *opaque, void *memory)
{
    (void)opaque, (void)memory;
}

/*
 * The layer likes it, the driver does not: what was to be imported stays ours
 * and can be imported again, what was to be exported is gone.
 */
static void test_driver_refuses(Gpu *gpu)
{
    static const VkAllocationCallbacks none = {
        .pfnAllocation = no_memory,
        .pfnReallocation = no_more_memory,
        .pfnFree = no_free,
    };
    unsigned before = open_descriptors();
    int fd = memfd(GRANULE, F_SEAL_SHRINK);
    const uint32_t word = 0x600df00d;
    VkDeviceMemory memory;
    void *map = NULL;

    CHECK(pwrite(fd, &word, sizeof(word), 0) == sizeof(word));
    gpu->alloc = &none;
    CHECK_RESULT(gpu_export(gpu, GRANULE, &memory),
                 VK_ERROR_OUT_OF_HOST_MEMORY);
    CHECK(open_descriptors() == before + 1);
    CHECK_RESULT(gpu_import(gpu, GRANULE, fd, &memory),
                 VK_ERROR_OUT_OF_HOST_MEMORY);
    CHECK(open_descriptors() == before + 1);
    CHECK(fcntl(fd, F_GETFD) >= 0);
    gpu->alloc = NULL;
    if (CHECK_RESULT(gpu_import(gpu, GRANULE, fd, &memory), VK_SUCCESS)) {
        CHECK_RESULT(vkMapMemory(gpu->device, memory, 0, VK_WHOLE_SIZE, 0,
                                 &map), VK_SUCCESS);
        CHECK(map && *(uint32_t *)map == word);
        vkFreeMemory(gpu->device, memory, NULL);
    }
    CHECK(open_descriptors() == before);
}

/* Memory of somebody else's is sealed before it is trusted. */
static void test_unsealed_handle(Gpu *gpu)
{
    VkMemoryFdPropertiesKHR props = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_FD_PROPERTIES_KHR,
    };
    int fd = memfd(GRANULE, 0), copy = dup(fd);
    VkDeviceMemory memory;

    CHECK_RESULT(gpu->get_memory_fd_properties(gpu->device, DMA_BUF, fd,
                                               &props), VK_SUCCESS);
    CHECK(props.memoryTypeBits & 1u << gpu->type);
    if (CHECK_RESULT(gpu_import(gpu, GRANULE, fd, &memory), VK_SUCCESS)) {
        CHECK(fcntl(copy, F_GET_SEALS) & F_SEAL_SHRINK);
        vkFreeMemory(gpu->device, memory, NULL);
        CHECK(fcntl(fd, F_GETFD) < 0);
    }
    close(copy);
}

static void test_descriptors_run_out(Gpu *gpu)
{
    unsigned before = open_descriptors();
    VkDeviceMemory memory[64];
    struct rlimit old, tight;
    unsigned n = 0;
    VkResult res;
    int fd = -1;

    getrlimit(RLIMIT_NOFILE, &old);
    tight = old;
    tight.rlim_cur = before + 16;
    setrlimit(RLIMIT_NOFILE, &tight);
    do {
        res = gpu_export(gpu, 4096, &memory[n]);
        n += res == VK_SUCCESS;
    } while (res == VK_SUCCESS && n < COUNT(memory));
    CHECK_RESULT(res, VK_ERROR_TOO_MANY_OBJECTS);
    CHECK(n > 0);
    CHECK_RESULT(gpu_fd(gpu, memory[0], &fd), VK_ERROR_TOO_MANY_OBJECTS);
    vkFreeMemory(gpu->device, memory[--n], NULL);
    CHECK_RESULT(gpu_export(gpu, 4096, &memory[n]), VK_SUCCESS);
    n++;
    setrlimit(RLIMIT_NOFILE, &old);
    while (n) {
        vkFreeMemory(gpu->device, memory[--n], NULL);
    }
    CHECK(open_descriptors() == before);
}

/* Bytes of addresses that this process has; sanitizers take terabytes. */
static rlim_t address_space(void)
{
    FILE *file = fopen("/proc/self/statm", "r");
    unsigned long long pages = 0;

    CHECK(file && fscanf(file, "%llu", &pages) == 1);
    if (file) {
        fclose(file);
    }
    return pages * sysconf(_SC_PAGESIZE);
}

static void test_memory_runs_out(Gpu *gpu)
{
    static const VkDeviceSize sizes[] = {
        (VkDeviceSize)1 << 40, (VkDeviceSize)1 << 62, INT64_MAX, UINT64_MAX,
    };
    unsigned before = open_descriptors();
    struct rlimit old, tight;
    VkDeviceMemory memory;

    getrlimit(RLIMIT_AS, &old);
    tight = old;
    tight.rlim_cur = address_space() + ((rlim_t)16 << 30);
    CHECK(setrlimit(RLIMIT_AS, &tight) == 0);
    for (size_t i = 0; i < COUNT(sizes); i++) {
        if (!CHECK(gpu_export(gpu, sizes[i], &memory) < 0)) {
            vkFreeMemory(gpu->device, memory, NULL);
        }
    }
    CHECK_RESULT(gpu_export(gpu, 4096, &memory), VK_SUCCESS);
    vkFreeMemory(gpu->device, memory, NULL);
    setrlimit(RLIMIT_AS, &old);
    CHECK(open_descriptors() == before);
}

static void *thread_main(void *opaque)
{
    Gpu *gpu = opaque;

    for (unsigned i = 0; i < 200; i++) {
        VkDeviceMemory exported, imported;
        void *map = NULL;
        int fd = -1;

        CHECK_RESULT(gpu_export(gpu, GRANULE, &exported), VK_SUCCESS);
        CHECK_RESULT(gpu_fd(gpu, exported, &fd), VK_SUCCESS);
        CHECK_RESULT(gpu_import(gpu, GRANULE, fd, &imported), VK_SUCCESS);
        vkFreeMemory(gpu->device, exported, NULL);
        CHECK_RESULT(vkMapMemory(gpu->device, imported, 0, VK_WHOLE_SIZE, 0,
                                 &map), VK_SUCCESS);
        fill(map, GRANULE / 4, i);
        CHECK(holds(map, GRANULE / 4, i));
        vkFreeMemory(gpu->device, imported, NULL);
    }
    return NULL;
}

static void test_two_threads(Gpu *gpu)
{
    unsigned before = open_descriptors();
    pthread_t threads[2];

    for (size_t i = 0; i < COUNT(threads); i++) {
        pthread_create(&threads[i], NULL, thread_main, gpu);
    }
    for (size_t i = 0; i < COUNT(threads); i++) {
        pthread_join(threads[i], NULL);
    }
    CHECK(open_descriptors() == before);
}

/* What the device leaves to the layer when it is destroyed */
static void test_instance_again(Gpu *gpu)
{
    unsigned before = open_descriptors();
    Gpu other;

    (void)gpu;
    gpu_open(&other);
    gpu_close(&other);
    CHECK(open_descriptors() == before);
}

const Test memory_tests[] = {
    { "extensions", test_extensions },
    { "sizes", test_sizes },
    { "two-processes", test_two_processes },
    { "hostile-handles", test_hostile_handles },
    { "driver-refuses", test_driver_refuses },
    { "unsealed-handle", test_unsealed_handle },
    { "descriptors-run-out", test_descriptors_run_out },
    { "memory-runs-out", test_memory_runs_out },
    { "two-threads", test_two_threads },
    { "instance-again", test_instance_again },
    { NULL },
};
