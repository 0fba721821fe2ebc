# SPDX-License-Identifier: GPL-2.0-or-later
"""What people are told on machines that are not as they have to be."""
import os
import re
import shutil

from fakes import SCRIPTS, TOP, FakeTest

# What makes and enters the root, and of that what a user needs besides.
TOOLS = ("mmdebstrap", "bwrap", "apt-get", "dpkg", "dpkg-deb", "perl",
         "python3", "git", "flock", "zstd")
USER_TOOLS = ("newuidmap", "newgidmap")
KEYRING = "usr/share/keyrings/debian-archive-keyring.gpg"
APPARMOR = "proc/sys/kernel/apparmor_restrict_unprivileged_userns"

# Every package is there, for two architectures, but those in $FAKE/lacking.
DPKG_QUERY = """
for package; do :; done
case "$*" in
*Version*) exec cat "$FAKE/$package.version" ;;
esac
state=installed
! grep -qx "$package" "$FAKE/lacking" 2>/dev/null || state=not-installed
text=$(printf '%s' "$3" | sed "s/[$]{db:Status-Status}/$state/")
printf "$text$text"
"""


class MachineTest(FakeTest):
    """A machine with a kind, a user and files of its own."""

    def setUp(self):
        super().setUp()
        self.machine = self.folder / "machine"
        self.path = None
        self.file(KEYRING, "")
        self.user(0)

    def file(self, path, text):
        path = self.machine / path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def user(self, number):
        self.program("id", 'case "$1" in -un) echo tester ;; '
                           f'*) echo {number} ;; esac')

    def kind(self, system="Linux", machine="x86_64"):
        self.program("uname", f'case "$*" in -m) echo {machine} ;; '
                              f'*) echo {system} ;; esac')

    def hide(self, *names):
        """Programs of the real machine that this one has not."""
        tools = self.folder / "tools"
        tools.mkdir()
        for folder in ("/usr/bin", "/bin", "/usr/sbin", "/sbin"):
            for entry in os.scandir(folder):
                link = tools / entry.name
                if entry.name not in names and not link.is_symlink():
                    link.symlink_to(entry.path)
        self.path = f"{self.fake}/bin:{tools}"

    def environment(self, **settings):
        return super().environment(**{
            "TEST_MACHINE": str(self.machine), "KEYRING": None,
            **({"PATH": self.path} if self.path else {}), **settings})

    def told(self, *words, command, **settings):
        """COMMAND fails and says WORDS, before mmdebstrap has run."""
        out = self.bad(*command, **settings)
        for word in words:
            self.assertIn(word, out)
        self.assertEqual(self.calls("mmdebstrap --"), 0)
        return out

    def make(self, *words):
        return ("make", "-C", TOP, *words)


class PlaceTest(MachineTest):
    """Paths and numbers that a user may give."""

    def test_space_in_a_path(self):
        spaced = str(self.folder / "my disk")
        for name in ("BUILD", "ROOT", "CACHE"):
            with self.subTest(name):
                self.told(f"there is a space in the path '{spaced}'",
                          "QEMU's build allows none",
                          command=self.make("build"), **{name: spaced})

    def test_space_in_the_cache_of_home(self):
        self.told("there is a space in the path", "QEMU's build allows none",
                  command=(SCRIPTS / "host-packages",), CACHE=None,
                  HOME=str(self.folder / "my home"))

    def test_space_in_the_path_of_the_clone(self):
        clone = self.folder / "my clone"
        shutil.copytree(SCRIPTS, clone / "scripts")
        shutil.copy(TOP / "Makefile", clone)
        self.told(f"there is a space in the path '{clone}'",
                  command=("make", "-C", clone, "build"))

    def test_jobs(self):
        for jobs in ("many", "0", "-1", "2.5", "4 "):
            with self.subTest(jobs):
                self.told(f"JOBS={jobs} is not a number of jobs",
                          command=self.make("build"), JOBS=jobs)
        self.kind(system="Plan9")
        self.told("not on Plan9", command=self.make("build"), JOBS="12")


