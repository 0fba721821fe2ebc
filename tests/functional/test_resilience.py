# SPDX-License-Identifier: GPL-2.0-or-later
"""Resets, dead and stopped render servers, and nothing left behind."""

import os
import re
import signal
import time

from harness import env, picture
from harness.case import VmTest
from harness.vm import Vm


class ResilienceTest(VmTest):
    """A VM that is disturbed, and what must hold of it afterwards."""

    guest = 'new'

    def assert_frame_again(self, frame):
        program = self.hold_frame(frame)
        self.assert_frame(frame)
        program.stop()

    def settled_descriptors(self, wanted=None, timeout=20):
        """QEMU's descriptors, once they are as wanted or time is up.

        Without a wish: once they have been the same for a while.
        """
        deadline = time.monotonic() + timeout
        last, same = None, 0
        while True:
            found = self.vm.descriptors()
            same = same + 1 if found == last else 0
            if (found == wanted or (wanted is None and same == 4) or
                    time.monotonic() > deadline):
                return found
            last = found
            time.sleep(0.5)

    def wait_gone(self, pids, timeout=15):
        """Waits for processes to end."""
        deadline = time.monotonic() + timeout
        while any(os.path.exists(f'/proc/{pid}/exe') for pid in pids):
            self.assertLess(time.monotonic(), deadline,
                            'the killed process is still there')
            time.sleep(0.1)


class Reset(ResilienceTest):
    group = 'reset'
    time_limit = 900

    def setUp(self):
        fresh = self.vm is None
        super().setUp()
        if fresh or not hasattr(type(self), 'descriptors'):
            # The first use may open files that stay open: they count.
            self.assert_frame_again(0)
            type(self).descriptors = self.settled_descriptors()
            type(self).mappings = self.vm.mappings()

    def assert_nothing_left(self):
        self.assert_no_panic()
        self.assertEqual(self.settled_descriptors(self.descriptors),
                         self.descriptors)
        self.assertEqual(self.vm.mappings(), self.mappings)

    def test_guest_reboots_in_the_same_qemu(self):
        self.vm.reboot()
        self.assert_frame_again(37)
        self.assert_nothing_left()

    def test_system_reset_while_vkspin_runs_3_times(self):
        for _ in range(3):
            self.vm.background('vkspin --frames 100000', '')
            self.wait_for_animation()
            self.vm.reset()
        self.assert_frame_again(37)
        self.assert_nothing_left()

    def test_system_reset_while_cards_are_shown(self):
        for kind in ('host3d', 'guest', 'dumb'):
            self.vm.background(f'blobcard --kind {kind} --hold',
                               'blobcard: holding')
            self.vm.reset()
            image = picture.stable(self.vm.picture)
            self.assertLess(picture.colours(image), 64,
                            'the card survived the reset')
        self.assert_frame_again(200)
        self.assert_nothing_left()

    def wait_for_animation(self):
        deadline = time.monotonic() + 60
        first = self.vm.picture()
        while (picture.colours(first) < 200 or
               picture.difference(first, self.vm.picture()) == 0):
            self.assertLess(time.monotonic(), deadline, 'nothing moves')
            time.sleep(0.2)
            first = self.vm.picture()


class ResetLoop(ResilienceTest):
    """A guest that does nothing but reset the device."""

    group = 'reset-loop'

    def test_stop_and_cont_find_no_deadlock(self):
        # A vCPU in a reset, and a main thread that waits for it to pause.
        program = self.vm.background('resetloop --seconds 15',
                                     'resetloop: resetting')
        rounds = 0
        while rounds % 10 or program.running():
            self.vm.qmp.execute('stop', timeout=20)
            self.assertEqual(
                self.vm.qmp.execute('query-status')['status'], 'paused')
            self.vm.qmp.execute('cont', timeout=20)
            rounds += 1
        done = re.search(r'resetloop: (\d+) resets', program.output())
        self.assertTrue(done, program.output())
        # A stop that meets no reset proves nothing.
        self.assertGreater(int(done.group(1)), rounds)
        self.assertGreater(rounds, 20)
        program.forget()
        self.vm.reset()         # gives the device back to its driver
        self.assert_frame_again(37)


