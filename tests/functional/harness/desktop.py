# SPDX-License-Identifier: GPL-2.0-or-later
"""What the servers that windows are shown on have in common."""

import os
import subprocess
import time


class Desktop:
    """Looks at the windows of one server by calling programs."""

    environ = {}        # what a program needs besides to show itself there

    def windows(self, name='QEMU'):
        """The visible windows whose title holds name, oldest first."""
        raise NotImplementedError

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

    def _call(self, *command, check=True):
        done = subprocess.run(command, check=check, timeout=60,
                              env=dict(os.environ, **self.environ),
                              stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL)
        return done.stdout
