# SPDX-License-Identifier: GPL-2.0-or-later
"""One good and some bad samples a rule: {rule: (good files, [bad files])}

A bad sample is laid over the good one.  Words that the rules forbid are put
together here, so that this file itself is clean.
"""
TAG = "SPDX-License-Identifier: GPL-2.0-or-later"
C = f"/* {TAG} */\n"
OSDEP = C + '#include "qemu/osdep.h"\n'
VENUS = "hw/display/venus/"
SERIES = "patches/qemu-10.0/series"
A_PATCH = "patches/qemu-10.0/101-a.patch"


def including(*names):
    return OSDEP + "".join(f"#include {n}\n" for n in names)


def patch(subject="hw/x: call the hook", reason=None, target="hw/display/x.c",
          source=None, hunk="@@ -1,2 +1,3 @@\n a\n+b\n c\n"):
    reason = reason or "The hook must be called here, because nothing else is."
    return (f"From {'0' * 40} Mon Sep 17 00:00:00 2001\n"
            f"From: A Person <person@example.org>\n"
            f"Date: Fri, 20 Nov 2026 00:00:00 +0000\n"
            f"Subject: [PATCH] {subject}\n\n{reason}\n\n"
            f"diff --git a/{target} b/{target}\n"
            f"--- {source or 'a/' + target}\n+++ b/{target}\n{hunk}-- \n2.0\n")


def function(lines):
    return OSDEP + "void f(int a)\n{\n" + "    a++;\n" * lines + "}\n"


def added(lines, start="", end=""):
    body = start + "".join(f"+line {n}\n" for n in range(lines)) + end
    return f"@@ -1,2 +1,{lines + 2} @@\n a\n{body} c\n"


ONE = {SERIES: "101-a.patch\n", A_PATCH: patch()}