class RenderServer(ResilienceTest):
    """A render server, or one of its workers, that is killed or stopped.

    The watchdog has to end what is stopped, and only that; what is killed
    needs no watchdog.
    """

    group = 'render-server'
    time_limit = 900

    @classmethod
    def make_vm(cls):
        return Vm(cls.log_dir(), cls.guest,
                  extra=('-trace', 'venus_watchdog_kill'))

    def kills(self):
        """What the watchdog killed so far: a worker's pid, 0 the server."""
        return [int(pid) for pid in re.findall(
            r'^venus_watchdog_kill pid (\d+) server \d', self.vm.stderr, re.M)]

    def assert_given_up(self, before, victims, warning):
        """Asserts that the watchdog kills one of them, then all goes on."""
        self.wait_until(lambda: len(self.kills()) > before,
                        'the watchdog does nothing', 60)
        killed = self.kills()[before:]
        self.assertLessEqual(set(killed), set(victims))
        self.wait_until(lambda: warning in self.vm.stderr,
                        f'no warning: {warning}')
        self.assert_goes_on()

    def assert_goes_on(self):
        """Asserts that QMP and 2D work, and that nobody had to be killed."""
        before = len(self.kills())
        self.vm.qmp.execute('query-status')
        # The dead context's program is stuck or gone: the text console and
        # a dumb buffer need no render server.
        self.vm.console.run('killall -9 vkspin mapbench; sleep 1', 30)
        card = self.hold_card('dumb')
        self.assert_card()
        card.stop()
        self.assert_text_follows()
        self.vm.qmp.execute('query-status')
        self.assertEqual(len(self.kills()), before, 'the watchdog had to kill')

    def start_vkspin(self):
        self.vm.background('vkspin --frames 100000', '')
        self.wait_until(lambda: self.vm.render_workers() and
                        picture.colours(self.vm.picture()) >= 200,
                        'vkspin shows nothing', 60)
        return self.vm.render_workers()

    def stop_processes(self, pids):
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        self.addCleanup(self.end_all, pids)

    def test_killed_server_leaves_vm_and_2d_picture(self):
        workers = self.start_vkspin()
        server = self.vm.render_server()
        os.kill(server, signal.SIGKILL)
        self.wait_gone([server, *workers])
        self.assert_goes_on()
        self.vm.reset()
        self.assert_frame_again(37)

    def test_killed_worker_costs_its_context_only(self):
        workers = self.start_vkspin()
        os.kill(workers[0], signal.SIGKILL)
        self.wait_gone(workers[:1])
        self.assert_goes_on()
        self.assert_frame_again(200)

    def test_stopped_worker_is_given_up(self):
        before = len(self.kills())
        # For each of its blobs QEMU waits for an answer of the worker.
        self.vm.background('mapbench --count 1000000', '')
        self.wait_until(self.vm.render_workers, 'no worker came')
        workers = self.vm.render_workers()
        self.stop_processes(workers)
        self.assert_given_up(before, workers, 'its worker was killed')
        self.assert_frame_again(200)

    def test_stopped_worker_holds_up_its_program_only(self):
        # Commands in a ring are waited for by the program, not by QEMU.
        self.stop_processes(self.start_vkspin())
        self.assert_goes_on()
        self.assert_frame_again(200)

    def test_stopped_server_is_given_up(self):
        before = len(self.kills())
        self.stop_processes([self.vm.render_server()])
        # A new context needs the server.
        self.vm.background('vulkaninfo --summary', '')
        self.assert_given_up(before, [0], 'it was killed with all its workers')
        self.vm.reset()
        self.assert_frame_again(37)

    @staticmethod
    def end_all(pids):
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass


