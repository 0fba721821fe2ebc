# SPDX-License-Identifier: GPL-2.0-or-later
"""Rows that a program in the guest measures: start, fences, maps, drawing."""

import re
import time

from harness import env
from harness.vm import Vm

from .bench import OURS
from .figures import Goal
from .machines import GUEST, KINDS, LOG
from .sampling import Contender

START_ROUNDS = 3
FENCE_ROUNDS = 5
FENCES = 100
FENCE_KINDS = ('ring', 'device', 'threads')
MAP_ROUNDS = 3
# Blobs that are mapped while others come and go, and how many of those
LIVE = {1: 100, 100: 100, 2000: 40}
SPIN_ROUNDS = 3
SPIN_SIZE = '640x480'
SPIN_FRAMES = 20
MANY_FLIPS = 2000
US, S, FPS = 'us', 's', 'fps'
GL = 'sdl,gl=on'
OURS_LINE = 'ours, Venus-only'


def found(pattern, output):
    """The match that a program's output must have."""
    match = re.search(pattern, output)
    if not match:
        raise RuntimeError(output.strip()[-300:])
    return match


# start

def start_once(subject, kind):
    log = LOG / f'start-{kind}-{subject.name}'
    begin = time.monotonic()
    with Vm(log, GUEST, gpu=(KINDS[kind].gpu,), qemu=subject.qemu) as vm:
        answers = time.monotonic()
        vm.wait_ready()
        return {'answers': answers - begin,
                'booted': time.monotonic() - begin}


def start(bench):
    names = {'2d': '{}, virtio-gpu-pci', 'venus': '{}, Venus-only'}
    who = [(kind, subject) for kind in names
           for subject in ([OURS] if kind == '2d' else bench.mine)]
    taken = bench.take(
        [Contender(names[kind].format(subject.name),
                   lambda kind=kind, subject=subject:
                   start_once(subject, kind), subject.ours)
         for kind, subject in who], START_ROUNDS)
    for key, text in (('answers', 'QEMU answers'),
                      ('booted', "guest's shell")):
        base = f"{text}: {names['2d'].format('ours')}"
        for name, mine in taken.items():
            what = f'{text}: {name}'
            against = [] if what == base else [(base, 'virtio-gpu-pci')]
            if name == names['venus'].format('ours'):
                against.append((f"{text}: {names['venus'].format('old')}",
                                'old'))
            bench.figure(what, mine, key, S, against=against)


# fence

def fence_once(vm):
    """Microseconds of round trips as the guest sees them, medians."""
    output = vm.console.check(f'fencebench --count {FENCES}', 300)
    medians = dict(re.findall(r'fencebench: (\w+) .*median_us (\d+)', output))
    if set(medians) != set(FENCE_KINDS):
        raise RuntimeError(output.strip()[-300:])
    return {kind: int(median) for kind, median in medians.items()}


def fence_goal(figure):
    """Beside the QEMU that the project began with."""
    base = next((r for r in figure.against if r.name.startswith('stock')), None)
    return base and Goal(f'at most 1/40 of {base.name}', base.ratio <= 1 / 40)


def round_trips(bench, once):
    """Contenders of rows about fences: others first, ours last."""
    contenders = bench.contenders('gl', [bench.stock, bench.upstream], once,
                                  f'{{}}, {GL}')
    contenders += bench.contenders('venus', bench.mine, once,
                                   '{}, Venus-only')
    return bench.take(contenders, FENCE_ROUNDS)


def show_round_trips(bench, taken, key, floor, notes=()):
    """Ours beside all others, and each beside what nobody can beat."""
    beside = [(f'{subject.name}, {GL}', subject.name)
              for subject in (bench.stock, bench.upstream) if subject]
    for name, mine in taken.items():
        ours = name == OURS_LINE
        upstream = bench.upstream and name.startswith(bench.upstream.name)
        bench.figure(
            name, mine, key, US, each=FENCES, against=[
                *(beside if ours else ()),
                *([('old, Venus-only', 'old')] if ours else ()), floor],
            notes=[*(notes if ours else ()),
                   bench.upstream_text if upstream else None])


def fence(bench):
    taken = round_trips(bench, fence_once)
    ours = taken.get(OURS_LINE)
    floor = 'two threads of the guest alone'
    bench.figure(floor, ours, 'threads', US, each=FENCES)
    bench.figure('ours, answered without a renderer', ours, 'device', US,
                 each=FENCES, against=[(floor, 'two threads')])
    show_round_trips(bench, taken, 'ring', (floor, 'two threads'),
                     [fence_goal])


