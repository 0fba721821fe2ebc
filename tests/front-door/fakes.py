# SPDX-License-Identifier: GPL-2.0-or-later
"""Programs that stand in for apt, mmdebstrap and others in tests of scripts."""
import hashlib
import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent.parent
SCRIPTS = TOP / "scripts"

# Each logs its call; a file $FAKE/offline cuts the network.
APT_GET = """
case "$*" in
--version) echo "apt 9.9 (all)" ;;
indextargets*) echo http://mirror.test/debian ;;
*print-uris*) cat "$FAKE/uris" ;;
*update) [ ! -e "$FAKE/offline" ] &&
    cp "$FAKE/InRelease" "$CACHE/apt/lists/x_InRelease" ;;
*install*) ;;
esac
"""
# Where $FAKE/slow is, each file takes a second; $FAKE/half cuts them.
APT_HELPER = """
shift
[ ! -e "$FAKE/offline" ] || exit 100
while [ $# -gt 0 ]; do
    [ ! -e "$FAKE/slow" ] || sleep 1
    if [ -e "$FAKE/half" ]; then head -c 3 "$FAKE/pool/${1##*/}"
    else cat "$FAKE/pool/${1##*/}"; fi >"$2"
    shift 3
done
"""
# A root as a folder, or on standard output.
MMDEBSTRAP = """
while [ "$1" != trixie ]; do shift; done
to=$2
[ "$to" != - ] || to=$FAKE/root-tree
mkdir -p "$to/usr/bin" "$to/dev"
echo "made by mmdebstrap" >"$to/usr/bin/bash"
chmod 755 "$to/usr/bin/bash"
[ "$2" != - ] || tar -C "$to" -c .
"""


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


class FakeTest(unittest.TestCase):
    """A cache, a build folder and a PATH with such programs."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="front-door-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.fake = self.folder / "fake"
        self.cache = self.folder / "qemu-venus"
        for name in ("fake/bin", "fake/pool", "qemu-venus/debs", "build"):
            (self.folder / name).mkdir(parents=True)
        self.program("apt-get", APT_GET)
        self.program("apt-helper", APT_HELPER)
        self.program("apt-config", "")
        self.program("mmdebstrap", MMDEBSTRAP)
        self.program("bwrap", "")
        (self.fake / "uris").write_text("")
        self.index("1")

    def program(self, name, text):
        path = self.fake / "bin" / name
        path.write_text(f'#!/bin/sh\necho "{name} $*" >>"$FAKE/calls"\n{text}')
        path.chmod(0o755)

    def index(self, text):
        """What an update of apt's index brings."""
        (self.fake / "InRelease").write_text(text)

    def there(self, **files):
        """Switches of the programs: offline=True and the like."""
        for name, on in files.items():
            path = self.fake / name
            if on:
                path.touch()
            else:
                path.unlink()

    def calls(self, word):
        log = self.fake / "calls"
        lines = log.read_text().splitlines() if log.exists() else []
        return len([line for line in lines if word in line])

    def package(self, name, content=None):
        """A package that apt knows from now on, or one of another version."""
        path = self.fake / "pool" / name
        path.write_bytes(content or name.encode())
        uris = [line for line in
                (self.fake / "uris").read_text().splitlines(True)
                if f" {name.split('_')[0]}_" not in line]
        uris.append(f"'http://mirror.test/{name}' {name} 1 "
                    f"SHA256:{sha256(path)}\n")
        (self.fake / "uris").write_text("".join(uris))
        return path

    def environment(self, **settings):
        env = {k: v for k, v in os.environ.items()
               if k in ("HOME", "LANG", "TMPDIR")}
        env.update(PATH=f"{self.fake}/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                   FAKE=str(self.fake), CACHE=str(self.cache),
                   BUILD=str(self.folder / "build"), KEYRING="/dev/null")
        env.update(settings)
        return {k: v for k, v in env.items() if v is not None}

    def start(self, *command, stdin=None, **settings):
        return subprocess.Popen(
            [str(c) for c in command], env=self.environment(**settings),
            stdin=stdin or subprocess.DEVNULL, text=True, cwd=self.folder,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def run_(self, *command, text=None, **settings):
        process = self.start(*command, **settings,
                             stdin=subprocess.PIPE if text else None)
        out = process.communicate(text)[0]
        return process.returncode, out

    def good(self, *command, **settings):
        rc, out = self.run_(*command, **settings)
        self.assertEqual(rc, 0, out)
        return out

    def bad(self, *command, **settings):
        rc, out = self.run_(*command, **settings)
        self.assertNotEqual(rc, 0, out)
        self.assertIn("what to do:", out)
        return out

    def older(self, path, seconds):
        then = path.stat().st_mtime - seconds
        os.utime(path, (then, then))

    def deb(self, name, version, files):
        """A real package, as apt has it."""
        tree = self.folder / "deb"
        shutil.rmtree(tree, ignore_errors=True)
        for path, text in files.items():
            (tree / path).parent.mkdir(parents=True, exist_ok=True)
            (tree / path).write_text(text)
        (tree / "DEBIAN").mkdir()
        (tree / "DEBIAN/control").write_text(
            f"Package: {name}\nVersion: {version}\nArchitecture: arm64\n"
            "Maintainer: x\nDescription: x\n")
        out = self.folder / "x.deb"
        subprocess.run(["dpkg-deb", "--build", "--root-owner-group", tree,
                        out], check=True, stdout=subprocess.DEVNULL)
        return self.package(f"{name}_{version}_arm64.deb", out.read_bytes())
