# SPDX-License-Identifier: GPL-2.0-or-later
"""What the rules look at: the files of the repository, and C without comments."""
import re
import subprocess
from functools import cached_property, lru_cache
from pathlib import Path

IN_QEMU = ("accel/", "hw/", "include/", "tests/qtest/", "tests/unit/", "ui/")
TOKEN = re.compile(
    r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", re.S)


def blank(match):
    """The same number of characters and lines, with nothing in them."""
    found = match.group(0)
    kept = found[0] if found[0] in "\"'" else " "
    return kept + re.sub(r"[^\n]", " ", found[1:-1]) + kept


class Repo:
    def __init__(self, top, qemu):
        self.top = Path(top)
        self.qemu = Path(qemu)
        self._used = set()

    @cached_property
    def files(self):
        """Paths of all files that are, or are about to be, in git."""
        run = subprocess.run(
            ["git", "-c", f"safe.directory={self.top}", "ls-files", "-co",
             "--exclude-standard"],
            cwd=self.top, capture_output=True, text=True, check=True)
        return [f for f in sorted(set(run.stdout.split("\n")))
                if f and (self.top / f).is_file()]

    @cached_property
    def overlay_folders(self):
        lines = self.text("scripts/overlay-manifest").splitlines()
        folders = [line.split("#")[0].strip() for line in lines]
        return [f for f in folders if f]

    @cached_property
    def overlay(self):
        """Paths of the files that are laid over QEMU's tree."""
        return self.matching("", under=[f + "/" for f in self.overlay_folders])

    def matching(self, *suffixes, under=("",)):
        return [f for f in self.files
                if f.endswith(suffixes) and f.startswith(tuple(under))]

    @lru_cache(maxsize=None)
    def text(self, path):
        return (self.top / path).read_text(encoding="utf-8", errors="replace")

    @lru_cache(maxsize=None)
    def bare(self, path):
        """C source with comments and the contents of strings blanked out."""
        return TOKEN.sub(blank, self.text(path))

    @cached_property
    def allowances(self):
        found = {}
        file = self.top / "scripts" / "lint-allow"
        for line in file.read_text().splitlines() if file.is_file() else ():
            words = line.split("#")[0].split(None, 2)
            if not words:
                continue
            if len(words) < 3:
                raise SystemExit(f"scripts/lint-allow: no reason in '{line}'")
            found[words[0], words[1]] = words[2]
        return found

    def allowed(self, rule, path):
        if (rule, path) in self.allowances:
            self._used.add((rule, path))
            return True
        return False

    def unused_allowances(self, rules):
        return [key for key in self.allowances
                if key not in self._used and key[0] in rules]


def matches(text, pattern, flags=re.M):
    """(line, match) for each place of a pattern."""
    for found in re.finditer(pattern, text, flags):
        yield text.count("\n", 0, found.start()) + 1, found


def functions(bare):
    """(line, name, number of lines) of each function in blanked C."""
    for line, found in matches(
            bare, r"^(?!typedef|struct [^(]*\{|enum|union)\w[^;{}=#]*?"
                  r"(\w+)\s*\([^;{}]*?\)[^;{}()=]*\n\{\n(.*?\n)?\}",
            re.M | re.S):
        yield line, found.group(1), found.group(0).count("\n") + 1