class Flips(ResilienceTest):
    group = 'flips'
    check = ('*', '!2000_*')
    time_limit = 300
    flip = 'flipbench --kind host3d --fps 60'

    @classmethod
    def make_vm(cls):
        return Vm(cls.log_dir(), cls.guest,
                  extra=('-trace', 'venus_scanout_set'))

    def wait_flips(self, count):
        """Waits until that many more blobs were made the picture."""
        wanted = len(self.events('venus_scanout_set')) + count
        self.wait_until(
            lambda: len(self.events('venus_scanout_set')) >= wanted,
            f'no {count} flips', 60)

    def assert_flips_leave_no_trace(self, count):
        self.vm.console.check(f'{self.flip} --frames 20', 60)
        descriptors = self.settled_descriptors()
        mappings = self.vm.mappings()
        output = self.vm.console.check(f'{self.flip} --frames {count}', 240)
        self.assertRegex(output, rf'flipbench: kind host3d flips {count} fps')
        self.assertEqual(self.settled_descriptors(descriptors), descriptors)
        self.assertEqual(self.vm.mappings(), mappings)

    def test_300_flips_leave_descriptors_and_mappings_alone(self):
        self.assert_flips_leave_no_trace(300)

    def test_2000_flips_leave_descriptors_and_mappings_alone(self):
        self.assert_flips_leave_no_trace(2000)

    def test_descriptors_do_not_grow_while_flipping(self):
        self.program(f'{self.flip} --frames 100000', '')
        self.wait_flips(60)
        first = sum(self.vm.descriptors().values())
        self.wait_flips(120)
        self.assertLessEqual(sum(self.vm.descriptors().values()), first + 1)


class Readback(ResilienceTest):
    """Dma-bufs as if they could not be mapped, and no device that reads them.

    They are shared memory here, which passes for a dma-buf until it is tried.
    """

    group = 'readback-refused'

    @classmethod
    def make_vm(cls):
        return Vm(cls.log_dir(), cls.guest, display=('-display', 'none'),
                  gpu=(env.VENUS + ',x-scanout-readback=on,id=gpu0',),
                  extra=('-trace', 'venus_readback_*'))

    def test_screendump_is_black(self):
        # It comes all the same: of the right size, and without pixels of
        # anything that was shown before.
        self.hold_frame(7, '--path zero-copy')
        image = self.vm.picture()
        image.save(self.log_dir() / f'{self.short_name}.png')
        self.assertEqual(image.getextrema(), ((0, 0),) * 3)
        self.assertIn('venus_readback_start scanout 0 {}x{}'.format(
            *image.size), self.vm.stderr)
        self.assertRegex(self.vm.stderr, 'warning: virtio-gpu: a picture in '
                         'the memory of a device cannot be read back: '
                         '.*(shared memory|dma-buf)')

    def test_flips_go_on(self):
        output = self.vm.console.check('vkspin --path zero-copy --frames 20',
                                       120)
        self.assertIn('path zero-copy frames 20', output)

    def test_text_console_follows(self):
        self.assert_text_follows()

    def test_card_is_shown(self):
        self.hold_card()
        self.assert_card()


class Memory(VmTest):
    """TCG has to order a store-release before a later load-acquire."""

    group = 'litmus'
    check = ('*', '!*_32_million')
    time_limit = 1200
    most = 4_000_000    # rounds of one run

    def litmus(self, rounds):
        """The forbidden outcomes in that many rounds."""
        status, output = self.vm.console.run(f'litmus-stlr --rounds {rounds}',
                                             400)
        found = re.search(r'litmus-stlr: rounds (\d+) forbidden (\d+)', output)
        self.assertTrue(found, output)
        self.assertEqual(int(found.group(1)), rounds)
        self.assertEqual(status == 0, found.group(2) == '0', output)
        return int(found.group(2))

    def test_no_forbidden_outcome_in_4_million(self):
        self.assertEqual(self.litmus(self.most), 0)

    def test_no_forbidden_outcome_in_32_million(self):
        for _ in range(8):
            self.assertEqual(self.litmus(self.most), 0)


class MemoryUnpatched(Memory):
    """The litmus test finds the fault where it is."""

    group = 'litmus-unpatched'
    check = ('*',)
    test_no_forbidden_outcome_in_4_million = None
    test_no_forbidden_outcome_in_32_million = None

    @classmethod
    def make_vm(cls):
        return Vm(cls.log_dir(), cls.guest, qemu=env.QEMU_UNPATCHED,
                  gpu=('virtio-gpu-pci,romfile=,id=gpu0',))

    def setUp(self):
        if not env.QEMU_UNPATCHED.exists():
            self.skipTest('needs a QEMU without the ordering fix: '
                          'QEMU_UNPATCHED names one')
        super().setUp()

    def test_forbidden_outcome_without_the_fix(self):
        # In as many rounds as the test above takes without finding one
        self.assertTrue(any(self.litmus(100_000) for _ in range(40)))
