/*
 * Unit tests of the granule of the virtio-gpu Venus backend: what properties
 * and accelerator make of it, and what the user hears
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "qemu/units.h"
#include "qapi/error.h"
#include "system/ram-granule.h"
#include "../../hw/display/venus/window.h"

#define HOSTMEM (1 * MiB)

/* In the accelerator's place: whatever the environment says, KiB */
RAMGranule ram_granule(void)
{
    return (RAMGranule) {
        .bytes = g_ascii_strtoull(g_getenv("TEST_GRANULE"), NULL, 10) * KiB,
    };
}

static const struct {
    const char *name;
    const char *need;           /* of the accelerator, KiB */
    uint64_t wish;              /* hostmem-granule= */
    OnOffAuto tell;             /* blob-alignment= */
    uint64_t want;              /* 0: an error */
    uint32_t told;
    const char *error;
} cases[] = {
    { "4 KiB", "4", 0, ON_OFF_AUTO_AUTO, 4 * KiB, 0 },
    { "4 KiB, told", "4", 0, ON_OFF_AUTO_ON, 4 * KiB, 4 * KiB },
    { "16 KiB", "16", 0, ON_OFF_AUTO_AUTO, 16 * KiB, 16 * KiB },
    { "16 KiB, not told", "16", 0, ON_OFF_AUTO_OFF, 16 * KiB, 0 },
    { "64 KiB", "64", 0, ON_OFF_AUTO_AUTO, 64 * KiB, 64 * KiB },
    /* Some old guests have pages of 1 KiB */
    { "1 KiB", "1", 0, ON_OFF_AUTO_AUTO, 4 * KiB, 0 },
    { "more than needed", "4", 16 * KiB, ON_OFF_AUTO_AUTO, 16 * KiB,
      16 * KiB },
    { "what is needed", "16", 16 * KiB, ON_OFF_AUTO_AUTO, 16 * KiB,
      16 * KiB },
    { "less than needed", "16", 4 * KiB, ON_OFF_AUTO_AUTO, 0, 0,
      "hostmem-granule=4096 is less than this host needs, 16384" },
    { "no power of two", "4", 12 * KiB, ON_OFF_AUTO_AUTO, 0, 0,
      "hostmem-granule=12288 is not a power of two" },
    { "too small", "1", 1 * KiB, ON_OFF_AUTO_AUTO, 0, 0,
      "hostmem-granule=1024 is not a power of two of at least 4096" },
    { "all of the window", "4", HOSTMEM, ON_OFF_AUTO_AUTO, HOSTMEM, HOSTMEM },
    { "more than the window", "4", 2 * HOSTMEM, ON_OFF_AUTO_AUTO, 0, 0,
      "hostmem-granule=2097152 does not fit into hostmem=1048576" },
    { "an accelerator that needs more", "2048", 0, ON_OFF_AUTO_AUTO, 0, 0,
      "does not fit into hostmem=1048576" },
};

static void test_settle(void)
{
    size_t i;

    for (i = 0; i < ARRAY_SIZE(cases); i++) {
        const VenusConf conf = {
            .hostmem_granule = cases[i].wish, .blob_alignment = cases[i].tell,
        };
        g_autofree VenusState *s = g_new0(VenusState, 1);
        Error *err = NULL;
        bool ok;

        g_test_message("%s", cases[i].name);
        g_setenv("TEST_GRANULE", cases[i].need, true);
        s->conf = &conf;
        s->window_size = HOSTMEM;
        ok = venus_alignment_init(s, false, &err);
        g_assert_cmpint(ok, ==, cases[i].want != 0);
        if (!ok) {
            g_assert_nonnull(strstr(error_get_pretty(err), cases[i].error));
            error_free(err);
            continue;
        }
        g_assert_cmpuint(s->granule, ==, cases[i].want);
        g_assert_cmpuint(s->blob_alignment, ==, cases[i].told);
        g_assert_cmphex(venus_alignment_features(s), ==,
                        (uint64_t)!!cases[i].told << 5);
    }
}