# sync-fd

def sync_us(output):
    return {'sync': int(found(r'median_us (\d+)', output).group(1))}


def sync_fd_once(vm):
    return sync_us(vm.console.check(f'syncbench --count {FENCES}', 300))


def sync_native():
    """On the host's own driver, without a machine between."""
    return sync_us(env.host_program('syncbench', '--count', FENCES).stdout)


def sync_fd(bench):
    floor = 'on the host, no guest'
    native = bench.take([Contender(floor, sync_native)], FENCE_ROUNDS)
    bench.figure(floor, native.get(floor), 'sync', US, each=FENCES)
    show_round_trips(bench, round_trips(bench, sync_fd_once), 'sync',
                     (floor, 'the host'))


# map

def map_once(vm):
    """Microseconds that mapping and unmapping adds to a blob's life."""
    costs = {}
    for live, count in LIVE.items():
        output = vm.console.check(f'mapbench --live {live} --count {count}',
                                  300)
        match = found(r'blob_us (\d+) mapped_us (\d+)', output)
        costs[live] = max(int(match.group(2)) - int(match.group(1)), 1)
    return costs


def map_blobs(bench):
    base = 'ours, window, 1 mapped'
    for kind in ('window', 'subregion'):
        taken = bench.take(
            bench.contenders(kind, bench.mine, map_once, '{}, ' + kind),
            MAP_ROUNDS)
        for live in LIVE:
            for name, mine in taken.items():
                what = f'{name}, {live} mapped'
                against = []
                if name.startswith('ours'):
                    against = [(f'old, {kind}, {live} mapped', 'old')]
                    if what != base:
                        against.insert(0, (base, 'window, 1 mapped'))
                bench.figure(what, mine, live, US, each=LIVE[live],
                             against=against)


# spin

def spin_fps(output):
    return float(found(r'vkspin: device .* fps ([0-9.]+)', output).group(1))


def spin_once(vm):
    """Frames a second with each way of getting one onto the screen."""
    return {path: spin_fps(vm.console.check(
                f'vkspin --unpaced --size {SPIN_SIZE} --path {path} '
                f'--frames {SPIN_FRAMES}', 600))
            for path in ('copy', 'zero-copy')}


def spin_native():
    """On the host, without a machine between program and driver."""
    done = env.host_program('vkspin', '--path', 'offscreen', '--size',
                            SPIN_SIZE, '--frames', SPIN_FRAMES)
    return {'offscreen': spin_fps(done.stdout)}


def spin_goal(figure):
    base = next((r for r in figure.against if r.name == 'the host'), None)
    return base and Goal('on a GPU at least 0.90 of the host',
                         base.ratio >= 0.9)


def spin(bench):
    native = Contender('on the host, shown to nobody', spin_native, True)
    taken = bench.take(
        [native] + bench.contenders('venus', bench.mine, spin_once),
        SPIN_ROUNDS)
    bench.figure(native.name, taken.pop(native.name, None), 'offscreen', FPS,
                 each=SPIN_FRAMES, better='higher')
    for path in ('copy', 'zero-copy'):
        for name, mine in taken.items():
            against = [(native.name, 'the host')]
            notes = []
            if name == 'ours':
                against.append((f'old, guest, {path}', 'old'))
                notes = [spin_goal if path == 'zero-copy' else None]
            bench.figure(f'{name}, guest, {path}', mine, path, FPS,
                         each=SPIN_FRAMES, better='higher', against=against,
                         notes=notes)


# leaks

def count_kept(vm):
    """QEMU's open descriptors and shared mappings."""
    time.sleep(1)
    return sum(vm.descriptors().values()), sum(vm.mappings().values())


def leaks_once(vm):
    before = count_kept(vm)
    vm.console.check('flipbench --kind host3d --draw --fps 0 '
                     f'--frames {MANY_FLIPS}', 300)
    after = count_kept(vm)
    return {'descriptors': after[0] - before[0],
            'mappings': after[1] - before[1]}


def leaks(bench):
    taken = bench.take(bench.contenders('venus', [OURS], leaks_once), 1)
    for key, text in (('descriptors', 'open descriptors kept'),
                      ('mappings', 'shared mappings kept')):
        figure = bench.figure(text, taken.get('ours'), key, '',
                              each=MANY_FLIPS, better='same',
                              notes=[lambda f: Goal('0', f.median == 0)])
        if figure and figure.median:
            bench.report.problem(figure.what, 'something is kept that should '
                                 'be given back', ours=True)
