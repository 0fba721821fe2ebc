# SPDX-License-Identifier: GPL-2.0-or-later
"""The machines that rows measure: booted once, stopped while others run."""

import shutil
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from harness import env
from harness.vm import Vm
from harness.xserver import XServer

LOG = env.BUILD / 'log/bench'
GUEST = 'new'
VENUS = env.VENUS + ',id=gpu0'
STOCK_GL = 'virtio-gpu-gl-pci,venus=on,blob=on,hostmem=256M,romfile=,id=gpu0'
STOCK_2D = 'virtio-gpu-pci,romfile=,id=gpu0'
NONE = ('-display', 'none')


@dataclass(frozen=True)
class Kind:
    """A device with a display."""

    gpu: str
    display: tuple = NONE
    on_x: bool = False          # the display needs an X server


KINDS = {
    'venus': Kind(VENUS),
    'window': Kind(VENUS + ',hostmem-mapping=window'),
    'subregion': Kind(VENUS + ',hostmem-mapping=subregion'),
    'vulkan': Kind(VENUS, ('-display', 'sdl,vulkan=on'), True),
    '2d': Kind(STOCK_2D),
    'gl': Kind(STOCK_GL, ('-display', 'sdl,gl=on'), True),
}


@dataclass(frozen=True)
class Subject:
    """A QEMU to be measured."""

    name: str
    qemu: object
    environ: tuple = ()         # pairs
    ours: bool = False          # whether a failure is one of ours


class Machine:
    """A booted guest that runs only while it is measured."""

    def __init__(self, subject, kind, stack, log):
        self.subject = subject
        self.vm = None
        self.x = None
        self._stack = stack
        self._boot(kind, log)

    def _boot(self, kind, log):
        shutil.rmtree(log, ignore_errors=True)
        log.mkdir(parents=True)
        environ = dict(self.subject.environ)
        if kind.on_x:
            self.x = self._stack.enter_context(XServer(log / 'xvfb.log'))
            environ.update(self.x.environ)
        self.vm = self._stack.enter_context(
            Vm(log, GUEST, gpu=(kind.gpu,), display=kind.display,
               qemu=self.subject.qemu, environ=environ))
        self.vm.wait_ready()
        self.vm.qmp.execute('stop')

    @contextmanager
    def running(self):
        self.vm.qmp.execute('cont')
        try:
            yield self.vm
        finally:
            if self.vm.alive:
                self.vm.qmp.execute('stop')

    def close(self):
        self._stack.close()


class Machines:
    """All that are booted now.  Use as a context manager."""

    def __init__(self):
        self._booted = {}       # (kind's name, subject) -> Machine
        self.release = None     # the guest's kernel

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.keep(())

    def get(self, kind, subject):
        """The machine of that kind, booted if it is not."""
        key = kind, subject
        if key not in self._booted:
            name = f'{kind}-{subject.name}'.replace(' ', '-').replace('/', '-')
            stack = ExitStack()
            try:
                self._booted[key] = Machine(subject, KINDS[kind], stack,
                                            LOG / name)
            except BaseException:
                stack.close()
                raise
            self.release = self._booted[key].vm.release
        return self._booted[key]

    def keep(self, kinds):
        """Ends the machines of other kinds."""
        for key in [k for k in self._booted if k[0] not in kinds]:
            self._booted.pop(key).close()
