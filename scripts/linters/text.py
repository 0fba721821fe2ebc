# SPDX-License-Identifier: GPL-2.0-or-later
"""Rules for every file that is text."""
import os
import re
import subprocess
from pathlib import Path

from .repo import matches

LICENSED = (".c", ".h", ".m", ".py", ".sh", ".vert", ".frag", ".comp")
TAG = "SPDX-License-Identifier: GPL-2.0-or-later"
HEAD = 30                       # the tag may end a file's opening comment
# Folders so common that naming them says nothing about one machine.
COMMON = {"/", "/tmp", "/var/tmp", "/home", "/root", "/src", "/srv"}


def is_script(repo, path):
    return repo.text(path).startswith("#!")


def spdx(repo):
    """every source file and script carries the licence tag"""
    for path in repo.files:
        if path.endswith("/trace.h"):       # one line, as QEMU has it
            continue
        if path.endswith(LICENSED) or is_script(repo, path):
            head = repo.text(path).split("\n", HEAD)[:HEAD]
            if not any(TAG in line for line in head):
                yield path, 1, f"no '{TAG}' in the first lines"


def open_points(repo):
    """TODO, FIXME and XXX come with the number of an issue"""
    for path in repo.files:
        if path.startswith("scripts/linters/") or "lint-selftest" in path:
            continue
        for line, found in matches(repo.text(path),
                                   r"\b(TODO|FIXME|XXX)\b(?![(: ]*#\d)"):
            if found.group(1) == "TODO" and "SKIP|TODO" in \
                    repo.text(path).splitlines()[line - 1]:
                continue
            yield path, line, f"{found.group(1)} without an issue number"


def conflicts(repo):
    """no merge left its marks behind"""
    for path in repo.files:
        for line, found in matches(repo.text(path),
                                   r"^(<{7}|>{7}|\|{7}) .*"):
            yield path, line, f"a conflict's mark: '{found.group(0)}'"


def mirror_hosts():
    """Hosts of this machine's package mirrors."""
    if "LINT_HOSTS" in os.environ:
        return os.environ["LINT_HOSTS"].split()
    try:
        # The apt of the root has sources, but no lists that it fetched.
        out = subprocess.run(["apt-get", "indextargets", "--no-release-info",
                              "--format", "$(REPO_URI)"], text=True,
                             capture_output=True, check=False).stdout
    except OSError:
        return []
    return sorted(set(re.findall(r"^\w+://([^/:\s]+)", out, re.M)))


def no_machine(repo):
    """no mirror host, no path of one machine, nothing beside the repository"""
    parent = str(repo.top.parent)
    words = [str(repo.top) + "/"] + mirror_hosts()
    if parent not in COMMON:
        words.append(parent + "/")
    patterns = [re.escape(w) for w in words] + [r"\.\./" + "shared"]
    for path in repo.files:
        for line, found in matches(repo.text(path), "|".join(patterns)):
            yield path, line, f"names '{found.group(0)}'"


def overlay_names(repo):
    """no overlay file has the name of a QEMU file"""
    if not (repo.qemu / "VERSION").is_file():
        yield "scripts/overlay-manifest", 1, \
            f"cannot be checked: no QEMU source in {repo.qemu}"
        return
    ours = repo.qemu / ".venus-overlay/state.json"
    copied = ours.read_text() if ours.is_file() else ""
    for folder in repo.overlay_folders:
        if folder.startswith((".", "/")):
            yield "scripts/overlay-manifest", 1, "never files of the root"
    for path in repo.overlay:
        if (repo.qemu / path).exists() and f'"{path}"' not in copied:
            yield path, 1, "QEMU has a file of this name"


def python_compiles(repo):
    """every Python file compiles"""
    for path in repo.files:
        text = repo.text(path)
        if path.endswith(".py") or re.match(r"#!.*python", text):
            try:
                compile(text, path, "exec")
            except SyntaxError as e:
                yield path, e.lineno or 1, e.msg


def executable(repo):
    """what starts with #! can be executed"""
    for path in repo.files:
        if is_script(repo, path) and \
                not os.access(Path(repo.top) / path, os.X_OK):
            yield path, 1, "starts with #! but is not executable"


RULES = [spdx, open_points, conflicts, no_machine, overlay_names, python_compiles,
         executable]
