# SPDX-License-Identifier: GPL-2.0-or-later
"""The rules of the hook series."""
import re

FOLDER = "patches/qemu-10.0/"
NAME = re.compile(r"^[012]\d\d-[A-Za-z0-9][A-Za-z0-9._-]*\.patch$")
SERIES_LINES = 250
BODY_LINES = 15
CONTEXT = 1
SUBJECT = 60


def listed(repo):
    path = FOLDER + "series"
    if path not in repo.files:
        return []
    lines = [line.split("#")[0].strip() for line in repo.text(path).split("\n")]
    return [line for line in lines if line]


def patch_files(repo):
    return [f for f in repo.files
            if f.startswith(FOLDER) and f != FOLDER + "series"]


def series_complete(repo):
    """the series lists every patch, in order, and nothing else"""
    names, present = listed(repo), [f[len(FOLDER):] for f in patch_files(repo)]
    for name in sorted(set(names) - set(present)):
        yield FOLDER + "series", 1, f"{name} does not exist"
    for name in sorted(set(present) - set(names)):
        yield FOLDER + name, 1, "is not in the series"
    for name in names:
        if not NAME.match(name):
            yield FOLDER + "series", 1, \
                f"{name}: names are NNN-words.patch, NNN below 300"
    if names != sorted(names) or len(names) != len(set(names)):
        yield FOLDER + "series", 1, "the series is not in the order of names"


def patch_header(repo):
    """a patch has a subject 'area: what', a reason, and no sign-off"""
    for path in patch_files(repo):
        head = re.split(r"\n---\n|\ndiff --git ", repo.text(path))[0]
        found = re.search(r"^Subject: (?:\[PATCH[^]]*\] )?(.*(?:\n .*)*)",
                          head, re.M)
        if not head.startswith("From ") or not found:
            yield path, 1, "is not in the style of git format-patch"
            continue
        subject = " ".join(found.group(1).split())
        if ": " not in subject or len(subject) > SUBJECT:
            yield path, 1, f"subject is not 'area: what' in {SUBJECT} columns"
        body = head[found.end():].split("\n\n", 1)
        if len(body) < 2 or len(body[1].split()) < 8:
            yield path, 1, "gives no reason"
        if re.search(r"^(Signed-off-by|Reviewed-by|Acked-by|Tested-by):",
                     repo.text(path), re.M | re.I):
            yield path, 1, "carries a sign-off that nobody gave"


def hunks(repo, path):
    """(line, [lines of the hunk]) of each hunk"""
    start, lines = 0, []
    for n, line in enumerate(repo.text(path).split("\n"), 1):
        if start and (not line or line[0] not in " +-\\" or line == "-- "):
            yield start, lines
            start, lines = 0, []
        if line.startswith("@@ "):
            start = n
        elif start:
            lines.append(line)
    if start:
        yield start, lines


def patch_context(repo):
    """a hunk has one line of context (-U1)"""
    for path in patch_files(repo):
        for start, lines in hunks(repo, path):
            marks = "".join(line[0] for line in lines)
            edges = len(re.match(" *", marks).group(0)), \
                len(marks) - len(marks.rstrip(" "))
            if max(edges) > CONTEXT:
                yield path, start, f"{max(edges)} lines of context"


def patch_is_hook(repo):
    """a patch changes files that QEMU has, and adds no long function"""
    for path in patch_files(repo):
        text = repo.text(path)
        if re.search(r"^--- /dev/null|^new file mode", text, re.M):
            yield path, 1, "makes a new file: that is what the overlay is for"
        if re.search(r"^\+\+\+ /dev/null|^deleted file mode", text, re.M):
            yield path, 1, "deletes a file of QEMU"
        for target in re.findall(r"^\+\+\+ b/(\S+)", text, re.M):
            if target in repo.overlay:
                yield path, 1, f"changes {target}, which is our own file"
        for start, lines in hunks(repo, path):
            body = None
            for line in lines:
                if line.rstrip() == "+{":
                    body = 0
                elif line.startswith("+}"):
                    body = None
                elif body is not None:
                    body += line.startswith("+")
                    if body == BODY_LINES + 1:
                        yield path, start, \
                            f"a function of more than {BODY_LINES} lines"


def series_size(repo):
    """the series adds at most 250 lines"""
    total = 0
    for path in patch_files(repo):
        for _start, lines in hunks(repo, path):
            total += sum(line.startswith("+") for line in lines)
    if total > SERIES_LINES:
        yield FOLDER + "series", 1, \
            f"adds {total} lines, at most {SERIES_LINES}"


RULES = [series_complete, patch_header, patch_context, patch_is_hook,
         series_size]
