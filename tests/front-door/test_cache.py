# SPDX-License-Identifier: GPL-2.0-or-later
"""The cache: broken and half-written entries, no network, two runs at once."""
import fcntl
import re
import shutil
import subprocess

from fakes import SCRIPTS, FakeTest

ARCHIVES = SCRIPTS / "archives"
DAY = 86400


class IndexTest(FakeTest):
    def update(self):
        return self.good(ARCHIVES, "update")

    def updates(self):
        return self.calls("-q update")

    def list(self):
        return self.good(ARCHIVES, "list", "a")

    def test_younger_than_a_day_is_not_refreshed(self):
        self.update()
        self.update()
        self.assertEqual(self.updates(), 1)

    def test_older_is_refreshed(self):
        self.update()
        self.older(self.cache / "apt/id", DAY + 60)
        self.update()
        self.assertEqual(self.updates(), 2)
        self.update()
        self.assertEqual(self.updates(), 2)

    def test_without_network_its_age_is_printed(self):
        self.update()
        self.there(offline=True)
        self.older(self.cache / "apt/id", 3 * DAY + 60)
        self.assertIn("3 days old and cannot be fetched", self.update())
        self.update()
        self.assertEqual(self.updates(), 2, "tried again at once")

    def test_none_and_no_network(self):
        self.there(offline=True)
        self.assertIn("cannot be fetched from http://mirror.test/debian",
                      self.bad(ARCHIVES, "update"))

    def test_damaged_one_is_fetched(self):
        self.update()
        (self.cache / "apt/lists/x_InRelease").write_text("half")
        self.update()
        self.assertEqual(self.updates(), 2)

    def test_of_another_mirror(self):
        self.update()
        self.good(ARCHIVES, "update", MIRROR="http://other.test/debian")
        self.assertEqual(self.updates(), 2)
        self.assertIn("http://other.test/debian trixie main",
                      (self.cache / "apt/sources.list").read_text())

    def test_mirror_of_an_apt_that_has_no_index(self):
        self.program("apt-get", """
case "$*" in
--version) echo "apt 9.9 (all)" ;;
*no-release-info*) printf '%s\\n' http://mirror.test/debian-security \
    http://mirror.test/debian/ ;;
esac
""")
        self.good(ARCHIVES, "sources")
        self.assertEqual((self.cache / "apt/mirror").read_text(),
                         "http://mirror.test/debian\n")

    def test_answers_are_kept_until_it_changes(self):
        self.package("a_1_all.deb")
        self.assertIn("  a_1_all.deb  http://mirror.test/", self.list())
        self.package("a_2_all.deb")
        self.assertIn("  a_1_all.deb  ", self.list())
        self.index("2")
        self.older(self.cache / "apt/id", DAY + 60)
        self.update()
        self.assertIn("  a_2_all.deb  ", self.list())

    def test_packages_that_apt_does_not_know(self):
        self.assertIn("apt cannot install: a", self.bad(ARCHIVES, "list", "a"))


class FetchTest(FakeTest):
    def setUp(self):
        super().setUp()
        self.package("a_1_all.deb")
        self.package("b_1_all.deb")
        self.good(ARCHIVES, "update")
        self.list = self.good(ARCHIVES, "list", "a", "b")
        self.there_ = self.cache / "debs/a_1_all.deb"

    def fetch(self):
        return self.good(ARCHIVES, "fetch", self.cache / "debs",
                         text=self.list)

    def failing(self):
        return self.bad(ARCHIVES, "fetch", self.cache / "debs", text=self.list)

    def test_what_is_there_is_not_fetched(self):
        self.fetch()
        self.assertEqual(self.there_.read_text(), "a_1_all.deb")
        self.there(offline=True)
        self.fetch()
        self.assertEqual(self.calls("download-file"), 1)

    def test_damaged_archive(self):
        self.fetch()
        self.there_.write_text("b_1_all.deb")
        self.assertIn("a_1_all.deb is damaged", self.fetch())
        self.assertEqual(self.there_.read_text(), "a_1_all.deb")

    def test_half_of_an_archive_never_gets_its_name(self):
        self.there(half=True)
        self.assertIn("2 archives could not be fetched", self.failing())
        self.assertEqual(list((self.cache / "debs").iterdir()), [])

    def test_without_network(self):
        self.there(offline=True)
        self.assertIn("a_1_all.deb", self.failing())

    def test_two_at_once(self):
        self.there(slow=True)
        runs = [self.start(ARCHIVES, "fetch", self.cache / "debs",
                           stdin=subprocess.PIPE) for _ in range(2)]
        for run in runs:
            run.stdin.write(self.list)
            run.stdin.close()
        out = "".join(run.stdout.read() for run in runs)
        self.assertEqual([run.wait() for run in runs], [0, 0], out)
        self.assertIn("waiting for it to end", out)
        self.assertEqual(self.calls("download-file"), 1)


