# SPDX-License-Identifier: GPL-2.0-or-later
"""Rows about frames that the guest flips to: what they cost QEMU.

What is flipped is also drawn: two pictures that only alternate look to a
display that takes every second one as if nothing changed.
"""

import re
import time

from .bench import OURS
from .figures import Goal

SIZE = '1920x1080'
FPS = 60
ROUNDS = 3
FLIPS = 180             # three seconds
WARM_FLIPS = 30
MS = 'ms'
UPSTREAM_KINDS = ('dumb', 'host3d')
WAITS = 'a guest that only waits as often'


def flipbench(kind, frames):
    draw = '' if kind == 'none' else ' --draw'
    return (f'flipbench --kind {kind} --size {SIZE} --fps {FPS} '
            f'--frames {frames}{draw}')


def seconds_used(vm):
    """Processor time of QEMU: its main thread, and all but the guest's.

    With the guest's processors the cost of emulating an idle loop would look
    like the display's.
    """
    used = vm.thread_seconds()
    if not any(name.startswith('CPU ') for name in used):
        raise RuntimeError("QEMU's threads have no names")
    return {'main': vm.main_thread_seconds(),
            'all': sum(seconds for name, seconds in used.items()
                       if not name.startswith('CPU '))}


def flip_once(vm, kind):
    """Milliseconds that QEMU spends on a flip; flips a second."""
    vm.console.check(flipbench(kind, WARM_FLIPS), 60)
    before = seconds_used(vm)
    output = vm.console.check(flipbench(kind, FLIPS), 300)
    after = seconds_used(vm)
    sample = {what: (after[what] - before[what]) * 1000 / FLIPS
              for what in after}
    found = re.search(r'flips \d+ fps ([0-9.]+)', output)
    if kind != 'none' and not found:
        raise RuntimeError(output.strip()[-300:])
    sample['fps'] = float(found.group(1)) if found else FPS
    return sample


def flips_of(kinds):
    """A measurement of several kinds of buffers, one after the other."""
    def measure(vm):
        return {f'{kind} {what}': value for kind in kinds
                for what, value in flip_once(vm, kind).items()}
    return measure


def flip_goal(waits):
    """Over what the guest's timers cost anyway."""
    def goal(figure):
        more = figure.median - waits.median
        return Goal(f'at most 0.16 ms more than waiting ({more:.3f})',
                    more <= 0.16)
    return waits and goal


def rate(taken, kind):
    """How fast it went, where that is not as asked."""
    fps = sorted(taken.samples[f'{kind} fps'])[len(
        taken.samples[f'{kind} fps']) // 2]
    return None if fps > FPS - 1 else f'only {fps:.0f} flips a second'


def flip(bench):
    taken = bench.take(
        bench.contenders('2d', [bench.stock], flips_of(('dumb',))) +
        bench.contenders('venus', bench.mine,
                         flips_of(('none', 'dumb', 'host3d'))), ROUNDS)
    waits = bench.figure(WAITS, taken.get('ours'), 'none main', MS, each=FLIPS)
    if bench.stock.name in taken:
        stock = taken[bench.stock.name]
        bench.figure(f'{bench.stock.name}, 2D device, dumb buffer', stock,
                     'dumb main', MS, each=FLIPS,
                     notes=[rate(stock, 'dumb')])
    names = {'dumb': 'dumb buffer', 'host3d': 'host3d blob'}
    for kind, text in names.items():
        for who in ('old', 'ours'):
            if who not in taken:
                continue
            against = [(f'{bench.stock.name}, 2D device, dumb buffer',
                        f'{bench.stock.name}, 2D')]
            notes = [rate(taken[who], kind)]
            if who == 'ours':
                against.append((f'old, {text}', 'old'))
                if kind == 'host3d':
                    against.insert(1, ('ours, dumb buffer', 'dumb buffer'))
                    notes.append(flip_goal(waits))
            bench.figure(f'{who}, {text}', taken[who], f'{kind} main', MS,
                         each=FLIPS, against=against, notes=notes)
    if bench.upstream:
        flip_beside_upstream(bench, names)


def is_black(machine):
    """Whether the machine's window shows nothing of what is flipped."""
    with machine.running() as vm:
        program = vm.background(flipbench('host3d', FLIPS * 10), '')
        time.sleep(2)
        picture = machine.x.picture(machine.x.wait_windows()[0])
        program.stop()
    return max(high for _, high in picture.getextrema()) == 0


def flip_beside_upstream(bench, names):
    """In windows on an X server: upstream has Venus with OpenGL ones only."""
    measure = flips_of(UPSTREAM_KINDS)
    upstream = bench.upstream.name
    taken = bench.take(
        bench.contenders('gl', [bench.upstream], measure) +
        bench.contenders('vulkan', [OURS], measure), ROUNDS)
    shown = {upstream: f'{upstream}, sdl,gl=on', 'ours': 'ours, sdl,vulkan=on'}
    black = None
    if upstream in taken and is_black(bench.machines.get('gl',
                                                         bench.upstream)):
        black = 'its window stays black: the frames are not shown'
    versions = bench.upstream_text
    for kind, text in names.items():
        for threads in ('main', 'all'):
            line = f'{{}}: {text}, {threads}'
            for who, name in shown.items():
                against = []
                notes = []
                if who == 'ours':
                    against = [(line.format(shown[upstream]), upstream)]
                elif who in taken:
                    notes = [versions, black if kind == 'host3d' else None]
                    versions = None
                if who in taken:
                    notes.append(rate(taken[who], kind))
                bench.figure(line.format(name), taken.get(who),
                             f'{kind} {threads}', MS, each=FLIPS,
                             against=against, notes=notes)
