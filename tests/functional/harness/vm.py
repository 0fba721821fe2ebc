# SPDX-License-Identifier: GPL-2.0-or-later
"""One QEMU process: starting it, talking to it, looking into it."""

import os
import socket
import subprocess
import time
from collections import Counter
from pathlib import Path

from PIL import Image

from . import env
from .console import Console
from .qmp import Qmp, QmpError

READY = r'GUEST-READY (\S+) (\S+)\r?\n'
# TCG computes every signature of pointer authentication in a helper.
MACHINE = ('-M', 'virt', '-cpu', 'max,pauth=off', '-smp', '2',
           '-m', '1G', '-nic', 'none')


def process_stat(pid):
    """Command name, state and parent of a process."""
    text = Path(f'/proc/{pid}/stat').read_text()
    name, rest = text.split('(', 1)[1].rsplit(')', 1)
    state, parent = rest.split()[:2]
    return name, state, int(parent)


def children(pid):
    """The process ids of the living children of pid."""
    found = []
    for entry in Path('/proc').iterdir():
        if entry.name.isdigit():
            try:
                _, state, parent = process_stat(entry.name)
            except (OSError, IndexError):
                continue
            if parent == pid and state != 'Z':
                found.append(int(entry.name))
    return sorted(found)


class Vm:
    """A virtual machine.  Use as a context manager: QEMU never outlives it."""

    def __init__(self, log, guest='new', *, gpu=(env.VENUS + ',id=gpu0',),
                 display=('-display', 'none'), extra=(), append='',
                 qemu=env.QEMU, environ=None):
        self.log = Path(log)
        self.gpu_id = 'gpu0'
        self.release = None
        self._guest = guest
        self._environ = dict(os.environ, **(environ or {}))
        self._command = ['setpriv', '--pdeathsig', 'KILL', str(qemu),
                         '-nodefaults', '-name', 'debug-threads=on',
                         *MACHINE, *display]
        for device in gpu:
            self._command += ['-device', device]
        self._command += extra
        if guest:
            kernel, initrd = env.guest_files(guest)
            self._command += ['-kernel', str(kernel), '-initrd', str(initrd),
                              '-append', f'console=ttyAMA0 quiet {append}']
        self._process = None
        self._pictures = 0
        self._programs = 0
        self.qmp = self.console = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.kill()

    @property
    def pid(self):
        return self._process.pid

    @property
    def alive(self):
        return self._process is not None and self._process.poll() is None

    @property
    def stderr(self):
        """What QEMU printed."""
        return (self.log / 'qemu.log').read_text(errors='replace')

    def start(self):
        self.log.mkdir(parents=True, exist_ok=True)
        qmp, qemu_qmp = socket.socketpair()
        serial, qemu_serial = socket.socketpair()
        fds = (qemu_qmp.fileno(), qemu_serial.fileno())
        command = self._command + [
            '-chardev', f'socket,id=qmp,fd={fds[0]}',
            '-mon', 'chardev=qmp,mode=control',
            '-chardev', f'socket,id=serial,fd={fds[1]},'
                        f'logfile={self.log}/serial.log,logappend=on',
            '-serial', 'chardev:serial']
        with open(self.log / 'qemu.log', 'a', encoding='utf-8') as log:
            print('+', *command, file=log, flush=True)
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                pass_fds=fds, env=self._environ, cwd=self.log)
        qemu_qmp.close()
        qemu_serial.close()
        self.qmp = Qmp(qmp)
        self.console = Console(serial)
        try:
            self.qmp.connect()
        except (QmpError, OSError) as error:
            self.kill()
            last = self.stderr.strip().splitlines()[-1]
            raise RuntimeError(f'QEMU did not start: {last}') from error

    def kill(self):
        """Ends QEMU, whatever state it is in."""
        if self._process:
            self._process.kill()
            self._process.wait()
        for end in (self.qmp, self.console):
            if end:
                end.close()

    def wait_exit(self, timeout=30):
        """Waits for QEMU to end by itself: its exit status."""
        return self._process.wait(timeout)

    def wait_ready(self, timeout=180):
        """Waits until the guest has booted to its shell."""
        _, match = self.console.expect(READY, timeout)
        self.release = match.group(2)
        self.console.run('set +m', 30)      # no news of background jobs
        return self

    def reset(self):
        """Presses the reset button and waits for the guest to boot again."""
        self.console.forget()
        self.qmp.execute('system_reset')
        self.wait_ready()

    def reboot(self):
        """Lets the guest itself reboot."""
        self.console.forget()
        self.console.send('reboot -f\n')
        self.wait_ready()

    def responsive(self):
        """Whether QEMU and the guest's shell still answer."""
        if not self.alive:
            return False
        try:
            self.qmp.execute('query-status', timeout=10)
            return self.console.run('true', 15)[0] == 0
        except Exception:       # whatever it was: it does not answer
            return False

    def seconds_to_answer(self, timeout=30):
        """How long QEMU takes to answer a QMP command."""
        start = time.monotonic()
        self.qmp.execute('query-status', timeout=timeout)
        return time.monotonic() - start

    def picture(self, head=0, device=None):
        """What the given output shows, by QMP's screendump."""
        self._pictures += 1
        path = self.log / f'screendump-{self._pictures}.ppm'
        self.qmp.execute('screendump', filename=str(path), head=head,
                         device=device or self.gpu_id)
        with Image.open(path) as image:
            image = image.convert('RGB')
        path.unlink()
        return image

    def background(self, command, until, timeout=60):
        """Starts a guest program; waits until it printed the given text."""
        self._programs += 1
        return GuestProgram(self.console, self._programs, command, until,
                            timeout)

    def descriptors(self):
        """QEMU's open descriptors, counted by what they are."""
        found = Counter()
        for entry in Path(f'/proc/{self.pid}/fd').iterdir():
            try:
                target = os.readlink(entry)
            except OSError:
                continue
            found[target.split(':[')[0]] += 1
        return found

    def mappings(self):
        """QEMU's mappings of memory that has a descriptor, by name."""
        found = Counter()
        for line in Path(f'/proc/{self.pid}/maps').read_text().splitlines():
            _, mode, _, _, _, *name = line.split(maxsplit=5)
            if mode[3] == 's':
                found[name[0] if name else 'anonymous'] += 1
        return found

    def main_thread_seconds(self):
        """Processor time of QEMU's main thread so far."""
        path = Path(f'/proc/{self.pid}/task/{self.pid}/schedstat')
        return int(path.read_text().split()[0]) / 1e9

    def thread_seconds(self):
        """Processor time of QEMU's threads so far, by name.

        The guest's processors are "CPU 0/TCG" and so on.
        """
        used = Counter()
        for task in Path(f'/proc/{self.pid}/task').iterdir():
            try:
                name = (task / 'comm').read_text().strip()
                nanoseconds = (task / 'schedstat').read_text().split()[0]
            except OSError:     # it has ended meanwhile
                continue
            used[name] += int(nanoseconds) / 1e9
        return used

    def render_server(self):
        """The process id of the render server, None where there is none."""
        for pid in children(self.pid):
            if process_stat(pid)[0].startswith('virgl_render'):
                return pid
        return None

    def render_workers(self):
        """The process ids of the render server's workers, one a context."""
        server = self.render_server()
        return children(server) if server else []