class KindTest(MachineTest):
    """Other systems and processors."""

    def test_mac(self):
        self.kind(system="Darwin", machine="arm64")
        for target in ("build", "demo", "check", "guest", "shell"):
            with self.subTest(target):
                out = self.told("this builds on Linux, not on Darwin",
                                "make apply QEMU=DIR",
                                command=self.make(target))
        page = TOP / re.search(r"see (docs/\S+\.rst)", out).group(1)
        self.assertRegex(page.read_text(), r"\nmacOS\n-----\n")

    def test_mac_applies(self):
        self.kind(system="Darwin", machine="arm64")
        tree = self.folder / "qemu"
        tree.mkdir()
        self.told("not a QEMU source tree",
                  command=self.make("apply", f"QEMU={tree}"))

    def test_other_processor(self):
        self.kind(machine="riscv64")
        for root in (None, "/"):
            with self.subTest(root):
                self.told("this builds on x86_64 and aarch64, not on riscv64",
                          command=(SCRIPTS / "root",), ROOT=root)

    def test_arm(self):
        # What is for guests elsewhere is this machine's own there.
        self.kind(machine="aarch64")
        self.package("a_1_arm64.deb")
        self.good(SCRIPTS / "root")
        call = next(line for line in
                    (self.fake / "calls").read_text().splitlines()
                    if line.startswith("mmdebstrap"))
        self.assertIn("--architectures=arm64 ", call)
        self.assertNotIn(":arm64", call)


class ForeignTest(MachineTest):
    """Linux without apt: all that is missing is named, and at once."""

    def setUp(self):
        super().setUp()
        self.hide(*TOOLS, *USER_TOOLS, "dpkg-query")
        for name in TOOLS + USER_TOOLS:
            self.have(name)

    def have(self, name):
        if name == "flock":     # the scripts use it before
            (self.fake / "bin/flock").unlink(missing_ok=True)
            (self.fake / "bin/flock").symlink_to(shutil.which("flock"))
        else:
            self.program(name, "")

    def lacking(self, *names):
        for name in names:
            (self.fake / "bin" / name).unlink()
        self.told("this host is no Debian, and these programs are missing: "
                  f"{' '.join(names)}\n", "package manager",
                  "debian:13 container with ROOT=/",
                  command=(SCRIPTS / "host-packages",))
        for name in names:
            self.have(name)

    def test_nothing(self):
        self.good(SCRIPTS / "host-packages")

    def test_each_program(self):
        for name in TOOLS:
            with self.subTest(name):
                self.lacking(name)

    def test_each_program_of_a_user(self):
        self.user(1000)
        for name in USER_TOOLS:
            with self.subTest(name):
                self.lacking(name)

    def test_all_at_once(self):
        self.user(1000)
        self.lacking(*TOOLS, *USER_TOOLS)

    def test_before_anything_else(self):
        (self.fake / "bin/mmdebstrap").unlink()
        self.told("these programs are missing: mmdebstrap\n",
                  command=(SCRIPTS / "prepare",))
        self.assertEqual(self.calls(""), self.calls("id "))

    def test_sub_ids(self):
        self.user(1000)
        for name, other in (("subuid", "subgid"), ("subgid", "subuid")):
            with self.subTest(name):
                self.file(f"etc/{name}", "other:100000:65536\n")
                self.file(f"etc/{other}", "tester:100000:65536\n")
                self.told(f"there is no line for 'tester' in /etc/{name}",
                          "usermod --add-subuids",
                          command=(SCRIPTS / "host-packages",))
        self.file("etc/subgid", "1000:100000:65536\n")
        self.good(SCRIPTS / "host-packages")

    def test_keyring_file(self):
        (self.machine / KEYRING).unlink()
        self.told(f"Debian's keyring is missing: {self.machine}/{KEYRING}",
                  "KEYRING=FILE", "of a Debian mirror",
                  command=(SCRIPTS / "host-packages",))
        self.good(SCRIPTS / "host-packages", KEYRING="/dev/null")


