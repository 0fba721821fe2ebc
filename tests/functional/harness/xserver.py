# SPDX-License-Identifier: GPL-2.0-or-later
"""An X server without a screen, and looking at the windows on it."""

import io
import os
import subprocess
import time

from PIL import Image


class XDisplay:
    """Looks at the windows of the X server that DISPLAY names."""

    environ = {}        # what a program needs besides to show itself there

    def windows(self, name='QEMU'):
        """The visible windows whose title holds name, oldest first."""
        found = self._call('xdotool', 'search', '--onlyvisible', '--name',
                           name, check=False)
        return sorted(int(line) for line in found.split())

    def wait_windows(self, count=1, name='QEMU', timeout=60):
        """Waits until there are that many windows: their ids."""
        deadline = time.monotonic() + timeout
        while True:
            found = self.windows(name)
            if len(found) >= count:
                return found
            if time.monotonic() > deadline:
                raise AssertionError(f'{len(found)} windows called {name}, '
                                     f'not {count}')
            time.sleep(0.5)

    def resize(self, window, width, height, top=0):
        """Gives a window a size, and a place at the left where it is seen."""
        self._call('xdotool', 'windowmove', str(window), '0', str(top),
                   'windowsize', '--sync', str(window), str(width),
                   str(height))

    def key(self, window, key):
        """Presses a key, such as 'ctrl+alt+f', in a window."""
        self._call('xdotool', 'windowfocus', '--sync', str(window),
                   'key', key)

    def title(self, window):
        return self._call('xdotool', 'getwindowname', str(window)).decode()

    def picture(self, window):
        """The pixels of one window."""
        data = self._call('import', '-silent', '-window', str(window),
                          'ppm:-')
        return Image.open(io.BytesIO(data)).convert('RGB')

    def _call(self, *command, check=True):
        done = subprocess.run(command, check=check, timeout=60,
                              env=dict(os.environ, **self.environ),
                              stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL)
        return done.stdout


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
                 '-nolisten', 'tcp'],
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
