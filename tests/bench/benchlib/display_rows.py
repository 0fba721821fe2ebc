# SPDX-License-Identifier: GPL-2.0-or-later
"""Rows about displays: what a frame costs that is shown to somebody.

The figures are of all of QEMU's threads but the guest's processors, less what
a guest costs that only waits as often; of the frames that were shown, so that
a slow display does not look cheap.
"""

import re
import shutil
import tempfile
import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass

from harness import env
from harness.vm import Vm
from harness.vnc import VncClient
from harness.wayland import WaylandServer
from harness.xserver import XServer

from .bench import OURS
from .figures import Goal
from .frame_rows import FPS, MS, SIZE, flipbench, seconds_used
from .guest_rows import found
from .machines import GUEST, LOG, VENUS
from .sampling import Contender

WINDOWS = 3             # samples from one run of the guest's program
WINDOW_SECONDS = 2.0
WARM_SECONDS = 1.5      # the text console's last frame is gone then
WAIT_SECONDS = 2.0
FLOOR_FLIPS = 300
FLOOR = 'a bare swapchain'

# What tells of frames that were shown: a window's, else the device's
WINDOW_FRAMES = ('-trace', 'vulkan_presenter_frame')
DEVICE_FRAMES = ('-trace', 'venus_scanout_put')
SDL = ('-display', 'sdl')


@dataclass(frozen=True)
class Way:
    """A way to show frames."""

    name: str
    options: tuple              # -display and so on
    environ: tuple = ()         # pairs
    vnc: bool = False           # with a client that follows


SDL_WINDOW = Way('sdl', (*SDL, *DEVICE_FRAMES))
# On Wayland SDL has no window without OpenGL.
SDL_PLAIN = Way('sdl, no acceleration', (*SDL, *DEVICE_FRAMES), (
    ('SDL_RENDER_DRIVER', 'software'), ('SDL_FRAMEBUFFER_ACCELERATION', '0')))
VULKAN = Way('sdl,vulkan=on', ('-display', 'sdl,vulkan=on', *WINDOW_FRAMES))
UPLOAD = Way('sdl,vulkan=on, upload', (
    '-display', 'sdl,vulkan=on,vulkan-import=upload', *WINDOW_FRAMES))
VNC = Way('vnc', DEVICE_FRAMES, vnc=True)


class Follower:
    """A VNC client that asks for the next update as soon as it has one."""

    def __init__(self, path):
        self._client = VncClient(path)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.updates = 0

    def _run(self):
        while not self._stop.is_set():
            try:
                self.updates += self._client.updates(0.25)
            except OSError:     # QEMU has ended
                return

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join(10)
        self._client.__exit__()


class Shown:
    """A machine whose frames somebody looks at.  A context manager."""

    def __init__(self, subject, way, server):
        self._subject = subject
        self._way = way
        self._server = server
        self._stack = ExitStack()
        self._follower = None
        self.vm = None

    def __enter__(self):
        try:
            self._start()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *_):
        self._stack.close()

    def _start(self):
        name = f'{self._way.name} {self._server or ""} {self._subject.name}'
        log = LOG / re.sub(r'[^a-z0-9]+', '-', name.lower())
        shutil.rmtree(log, ignore_errors=True)
        log.mkdir(parents=True)
        folder = self._stack.enter_context(tempfile.TemporaryDirectory())
        options = self._way.options
        environ = {}
        if self._server:
            display = self._stack.enter_context(
                SERVERS[self._server](log / 'server.log'))
            environ = dict(display.environ)
        if self._way.vnc:
            options = ('-display', 'none', '-vnc', f'unix:{folder}/vnc',
                       *options)
        self.vm = self._stack.enter_context(
            Vm(log, GUEST, gpu=(VENUS,), display=options,
               qemu=self._subject.qemu,
               environ=dict(environ, **dict(self._way.environ))))
        self.vm.wait_ready()
        if self._way.vnc:
            self._follower = self._stack.enter_context(
                Follower(f'{folder}/vnc'))

    def counters(self):
        """What there has been so far."""
        events = self.vm.stderr
        match = re.findall(r'frames (\d+) pixels copied (\d+)', events)
        shown, copied = (int(n) for n in match[-1]) if match else \
            (events.count('\nvenus_scanout_put '), 0)
        return dict(seconds_used(self.vm), seconds=time.monotonic(),
                    shown=shown, copied=copied,
                    updates=self._follower.updates if self._follower else 0)

    def spent(self, kind, windows, seconds):
        """What there was in some times of a guest that flips."""
        total = WARM_SECONDS + windows * seconds
        program = self.vm.background(
            flipbench(kind, int((total + 0.5) * FPS)), '')
        time.sleep(WARM_SECONDS)
        stops = [self.counters()]
        for _ in range(windows):
            time.sleep(seconds)
            stops.append(self.counters())
        program.wait()
        return [{what: after[what] - before[what] for what in after}
                for before, after in zip(stops, stops[1:])]