SAMPLES = {
    "layer-device": (
        {VENUS + "a.c": including('"ui/console.h"', '"hw/pci/pci.h"')},
        [{VENUS + "a.c": including("<vulkan/vulkan.h>")},
         {VENUS + "a.c": including("<epoxy/egl.h>")},
         {VENUS + "a.c": including('"ui/gtk.h"')}]),
    "layer-presenter": (
        {"ui/vulkan/a.c": including('"ui/console.h"')},
        [{"ui/vulkan/a.c": including('"hw/pci/pci.h"')},
         {"ui/vulkan/a.c": including("<virglrenderer.h>")}]),
    "layer-virglrenderer": (
        {VENUS + "r.c": including("<virglrenderer.h>")},
        [{VENUS + "s.c": including("<virglrenderer.h>")},
         {VENUS + "s.h": "#include <virglrenderer.h>\n"}]),
    "layer-vulkan-header": (
        {"ui/vulkan/api.h": "#include <vulkan/vulkan.h>\n"},
        [{"ui/vulkan/b.h": "#include <vulkan/vulkan.h>\n"},
         {"ui/vulkan/b.c": including("<vulkan/vulkan.h>")}]),
    "layer-sdl": (
        {"ui/sdl2-vulkan.c": including("<SDL.h>")},
        [{"ui/vulkan/a.c": including("<SDL_vulkan.h>")}]),
    "layer-order": (
        {"ui/vulkan/presenter.c": including('"swapchain.h"', '"device.h"')},
        [{"ui/vulkan/device.c": including('"image.h"')},
         {"ui/vulkan/swapchain.h": '#include "presenter.h"\n'}]),
    "osdep-first": (
        {VENUS + "a.c": including('"trace.h"')},
        [{VENUS + "a.c": '#include "trace.h"\n#include "qemu/osdep.h"\n'},
         {VENUS + "a.h": '#include "qemu/osdep.h"\n'}]),
    "file-size": (
        {VENUS + "a.c": "\n" * 500},
        [{VENUS + "a.c": "\n" * 501}, {"scripts/x.py": "\n" * 501}]),
    "function-size": (
        {VENUS + "a.c": function(57)},
        [{VENUS + "a.c": function(58)}]),
    "no-printf": (
        {VENUS + "a.c": '/* printf(x) */ f("printf(x)"); g_strdup_printf(x);'},
        [{VENUS + "a.c": 'fprintf(stderr, "x");'},
         {"ui/vulkan/a.c": ' printf ("x");'}, {"hw/a.c": 'puts("x");'}]),
    "no-exit": (
        {VENUS + "a.c": "ops->exit(1); g_assert_not_reached();"},
        [{VENUS + "a.c": "exit(1);"}, {"ui/a.c": "    abort();"}]),
    "no-static-state": (
        {VENUS + "a.c": OSDEP + "static const int a[] = { 1 };\n"
         "static int f(int a);\nstruct S;\nextern int e;\ntypedef int T;\n"
         "struct S {\n    int a;\n};\nenum E { A, B };\n"
         "#define X \\\n    int y;\nstatic int f(int a)\n{\n"
         "    int b = 1;\n    return b;\n}\n"},
        [{VENUS + "a.c": "static int a;\n"},
         {VENUS + "a.c": "static struct S a = { 1 };\n"},
         {VENUS + "a.c": "int f(void)\n{\n    static bool done;\n}\n"},
         {VENUS + "a.c": "int count = 3;\n"},
         {VENUS + "a.c": "struct S *all[4];\n"}]),
    "no-conditionals": (
        {VENUS + "a.h": C + "#ifndef A_H\n#define A_H\n#endif\n",
         VENUS + "compat.h": "#if A\n#endif\n"},
        [{VENUS + "a.c": "#ifdef CONFIG_OPENGL\n#endif\n"},
         {VENUS + "a.c": "#if 0\n#endif\n"},
         {VENUS + "b.h": "#ifndef A\n#define B\n#endif\n"}]),
    "no-hidden-flow": (
        {VENUS + "a.c": "#define A(x) \\\n    do { x; } while (0)\n"},
        [{VENUS + "a.c": "#define A(x) \\\n    if (x) { return; }\n"},
         {VENUS + "a.c": "#define A goto out\n"}]),
    "one-answer": (
        {VENUS + "cmd-a.c": "return VIRTIO_GPU_RESP_ERR_UNSPEC;"},
        [{VENUS + "window.c": "return VIRTIO_GPU_RESP_ERR_UNSPEC;"}]),
    "spdx": (
        {VENUS + "a.c": C, "scripts/a": f"#!/bin/sh\n# {TAG}\n"},
        [{VENUS + "a.c": "int f(void);\n"}, {"scripts/a": "#!/bin/sh\n"}]),
    "open-points": (
        {VENUS + "a.c": "/* TO" "DO(#12): later */"},
        [{VENUS + "a.c": "/* TO" "DO: later */"},
         {"docs/a.rst": "FIX" "ME\n"}]),
    "conflicts": (
        {"docs/a.rst": "Title\n" + "=" * 7 + "\n"},
        [{"docs/a.rst": "<" * 7 + " ours\n"}, {VENUS + "a.c": ">" * 7 + " b\n"}]),
    "no-machine": (
        {"docs/a.rst": "deb http://example.org/ suite main\n"},
        [{"docs/a.rst": "deb http://mirror.invalid/ suite main\n"},
         {"docs/a.rst": "see .." "/shared" "/NOTES\n"}]),
    "overlay-names": (
        {VENUS + "a.c": C},
        [{"hw/display/vga.c": C},
         {"scripts/overlay-manifest": "../x\n"}]),
    "python-compiles": (
        {"scripts/a.py": "x = 1\n"},
        [{"scripts/a.py": "x = = 1\n"},
         {"scripts/a": "#!/usr/bin/env python3\ndef f(:\n"}]),
    "executable": (
        {"scripts/a": "#!/bin/sh\n"},
        [{"scripts/b": "#!/bin/bash\n"}]),
    "series-complete": (
        ONE,
        [{SERIES: "# nothing\n"}, {SERIES: "101-a.patch\n102-b.patch\n"},
         {SERIES: "101-a.patch\n401-x.patch\n",
          "patches/qemu-10.0/401-x.patch": patch()},
         {SERIES: "102-b.patch\n101-a.patch\n",
          "patches/qemu-10.0/102-b.patch": patch()}]),
    "patch-header": (
        ONE,
        [{A_PATCH: patch(subject="no area")},
         {A_PATCH: patch(subject="hw/x: " + "long " * 12)},
         {A_PATCH: patch(reason="Because.")},
         {A_PATCH: patch(reason="The hook must be called here, you see.\n\n"
                                "Signed-off-by: A Person <a@example.org>")},
         {A_PATCH: "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n"}]),
    "patch-context": (
        ONE,
        [{A_PATCH: patch(hunk="@@ -1,4 +1,5 @@\n a\n b\n+x\n c\n")},
         {A_PATCH: patch(hunk="@@ -1,4 +1,5 @@\n a\n+x\n c\n d\n")}]),
    "patch-is-hook": (
        {**ONE, VENUS + "a.c": C,
         A_PATCH: patch(hunk=added(15, "+void f(void)\n+{\n", "+}\n"))},
        [{A_PATCH: patch(hunk=added(16, "+void f(void)\n+{\n", "+}\n"))},
         {A_PATCH: patch(source="/dev/null")},
         {A_PATCH: patch(target=VENUS + "a.c")}]),
    "series-size": (
        {**ONE, A_PATCH: patch(hunk=added(250))},
        [{A_PATCH: patch(hunk=added(251))}]),
    "checkpatch": (
        {VENUS + "a.c": C + "static const int a = 1;\n"},
        [{VENUS + "a.c": C + "int f(void)\n{\n\treturn 1;\n}\n"},
         {VENUS + "a.c": C + "/* " + "x" * 80 + " */\n"},
         {SERIES: "101-a.patch\n",
          A_PATCH: patch(hunk="@@ -1,2 +1,3 @@\n a\n+\tb = 1;\n c\n")}]),
    "shellcheck": (
        {"scripts/a": f"#!/bin/sh\n# {TAG}\necho ok\n",
         "scripts/b.sh": "SET=1\n"},
        [{"scripts/a": "#!/bin/sh\nunused=1\n"},
         {"scripts/b.sh": "if true; then\n"}]),
}
