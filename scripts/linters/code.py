# SPDX-License-Identifier: GPL-2.0-or-later
"""Budgets and forbidden tokens of C."""
import re

from .repo import functions, matches

FILE_LINES = 500
FUNCTION_LINES = 60
OURS = ("accel/", "contrib/", "hw/", "include/", "tests/bench/",
        "tests/guest/", "tests/qtest/", "tests/unit/", "tests/vulkan/", "ui/")
DEVICE_AND_UI = ("accel/", "hw/", "ui/")
# The only places for conditional compilation.
MAY_HAVE_IF = re.compile(r"(^|/)(prelude|compat)\.h$|/surface-[^/]*$")
# Where a guest's response may be chosen: command handlers and the session that
# answers for them; not below, where -errno is spoken.
MAY_ANSWER = re.compile(
    r"hw/display/venus/(cmd|context|resource|scanout|session)[^/]*\.[ch]$")


def c_files(repo, under=OURS):
    return repo.matching(".c", ".h", ".m", under=under)


def file_size(repo):
    """a source file has at most 500 lines"""
    others = repo.matching(".py", ".sh", ".build", under=("",))
    scripts = [f for f in repo.files if f.startswith("scripts/")
               and "." not in f.rsplit("/", 1)[-1]]
    for path in sorted({*c_files(repo), *others, *scripts}):
        lines = repo.text(path).count("\n")
        if lines > FILE_LINES:
            yield path, lines, f"{lines} lines, at most {FILE_LINES}"


def function_size(repo):
    """a C function has at most 60 lines"""
    for path in c_files(repo):
        for line, name, lines in functions(repo.bare(path)):
            if lines > FUNCTION_LINES:
                yield path, line, \
                    f"{name}() has {lines} lines, at most {FUNCTION_LINES}"


def no_printf(repo):
    """no printf in device, accelerator or display code: trace, log or Error"""
    for path in c_files(repo, DEVICE_AND_UI):
        for line, found in matches(
                repo.bare(path), r"(?<!\w)(v?f?printf|f?puts|putchar|perror)"
                                 r"\s*\("):
            yield path, line, f"{found.group(1)}() is not for this code"


def no_exit(repo):
    """no exit() or abort() in device, accelerator or display code"""
    for path in c_files(repo, DEVICE_AND_UI):
        for line, found in matches(repo.bare(path),
                                   r"(?<![\w.>])(_?exit|abort)\s*\("):
            yield path, line, f"{found.group(1)}() would take the VM down"


def outermost(bare):
    """Blanked C with everything in braces and the preprocessor blanked too."""
    text = re.sub(r"^[ \t]*#(?:[^\n\\]|\\\n|\\.)*",
                  lambda m: re.sub(r"[^\n]", " ", m.group(0)), bare, flags=re.M)
    out, depth = [], 0
    for c in text:
        depth -= c == "}"
        out.append(c if depth == 0 or c == "\n" else " ")
        depth += c == "{"
    return "".join(out)


def no_static_state(repo):
    """no variable at file scope, and no static one anywhere, unless const"""
    for path in c_files(repo):
        for line, found in matches(
                repo.bare(path), r"^[ \t]*static\s+([^;{}()=]*)\s*[;=]"):
            if not re.search(r"\bconst\b", found.group(1)):
                yield path, line, "mutable static variable"
        for line, found in matches(
                outermost(repo.bare(path)),
                r"^(?!static|extern|typedef|return|struct\s+\w+\s*;|"
                r"(?:struct|union|enum)\s*\w*\s*\{)"
                r"([A-Za-z_]\w*[\s*]+[^;{}()]*?\w+(?:\[[^\]]*\])*)\s*(=[^;]*)?;"):
            if not re.search(r"\bconst\b", found.group(1)):
                yield path, line, "mutable variable at file scope"


def no_conditionals(repo):
    """#if only in prelude or compat headers and per-platform surface files"""
    for path in c_files(repo):
        if MAY_HAVE_IF.search(path):
            continue
        bare = repo.bare(path)
        guard = re.search(r"\A\s*#ifndef\s+(\w+)\n#define\s+\1\b", bare)
        for line, found in matches(bare, r"^[ \t]*#\s*(if\w*)\s*(\w*)"):
            if guard and found.group(1) == "ifndef" and \
                    found.group(2) == guard.group(1):
                continue
            yield path, line, f"#{found.group(1)} {found.group(2)}"


def no_hidden_flow(repo):
    """no macro contains return, goto or break"""
    for path in c_files(repo):
        for line, found in matches(
                repo.bare(path), r"^[ \t]*#\s*define\s+(\w+)"
                                 r"((?:[^\n\\]|\\\n|\\.)*)"):
            word = re.search(r"\b(return|goto|break)\b", found.group(2))
            if word:
                yield path, line, f"{found.group(1)} hides a {word.group(1)}"


def one_answer(repo):
    """response codes are chosen in command handlers and converters alone"""
    for path in c_files(repo, ("hw/",)):
        if MAY_ANSWER.search(path):
            continue
        for line, found in matches(repo.bare(path),
                                   r"\bVIRTIO_GPU_RESP_ERR_\w+"):
            yield path, line, f"{found.group(0)} outside the command layer"


RULES = [file_size, function_size, no_printf, no_exit, no_static_state,
         no_conditionals, no_hidden_flow, one_answer]
