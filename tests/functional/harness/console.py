# SPDX-License-Identifier: GPL-2.0-or-later
"""The guest's serial console: runs commands in the shell that waits there."""

import re
import threading
import time

DONE = re.compile(r'@@(\d+)@@\r?\n')
PROMPT = 'guest# '


class ConsoleTimeout(Exception):
    """The expected text did not come in time."""


class Console:
    """A reader thread keeps the socket empty, so QEMU never waits for us."""

    def __init__(self, sock):
        self._sock = sock
        self._text = ''
        self._closed = False
        self._runs = 0
        self._changed = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def expect(self, pattern, timeout):
        """Consumes the text up to the end of a match of pattern."""
        pattern = re.compile(pattern)
        deadline = time.monotonic() + timeout
        with self._changed:
            while True:
                match = pattern.search(self._text)
                if match:
                    before = self._text[:match.start()]
                    self._text = self._text[match.end():]
                    return before, match
                left = deadline - time.monotonic()
                if self._closed or left <= 0:
                    why = 'console closed' if self._closed else 'timed out'
                    tail = self._text[-300:]
                    raise ConsoleTimeout(f'{why} waiting for '
                                         f'{pattern.pattern!r} after {tail!r}')
                self._changed.wait(left)

    def send(self, text):
        self._sock.sendall(text.encode())

    def forget(self):
        """Drops what was printed so far."""
        with self._changed:
            self._text = ''

    def take(self):
        """Hands out what was printed so far."""
        with self._changed:
            text, self._text = self._text, ''
        return text

    @property
    def alive(self):
        """Whether there is or may come more to take."""
        with self._changed:
            return bool(self._text) or not self._closed

    def run(self, command, timeout=60):
        """Runs a shell command: its exit status and what it printed."""
        # The last command's prompt may still be on its way: what counts
        # stands between two marks.
        self._runs += 1
        self.send(f'echo "@@run {self._runs}@@"\n{command}\n'
                  'echo "@@$?@@"\n')
        deadline = time.monotonic() + timeout
        self.expect(f'@@run {self._runs}@@\\r?\\n', timeout)
        output, match = self.expect(DONE, deadline - time.monotonic())
        output = output.replace('\r\n', '\n').replace(PROMPT, '')
        return int(match.group(1)), output

    def check(self, command, timeout=60):
        """Runs a shell command that has to succeed: what it printed."""
        status, output = self.run(command, timeout)
        if status:
            raise AssertionError(f'guest: {command!r} exited {status}: '
                                 f'{output.strip()[-500:]}')
        return output

    def close(self):
        self._sock.close()

    def _read(self):
        while True:
            try:
                data = self._sock.recv(65536)
            except OSError:
                data = b''
            with self._changed:
                self._text += data.decode(errors='replace')
                self._closed = not data
                self._changed.notify_all()
            if not data:
                return
