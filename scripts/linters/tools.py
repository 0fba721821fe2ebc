# SPDX-License-Identifier: GPL-2.0-or-later
"""Other people's checkers: QEMU's checkpatch, shellcheck."""
import re
import subprocess

from .patches import patch_files
from .repo import IN_QEMU


def run(repo, *command):
    done = subprocess.run([str(c) for c in command], cwd=repo.top, text=True,
                          capture_output=True, check=False)
    return done.returncode, done.stdout + done.stderr


def complaints(output):
    """(file or None, line, what) of checkpatch --terse output."""
    for line in output.splitlines():
        found = re.match(r"(?:(\S+?):(\d+): )?((?:ERROR|WARNING): .*)", line)
        if found:
            yield found.group(1), int(found.group(2) or 1), found.group(3)


def checkpatch(repo):
    """QEMU's checkpatch has nothing to say about overlay files and patches"""
    script = repo.qemu / "scripts/checkpatch.pl"
    if not script.is_file():
        yield "scripts/lint", 1, f"there is no {script}"
        return
    sources = repo.matching(".c", ".h", ".m", under=IN_QEMU)
    for path in sources:
        rc, out = run(repo, script, "--no-tree", "--terse", "-f", path)
        found = list(complaints(out))
        for _file, line, what in found:
            yield path, line, what
        if rc and not found:
            yield path, 1, "checkpatch: " + out.strip()[-200:]
    for path in patch_files(repo):
        _rc, out = run(repo, script, "--no-tree", "--terse", "--no-signoff",
                       path)
        for _file, line, what in complaints(out):
            yield path, line, what


def shellcheck(repo):
    """shellcheck has nothing to say about shell scripts"""
    shebang = re.compile(r"#!.*\b(ba|da)?sh\b|# shellcheck shell=")
    whole = [f for f in repo.files if shebang.match(repo.text(f))]
    # A fragment is read by a script, which uses what it sets.
    parts = [f for f in repo.matching(".sh") if f not in whole]
    common = ("shellcheck", "-x", "-P", "SCRIPTDIR", "-f", "gcc",
              "-S", "warning", "-e", "SC1090")
    out = ""
    if whole:
        out += run(repo, *common, *whole)[1]
    if parts:
        out += run(repo, *common, "-s", "sh", "-e", "SC2034", *parts)[1]
    for line in out.splitlines():
        found = re.match(r"(\S+?):(\d+):\d+: (.*)", line)
        if found:
            yield found.group(1), int(found.group(2)), found.group(3)
        elif line.strip():
            yield "scripts/lint", 1, f"shellcheck: {line}"


RULES = [checkpatch, shellcheck]