class DebianTest(MachineTest):
    """Debian and its kin, where packages are installed."""

    def setUp(self):
        super().setUp()
        self.program("dpkg-query", DPKG_QUERY)
        self.keyring("2025.1")

    def keyring(self, version):
        (self.fake / "debian-archive-keyring.version").write_text(version)

    def lack(self, *names):
        (self.fake / "lacking").write_text("".join(f"{n}\n" for n in names))

    def test_all_there(self):
        self.good(SCRIPTS / "host-packages")
        self.assertEqual(self.calls("install"), 0)

    def test_missing_package_is_installed(self):
        self.lack("bubblewrap")
        self.assertIn("host packages: bubblewrap",
                      self.good(SCRIPTS / "host-packages"))
        self.assertEqual(self.calls("Retries=3 install bubblewrap"), 1)

    def test_no_sudo(self):
        self.hide("sudo")
        self.user(1000)
        self.lack("mmdebstrap", "uidmap")
        self.told("these packages are missing and there is no sudo: "
                  "mmdebstrap uidmap\n", "apt-get install mmdebstrap uidmap",
                  command=(SCRIPTS / "host-packages",))

    def test_old_keyring_that_stays_old(self):
        self.keyring("2021.1.1ubuntu2")
        self.told("the newest debian-archive-keyring of this host cannot "
                  "check Debian 13", "mirror with dpkg -i",
                  command=(SCRIPTS / "host-packages",))
        self.assertEqual(self.calls("install debian-archive-keyring"), 1)
        self.good(SCRIPTS / "host-packages", KEYRING="/dev/null")

    def test_old_keyring_that_becomes_new(self):
        self.keyring("2021.1.1+deb11u1")
        self.program("apt-get", 'echo "2023.3+deb12u2" '
                                '>"$FAKE/debian-archive-keyring.version"')
        self.good(SCRIPTS / "host-packages")
        self.assertEqual(self.calls("install debian-archive-keyring"), 1)

    def test_root_of_another_release(self):
        for text in ("VERSION_CODENAME=bookworm\n", "ID=fedora\n"):
            with self.subTest(text):
                self.file("etc/os-release", text)
                self.told("ROOT=/ wants a Debian 13 host", "leave ROOT unset",
                          command=(SCRIPTS / "prepare",), ROOT="/")

    def test_root_lacks_packages(self):
        self.file("etc/os-release", "VERSION_CODENAME=trixie\n")
        self.lack("mold", "sway")
        self.told("ROOT=/, and this host lacks: mold sway",
                  "apt-get install mold sway", "dpkg --add-architecture arm64",
                  command=(SCRIPTS / "prepare",), ROOT="/")
        self.lack()
        self.good(SCRIPTS / "root", ROOT="/")
        self.assertEqual(self.calls("-q update"), 1)

    def test_root_without_network(self):
        self.file("etc/os-release", "VERSION_CODENAME=trixie\n")
        self.there(offline=True)
        self.assertIn("warning: there is no index of apt's",
                      self.good(SCRIPTS / "root", ROOT="/"))


class SandboxTest(MachineTest):
    """Where bubblewrap cannot work."""

    def setUp(self):
        super().setUp()
        self.package("a_1_all.deb")
        self.root = self.folder / "root"
        (self.root / "usr/bin").mkdir(parents=True)
        (self.root / "usr/bin/bash").touch(0o755)
        self.program("bwrap", "echo bwrap: it may not >&2; exit 1")

    def hint(self, *words):
        """What is said when a root is to be made, and when it is entered."""
        for script, root in (("root", self.folder / "new"),
                             ("enter", self.root)):
            with self.subTest(script):
                out = self.told("bwrap: it may not",
                                command=(SCRIPTS / script, "true")[
                                    :2 if script == "enter" else 1],
                                ROOT=str(root))
                self.assertEqual(self.calls("apt-helper"), 0)
                for word in words:
                    self.assertIn(word, out.split("what to do:")[1])

    def test_container(self):
        for mark in (".dockerenv", "run/.containerenv"):
            with self.subTest(mark):
                self.file(mark, "")
                self.hint("ROOT=/ in a debian:13 one", "--cap-add SYS_ADMIN",
                          "seccomp=unconfined")
                (self.machine / mark).unlink()

    def test_root_without_capabilities(self):
        self.hint("root lacks CAP_SYS_ADMIN", "ROOT=/ on Debian 13")

    def test_apparmor(self):
        self.user(1000)
        self.file(APPARMOR, "1\n")
        self.hint("AppArmor forbids user namespaces",
                  "sysctl kernel.apparmor_restrict_unprivileged_userns=0")

    def test_user_namespaces_off(self):
        self.user(1000)
        for value in (None, "0\n"):
            with self.subTest(value):
                if value:
                    self.file(APPARMOR, value)
                self.hint("allow unprivileged user namespaces",
                          "user.max_user_namespaces",
                          "kernel.unprivileged_userns_clone")

    def test_no_fresh_proc(self):
        # As in a container: its own /proc serves.
        self.program("bwrap", 'case "$*" in *"--proc /proc"*) exit 1 ;; esac')
        self.good(SCRIPTS / "enter", "true", ROOT=str(self.root))
        self.assertEqual(self.calls("--bind /proc /proc --ro-bind /sys"), 1)

    def test_name_of_a_user(self):
        # Without one dbus-daemon, for example, does not start.
        self.program("bwrap", "")
        (self.root / "etc").mkdir()
        (self.root / "etc/passwd").write_text("root:x:0:0::/root:/bin/sh\n")
        self.good(SCRIPTS / "enter", "true", ROOT=str(self.root))
        self.assertEqual(self.calls("/etc/passwd"), 0)
        self.user(1000)
        self.good(SCRIPTS / "enter", "true", ROOT=str(self.root))
        names = self.folder / "build/passwd"
        self.assertEqual(self.calls(f"--ro-bind {names} /etc/passwd"), 1)
        self.assertRegex(names.read_text(),
                         r"^root:.*\ntester:x:1000:1000::.*\n$")

    def test_no_root(self):
        self.told("there is no root at", "make build",
                  command=(SCRIPTS / "enter", "true"),
                  ROOT=str(self.folder / "new"))
