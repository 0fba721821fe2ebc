# SPDX-License-Identifier: GPL-2.0-or-later
"""lib.sh's background jobs, overlay-cc, and the time that check-long keeps."""
import os
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
SCRIPTS = TOP / "scripts"


def bash(text, folder, **environ):
    return subprocess.run(
        ["bash", "-c", f"set -eu; . {SCRIPTS}/lib.sh; {text}"],
        env={**os.environ, "BUILD": folder, **environ},
        capture_output=True, text=True, check=False)


class AsideTest(unittest.TestCase):
    """What ran in the background, asked once the shell forgot it."""

    def ended(self, text):
        with tempfile.TemporaryDirectory(prefix="front-door-") as folder:
            return bash(text, folder).returncode

    def test_success(self):
        self.assertEqual(self.ended("aside job true; wait; aside_wait job"), 0)

    def test_failure(self):
        self.assertEqual(self.ended(
            "aside job bash -c 'exit 3'; wait || true; aside_wait job"), 3)

    def test_two_at_once(self):
        self.assertEqual(self.ended(
            "aside slow bash -c 'sleep 0.5; exit 4'; aside quick true;"
            "aside_wait quick; aside_wait slow"), 4)

    def test_one_waits_for_another(self):
        self.assertEqual(self.ended(
            "next() { aside_wait first; };"
            "aside first bash -c 'sleep 0.3; exit 5'; aside second next;"
            "aside_wait second"), 5)

    def test_killed(self):
        self.assertEqual(self.ended(
            "aside job sleep 60; kill $ASIDE; aside_wait job"), 1)


class OverlayCcTest(unittest.TestCase):
    """Which files get which options."""

    def options(self, mode, *words):
        done = subprocess.run(
            [SCRIPTS / "overlay-cc", mode, "echo", *words],
            capture_output=True, text=True, check=True)
        return done.stdout.split()

    def test_ours(self):
        said = self.options("plain", "-c", "../src/hw/display/venus/cmd.c")
        self.assertEqual(said[-1], "-Werror")
        said = self.options("plain", "-c", "/x/qemu/src/ui/scanout-image.c")
        self.assertEqual(said[-1], "-Werror")

    def test_others(self):
        for mode in ("plain", "sanitize"):
            self.assertEqual(self.options(mode, "-c", "../src/net/net.c"),
                             ["-c", "../src/net/net.c"])

    def test_sanitized(self):
        wanted = "-fsanitize=address,undefined"
        for path in ("hw/display/venus/cmd.c", "hw/display/virtio-gpu.c",
                     "system/memory.c", "ui/console.c"):
            self.assertIn(wanted, self.options("sanitize", "-c",
                                               f"../src/{path}"), path)
            self.assertNotIn(wanted, self.options("plain", "-c",
                                                  f"../src/{path}"), path)
        self.assertIn(wanted, self.options("sanitize", "-o", "qemu", "a.o"))


class UntilTest(unittest.TestCase):
    """check-long begins and ends its rows in time."""

    def run_row(self, until, command):
        text = (SCRIPTS / "check-long").read_text()
        function = text[text.index("run_row()"):
                        text.index('if [ "${1:-}" = --list ]')]
        with tempfile.TemporaryDirectory(prefix="front-door-") as folder:
            began = time.monotonic()
            done = bash(f". {SCRIPTS}/tests.sh; RESULTS={folder};\n{function}"
                        f"run_row a 0 {command}", folder, UNTIL=str(until))
            took = time.monotonic() - began
            self.assertEqual(done.returncode, 0, done.stderr)
            rows = Path(folder, "parts.tsv")
            return rows.read_text() if rows.exists() else "", took

    def test_no_time_left(self):
        rows, _took = self.run_row(int(time.time()) - 1, "row passed a")
        self.assertRegex(rows, r"^not run\ta\tno time left")

    def test_in_time(self):
        rows, _took = self.run_row(int(time.time()) + 60, "row passed a")
        self.assertEqual(rows, "passed\ta\t\t\n")

    def test_stopped(self):
        # The second command of the row is not begun either.
        rows, took = self.run_row(
            int(time.time()) + 2, "bash -c 'sleep 60; echo never'")
        self.assertRegex(rows, r"^not run\ta\tstopped")
        self.assertLess(took, 30)


if __name__ == "__main__":
    unittest.main()