class GuestTest(FakeTest):
    """Entries of the cache, by way of the guests' packages."""

    def setUp(self):
        super().setUp()
        self.deb("thing", "1", {"usr/lib/thing": "one\n",
                                "usr/share/doc/thing/x": "x\n"})

    def tree(self):
        out = self.good(SCRIPTS / "guest-packages", "stable")
        return out, self.cache / out.splitlines()[-1]

    def test_entry(self):
        _, tree = self.tree()
        self.assertEqual((tree / "usr/lib/thing").read_text(), "one\n")
        self.assertFalse((tree / "usr/share/doc/thing/x").exists())
        self.assertEqual((tree / "../made-from").read_text(),
                         "thing_1_arm64.deb\n")
        self.there(offline=True)
        shutil.rmtree(self.cache / "debs")
        self.assertEqual(self.tree()[0], f"{tree}\n")

    def test_damaged_entry(self):
        _, tree = self.tree()
        (tree / "usr/lib/thing").write_text("two\n")
        out, tree = self.tree()
        self.assertRegex(out, "warning: .*/guest/stable-.* is damaged")
        self.assertEqual((tree / "usr/lib/thing").read_text(), "one\n")

    def test_half_written_entry(self):
        _, tree = self.tree()
        (tree / "../sums").unlink()
        self.assertIn("is damaged", self.tree()[0])
        self.assertTrue((tree / "../sums").is_file())

    def test_newer_package(self):
        _, old = self.tree()
        self.deb("thing", "2", {"usr/lib/thing": "two\n"})
        self.index("2")
        self.older(self.cache / "apt/id", DAY + 60)
        self.good(ARCHIVES, "update")
        _, new = self.tree()
        self.assertEqual((new / "usr/lib/thing").read_text(), "two\n")
        self.assertTrue(old.is_dir(), "another clone may use it")

    def test_unused_entry_goes_with_a_newer_one(self):
        _, old = self.tree()
        self.older(old.parent, 9 * DAY)
        self.deb("thing", "2", {"usr/lib/thing": "two\n"})
        self.index("2")
        self.older(self.cache / "apt/id", DAY + 60)
        self.good(ARCHIVES, "update")
        self.tree()
        self.assertFalse(old.exists())

    def test_two_at_once(self):
        self.there(slow=True)
        runs = [self.start(SCRIPTS / "guest-packages", "stable")
                for _ in range(2)]
        outs = [run.communicate()[0] for run in runs]
        self.assertEqual([run.returncode for run in runs], [0, 0], outs)
        self.assertEqual(outs[0].splitlines()[-1], outs[1].splitlines()[-1])
        self.assertEqual(sum("unpacking" in out for out in outs), 1, outs)


class RootTest(FakeTest):
    def setUp(self):
        super().setUp()
        self.package("bash_1_all.deb")

    def root(self, *options, build="build", **settings):
        return self.good(SCRIPTS / "root", *options,
                         BUILD=str(self.folder / build), **settings)

    def entry(self):
        return next((self.cache / "root").glob("*/sums")).parent

    def newer(self):
        self.package("bash_2_all.deb")
        self.index("2")
        self.older(self.cache / "apt/id", DAY + 60)

    def versions(self, build="build"):
        return (self.folder / build / "root/.versions").read_text()

    def test_made_once_and_named(self):
        self.root()
        self.assertIn("\nbash_1_all.deb\n", self.versions())
        self.assertRegex(self.versions(), r"made on \d{4}-\d\d-\d\d from http")
        self.assertEqual(self.root(), "")
        self.assertEqual(self.calls("mmdebstrap"), 1)

    def test_second_clone_without_network(self):
        self.root()
        self.root("--keep")
        self.there(offline=True)
        self.older(self.cache / "apt/id", 3 * DAY)
        out = self.root(build="second")
        self.assertIn("3 days old", out)
        self.assertEqual(self.calls("mmdebstrap"), 1)
        self.assertEqual(self.versions("second"), self.versions())
        self.assertEqual(self.versions(),
                         (self.entry() / "made-from").read_text())

    def test_damaged_entry(self):
        self.root()
        self.root("--keep")
        with (self.entry() / "root.tar.zst").open("ab") as f:
            f.write(b"x")
        self.assertIn("is damaged: making it anew", self.root(build="second"))
        self.assertEqual(self.calls("mmdebstrap"), 2)

    def test_newer_packages(self):
        self.root()
        self.newer()
        self.root()
        self.assertIn("bash_2_all.deb", self.versions())
        self.assertEqual(self.calls("mmdebstrap"), 2)

    def test_newer_packages_that_do_not_come(self):
        names = (SCRIPTS / "root-packages").read_text()
        for name in re.sub("#.*", "", names).split():
            self.package(f"{name.split(':')[0]}_1_all.deb")
        self.root()
        self.newer()
        self.good(ARCHIVES, "update")
        self.there(offline=True)
        # The step's own failure is printed; the root that is there serves.
        self.assertIn("newer packages cannot be fetched: the root stays",
                      self.root())
        self.assertIn("bash_1_all.deb", self.versions())

    def test_root_in_use_is_not_deleted(self):
        self.root()
        self.newer()
        build = self.folder / "build"
        with open(build / "root.lock", "w", encoding="ascii") as f:
            fcntl.flock(f, fcntl.LOCK_SH)
            self.root()
        self.assertEqual(len(list(build.glob("root.old*"))), 1)

    def test_two_at_once(self):
        self.there(slow=True)
        runs = [self.start(SCRIPTS / "root", BUILD=str(self.folder / name))
                for name in ("one", "two")]
        outs = [run.communicate()[0] for run in runs]
        self.assertEqual([run.returncode for run in runs], [0, 0], outs)
        self.assertEqual(self.versions("one"), self.versions("two"))
