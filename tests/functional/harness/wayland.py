# SPDX-License-Identifier: GPL-2.0-or-later
"""A Wayland compositor without a screen, and looking at the windows on it."""

import io
import json
import os
import subprocess
import tempfile
import time
from pathlib import Path

from PIL import Image

from .desktop import Desktop

# Windows keep the size that they ask for, and nothing is drawn around them.
SETTINGS = '''xwayland disable
output HEADLESS-1 mode {}x{}
default_border none
default_floating_border none
focus_on_window_activation focus
for_window [title=".*"] floating enable, border none, move position 0 0
'''


class WaylandServer(Desktop):
    """Sway without a GPU in a folder of its own, ended with the context."""

    def __init__(self, log, size=(2048, 1536)):
        self._log = log
        self.size = size
        self._folder = None
        self._process = None

    def __enter__(self):
        self._folder = tempfile.TemporaryDirectory(prefix='wayland-')
        try:
            self._start(Path(self._folder.name))
        except BaseException:
            self.__exit__()
            raise
        return self

    def _start(self, folder):
        settings = folder / 'sway.conf'
        settings.write_text(SETTINGS.format(*self.size))
        self.environ = {
            'XDG_RUNTIME_DIR': str(folder), 'SWAYSOCK': str(folder / 'sway'),
            'DISPLAY': '', 'XDG_SESSION_TYPE': 'wayland',
            'SDL_VIDEODRIVER': 'wayland',
            # Sway needs no window to draw its own frame.
            'SDL_VIDEO_WAYLAND_ALLOW_LIBDECOR': '0'}
        host = {'WLR_BACKENDS': 'headless', 'WLR_RENDERER': 'pixman',
                'WLR_LIBINPUT_NO_DEVICES': '1'}
        with open(self._log, 'a', encoding='utf-8') as log:
            self._process = subprocess.Popen(
                ['setpriv', '--pdeathsig', 'KILL', 'sway', '-c',
                 str(settings)], stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, env=dict(os.environ, **self.environ, **host))
        deadline = time.monotonic() + 60
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f'sway did not start: see {self._log}')
            time.sleep(0.1)
        display = [entry.name for entry in folder.glob('wayland-*')
                   if entry.is_socket()]
        self.environ['WAYLAND_DISPLAY'] = display[0]

    def _answers(self):
        return (Path(self.environ['SWAYSOCK']).exists() and
                b'HEADLESS-1' in self._call('swaymsg', '-r', '-t',
                                            'get_outputs', check=False))

    def __exit__(self, *_):
        if self._process:
            self._process.kill()
            self._process.wait()
        self._folder.cleanup()

    def windows(self, name='QEMU'):
        return sorted(node['id'] for node in self._nodes()
                      if name in (node.get('name') or ''))

    def resize(self, window, width, height):
        """Gives a window a size."""
        self._tell(window, f'resize set width {width} px height {height} px')

    def set_full_screen(self, window, on=True):
        self._tell(window, f"fullscreen {'enable' if on else 'disable'}")

    def close(self, window):
        """What the button of a window's frame does."""
        self._tell(window, 'kill')

    def picture(self, window):
        """The pixels of one window, which must not be below another."""
        # Sway keeps the middle where it is when a size changes.
        self._tell(window, 'move position 0 0')
        place = next(node['rect'] for node in self._nodes()
                     if node['id'] == window)
        data = self._call('grim', '-t', 'ppm', '-g',
                          '{x},{y} {width}x{height}'.format(**place), '-')
        return Image.open(io.BytesIO(data)).convert('RGB')

    def _tell(self, window, command):
        self._call('swaymsg', f'[con_id={window}] {command}')

    def _nodes(self):
        """Everything that holds a program's surface."""
        left = [json.loads(self._call('swaymsg', '-r', '-t', 'get_tree'))]
        while left:
            node = left.pop()
            left += node['nodes'] + node['floating_nodes']
            if node.get('pid') and node['type'] in ('con', 'floating_con'):
                yield node