/* Mapping over a reservation cannot be finer than the host's pages */
static void test_fixed(void)
{
    const VenusConf conf = { .blob_alignment = ON_OFF_AUTO_AUTO };
    g_autofree VenusState *s = g_new0(VenusState, 1);

    g_setenv("TEST_GRANULE", "1", true);
    s->conf = &conf;
    s->window_size = HOSTMEM;
    g_assert_true(venus_alignment_init(s, true, &error_abort));
    g_assert_cmpuint(s->granule, ==, MAX(qemu_real_host_page_size(), 4 * KiB));
}

/* Words of the record, as docs/devel has them */
static void assert_record(const GByteArray *capset, uint64_t granule)
{
    const uint32_t *record = (const uint32_t *)(capset->data + 1024);

    g_assert_cmpuint(capset->len, ==, 1024 + 16);
    g_assert_cmpmem(record, 4, "VGRN", 4);
    g_assert_cmpuint(le32_to_cpu(record[1]), ==, 1);
    g_assert_cmpuint(le32_to_cpu(record[2]), ==, granule);
    g_assert_cmpuint(record[3], ==, 0);
}

/* Whatever the renderer has stays; zeroes follow up to the record */
static void test_capset(void)
{
    static const size_t sizes[] = { 0, 1, 160, 1023, 1024 };
    const guint8 filled = 0xaa;
    g_autofree VenusState *s = g_new0(VenusState, 1);
    size_t i, k;

    for (i = 0; i < ARRAY_SIZE(sizes); i++) {
        g_autoptr(GByteArray) capset = g_byte_array_new();

        for (k = 0; k < sizes[i]; k++) {
            g_byte_array_append(capset, &filled, 1);
        }
        s->capset = capset;
        s->granule = 4 * KiB << i;
        venus_alignment_extend_capset(s);
        for (k = 0; k < 1024; k++) {
            g_assert_cmphex(capset->data[k], ==, k < sizes[i] ? filled : 0);
        }
        assert_record(capset, 4 * KiB << i);
    }
}

/* One that is in the record's place is not touched */
static void test_capset_too_long(void)
{
    g_autofree VenusState *s = g_new0(VenusState, 1);
    g_autoptr(GByteArray) capset = g_byte_array_new();
    size_t i;

    g_byte_array_set_size(capset, 1025);
    memset(capset->data, 0xaa, capset->len);
    s->capset = capset;
    s->granule = 16 * KiB;
    venus_alignment_extend_capset(s);
    g_assert_cmpuint(capset->len, ==, 1025);
    for (i = 0; i < capset->len; i++) {
        g_assert_cmphex(capset->data[i], ==, 0xaa);
    }
}

/* Once, and never where the granule is every guest's page */
static void test_hint(void)
{
    g_autofree VenusState *s = g_new0(VenusState, 1);
    int i;

    if (!g_test_subprocess()) {
        g_test_trap_subprocess(NULL, 0, 0);
        g_test_trap_assert_passed();
        g_test_trap_assert_stderr("*16 KiB*contrib/guest-align*");
        g_test_trap_assert_stderr_unmatched("*guest-align*guest-align*");
        g_test_trap_assert_stderr_unmatched("*4 KiB*");
        return;
    }
    s->granule = 4 * KiB;
    venus_alignment_hint(s);
    s->granule = 16 * KiB;
    for (i = 0; i < 3; i++) {
        venus_alignment_hint(s);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/venus/alignment/settle", test_settle);
    g_test_add_func("/venus/alignment/fixed", test_fixed);
    g_test_add_func("/venus/alignment/capset", test_capset);
    g_test_add_func("/venus/alignment/capset-too-long", test_capset_too_long);
    g_test_add_func("/venus/alignment/hint", test_hint);
    return g_test_run();
}