class GuestProgram:
    """A program running in the background of the guest."""

    def __init__(self, console, number, command, until, timeout):
        self._console = console
        self._stopped = False
        self._log = f'/tmp/program.{number}'
        self._pid = console.check(f'{command} >{self._log} 2>&1 & '
                                  'echo $!').split()[-1]
        deadline = time.monotonic() + timeout
        while until not in self.output():
            if not self.running() or time.monotonic() > deadline:
                raise AssertionError(f'guest: {command!r} did not say '
                                     f'{until!r}: {self.output()[-500:]}')
            time.sleep(0.2)

    def output(self):
        return self._console.run(f'cat {self._log}')[1]

    def running(self):
        # Not its command line: that is empty for a moment while it starts.
        return self._console.run(
            f"grep -q '^State:.[^ZX]' /proc/{self._pid}/status")[0] == 0

    def wait(self, timeout=120):
        """Waits for the program to end: all it printed."""
        deadline = time.monotonic() + timeout
        while self.running():
            if time.monotonic() > deadline:
                raise AssertionError('guest program does not end: '
                                     f'{self.output()[-500:]}')
            time.sleep(0.3)
        return self.output()

    def forget(self):
        """The guest it ran in is gone: there is nothing to stop."""
        self._stopped = True

    def stop(self, timeout=30):
        if self._stopped:
            return
        self._stopped = True
        self._console.run(f'kill {self._pid}')
        self.wait(timeout)
