# SPDX-License-Identifier: GPL-2.0-or-later
"""An X server without a screen, and looking at the windows on it."""

import io
import os
import subprocess
import tempfile
import time

from PIL import Image

from .desktop import Desktop

HELD = 10               # seconds until keys are let go without an effect
# A window manager that takes no keys and adds nothing to a window
WINDOW_MANAGER = '''unbind-key all
unbind-mouse all
borderwidth 0
'''


class XDisplay(Desktop):
    """Looks at the windows of the X server that DISPLAY names."""

    def windows(self, name='QEMU'):
        found = self._call('xdotool', 'search', '--onlyvisible', '--name',
                           name, check=False)
        return sorted(int(line) for line in found.split())

    def resize(self, window, width, height, top=0):
        """Gives a window a size, and a place at the left where it is seen."""
        self._call('xdotool', 'windowmove', str(window), '0', str(top),
                   'windowsize', '--sync', str(window), str(width),
                   str(height))

    def move(self, window, x, y):
        """Puts a window at a place; its size stays."""
        self._call('xdotool', 'windowmove', str(window), str(x), str(y))

    def press(self, window, keys, until, timeout=60):
        """Presses keys, such as 'ctrl+alt+g', until until() is true.

        They are held meanwhile, as people do: QEMU knows a hot key by what is
        down when it comes to look.  And it ignores those that come together
        with the focus, so that they may have to be pressed again.
        """
        deadline = time.monotonic() + timeout
        while not until():
            if time.monotonic() > deadline:
                raise AssertionError(f'{keys} does nothing')
            self._call('xdotool', 'windowfocus', '--sync', str(window),
                       'keydown', keys)
            again = time.monotonic() + HELD
            while not until() and time.monotonic() < again:
                time.sleep(0.1)
            self._call('xdotool', 'keyup', keys)

    def is_full_screen(self, window):
        """Whether the window manager gives a window the whole screen."""
        state = self._call('xprop', '-id', str(window), '_NET_WM_STATE')
        return b'_NET_WM_STATE_FULLSCREEN' in state

    def title(self, window):
        return self._call('xdotool', 'getwindowname', str(window)).decode()

    def picture(self, window):
        """The pixels of one window."""
        data = self._call('import', '-silent', '-window', str(window),
                          'ppm:-')
        return Image.open(io.BytesIO(data)).convert('RGB')


class XServer(XDisplay):
    """Xvfb on a free display number, ended with the context."""

    def __init__(self, log, size=(2048, 1536)):
        self._log = log
        self.size = size
        self._process = None
        self.environ = {}

    def __enter__(self):
        read, write = os.pipe()
        with open(self._log, 'a', encoding='utf-8') as log:
            self._process = subprocess.Popen(
                ['setpriv', '--pdeathsig', 'KILL', 'Xvfb', '-displayfd',
                 str(write), '-screen', '0', '{}x{}x24'.format(*self.size),
                 # Keys do not repeat, and the server does not begin anew when
                 # its last client leaves, which others may run into.
                 '-nolisten', 'tcp', '-r', '-noreset'],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                pass_fds=(write,))
        os.close(write)
        with os.fdopen(read) as pipe:
            number = pipe.readline().strip()
        if not number:
            self.__exit__()
            raise RuntimeError('Xvfb did not start')
        self.environ = {'DISPLAY': f':{number}', 'WAYLAND_DISPLAY': '',
                        'XDG_SESSION_TYPE': 'x11', 'SDL_VIDEODRIVER': 'x11'}
        return self

    def __exit__(self, *_):
        self._process.kill()
        self._process.wait()


class ManagedXServer(XServer):
    """Xvfb with a window manager, without which there is no full screen."""

    def __init__(self, log, size):
        super().__init__(log, size)
        self._manager = None

    def __enter__(self):
        super().__enter__()
        try:
            self._manage()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _manage(self):
        """Starts the window manager and waits until it is there."""
        with tempfile.NamedTemporaryFile('w', suffix='.cwmrc') as settings, \
                open(self._log, 'a', encoding='utf-8') as log:
            settings.write(WINDOW_MANAGER)
            settings.flush()
            self._manager = subprocess.Popen(
                ['setpriv', '--pdeathsig', 'KILL', 'cwm', '-c', settings.name],
                env=dict(os.environ, **self.environ),
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
            deadline = time.monotonic() + 60
            while b'_NET_WM_STATE_FULLSCREEN' not in self._call(
                    'xprop', '-root', '_NET_SUPPORTED'):
                if (self._manager.poll() is not None or
                        time.monotonic() > deadline):
                    raise RuntimeError(f'no window manager: see {self._log}')
                time.sleep(0.1)

    def __exit__(self, *_):
        if self._manager:
            self._manager.kill()
            self._manager.wait()
        super().__exit__()
