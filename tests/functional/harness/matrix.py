# SPDX-License-Identifier: GPL-2.0-or-later
"""Groups that are one row of a table: a VM, and the tests it is put to."""

from dataclasses import dataclass
from pathlib import Path

from . import env, layers
from .case import VmTest
from .vm import Vm


@dataclass(frozen=True)
class Row:
    """One VM; what is not said is QEMU's default."""

    group: str
    guest: str
    tests: tuple        # sets of tests: classes, in the order they are run in
    check: tuple        # see FunctionalTest.check
    memory: str = ''    # "lookalike": of a driver such as MoltenVK
    mapping: str = ''   # of the device's hostmem-mapping
    granule: str = ''   # of its hostmem-granule
    options: str = ''   # more of the device's properties
    prefix: str = ''    # put before each Vulkan program
    extra: tuple = ()   # more of QEMU's options
    qemu: Path = env.QEMU
    time_limit: int = 600

    def device(self):
        properties = {'hostmem-mapping': self.mapping,
                      'hostmem-granule': self.granule}
        return ','.join([env.VENUS, 'id=gpu0', *(
            f'{name}={value}' for name, value in properties.items() if value),
            *filter(None, [self.options])])


class RowTest(VmTest):
    """The base of every row's class; traces are what its tests look at."""

    row = None
    prefix = ''

    @classmethod
    def make_vm(cls):
        row = cls.row
        environ = {}
        if row.memory == 'lookalike':
            environ = layers.lookalike(cls.log_dir())
        return Vm(cls.log_dir(), row.guest, gpu=(row.device(),),
                  qemu=row.qemu, environ=environ,
                  extra=('-trace', 'venus_image_get', '-trace', 'venus_memory',
                         '-trace', 'venus_resource_create', *row.extra))


def group(row):
    """The class of a row's tests."""
    return type(row.group, (*reversed(row.tests), RowTest), {
        'row': row, 'group': row.group, 'guest': row.guest,
        'check': row.check, 'prefix': row.prefix,
        'time_limit': row.time_limit})