def frame_samples(windows, waiting):
    """Costs of a frame that was shown, one dict a window."""
    samples = []
    for spent in windows:
        shown, seconds = spent['shown'], spent['seconds']
        if not shown:
            raise RuntimeError('no frame was shown')
        part = seconds / waiting['seconds']
        samples.append({
            'main': (spent['main'] - waiting['main'] * part) * 1000 / shown,
            'all': (spent['all'] - waiting['all'] * part) * 1000 / shown,
            'shown': shown / seconds, 'copied': spent['copied'],
            'updates': spent['updates'] / seconds})
    return samples


def measure_way(bench, subjects, way, server):
    """name of the subject -> Taken; in turn if there are two of them."""
    with ExitStack() as stack:
        contenders = []
        for subject in subjects:
            try:
                shown = stack.enter_context(Shown(subject, way, server))
                [waiting] = shown.spent('none', 1, WAIT_SECONDS)
            except Exception as error:  # the other one can be measured
                bench.failed(Contender(f'{subject.name}, {way.name}', None,
                                       subject.ours), error)
                continue
            contenders.append(Contender(
                subject.name, lambda shown=shown, waiting=waiting:
                frame_samples(shown.spent('host3d', WINDOWS, WINDOW_SECONDS),
                              waiting), subject.ours))
        return bench.take(contenders, 1 if len(contenders) < 2 else 2)


def show_way(bench, way, taken, base, goals=()):
    """The lines of a way: each thing for old and ours."""
    for key, text, unit, better in (
            ('main', 'main', MS, 'lower'),
            ('all', 'all', MS, 'lower'),
            ('shown', 'frames shown', '/s', 'higher'),
            ('updates', 'updates a client gets', '/s', 'higher')):
        if key == 'updates' and not way.vnc:
            continue
        for subject in bench.mine:
            mine = taken.get(subject.name)
            line = f'{{}}{way.name}: {text}'
            old = subject is not OURS
            against = []
            if not old:
                against = [(f'{other}: {text}', other) for other in base]
                against.append((line.format('old, '), 'old'))
            notes = [] if old else list(goals.get(key, ())) if goals else []
            if mine and key == 'all' and not old and 'vulkan' in way.name:
                notes.append(pixels_copied(way, mine))
            bench.figure(line.format('old, ' if old else ''), mine, key, unit,
                         better=better, against=against, notes=notes)


def pixels_copied(way, mine):
    copied = max(mine.samples['copied'])
    return Goal(f'no pixel copied by the CPU ({copied:.0f})', copied == 0) \
        if way is VULKAN else f'{copied:.0f} pixels copied by the CPU'


def at_most(limit, what):
    return lambda figure: Goal(f'at most {limit} ms, {what}',
                               figure.median <= limit)


def eighth_of_sdl(figure):
    base = next((r for r in figure.against if r.name == 'sdl'), None)
    return base and Goal('at most 1/8 of sdl', base.ratio <= 1 / 8)


VULKAN_GOALS = {
    'main': (at_most(0.3, 'main thread'),),
    'all': (at_most(3, 'all threads'), eighth_of_sdl),
    'shown': (lambda f: Goal('60 a second', f.median >= 59),),
}


def floor_once(server):
    """The same frames by a program that does nothing else, on the host."""
    log = LOG / 'floor'
    log.mkdir(parents=True, exist_ok=True)
    with SERVERS[server](log / 'server.log') as display:
        output = env.host_program('swapfloor', '--size', SIZE, '--frames',
                                  FLOOR_FLIPS, folder=env.BENCH_PROGRAMS,
                                  environ=display.environ).stdout
    match = found(r'swapfloor: mode (\S+) .*fps ([0-9.]+) presenting_ms '
                  r'([0-9.]+) all_ms ([0-9.]+)', output)
    return {'shown': float(match.group(2)), 'main': float(match.group(3)),
            'all': float(match.group(4))}


def show_floor(bench, server):
    taken = bench.take(
        [Contender(FLOOR, lambda: floor_once(server))], 1).get(FLOOR)
    for key, text, unit, better in (
            ('main', 'main', MS, 'lower'),
            ('all', 'all', MS, 'lower'),
            ('shown', 'frames shown', '/s', 'higher')):
        bench.figure(f'{FLOOR}: {text}', taken, key, unit, each=FLOOR_FLIPS,
                     better=better)


def windows_row(server, ways):
    def measure(bench):
        show_floor(bench, server)
        for way in ways:
            taken = measure_way(bench, bench.mine, way, server)
            base = [FLOOR] + (['sdl'] if way is not SDL_WINDOW else [])
            show_way(bench, way, taken, base,
                     VULKAN_GOALS if way is VULKAN else ())
    return measure


def vnc(bench):
    show_way(bench, VNC, measure_way(bench, bench.mine, VNC, None), [])


# Mesa shares a software driver's pictures with a compositor of Wayland; to an
# X server without DRI3, as Xvfb, it sends every pixel.
SERVERS = {'wayland': WaylandServer, 'x11': XServer}

wayland = windows_row('wayland', (SDL_WINDOW, VULKAN, UPLOAD))
x11 = windows_row('x11', (SDL_WINDOW, SDL_PLAIN, VULKAN, UPLOAD))
