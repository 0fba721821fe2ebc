# SPDX-License-Identifier: GPL-2.0-or-later
"""A small QMP client over a connected socket."""

import json
import time


class QmpError(Exception):
    """QEMU answered with an error."""


class QmpTimeout(Exception):
    """QEMU did not answer in time."""


class Qmp:
    """One monitor connection; commands are answered one at a time."""

    def __init__(self, sock):
        self._sock = sock
        self._lines = b''
        self._next_id = 0
        self.events = []

    def connect(self, timeout=60):
        """Waits for the greeting and leaves negotiation mode."""
        greeting = self._message(time.monotonic() + timeout)
        if 'QMP' not in greeting:
            raise QmpError(f'not a QMP greeting: {greeting}')
        self.execute('qmp_capabilities', timeout=timeout)

    def execute(self, command, timeout=30, **arguments):
        """Runs one command and hands back what it returned."""
        self._next_id += 1
        request = {'execute': command, 'id': self._next_id}
        if arguments:
            request['arguments'] = arguments
        deadline = time.monotonic() + timeout
        self._sock.settimeout(timeout)
        self._sock.sendall(json.dumps(request).encode() + b'\n')
        while True:
            reply = self._message(deadline)
            if 'event' in reply:
                self.events.append(reply)
            elif reply.get('id') != self._next_id:
                continue        # the late answer to a command given up on
            elif 'error' in reply:
                raise QmpError(f"{command}: {reply['error'].get('desc')}")
            else:
                return reply['return']

    def close(self):
        self._sock.close()

    def _message(self, deadline):
        while b'\n' not in self._lines:
            self._sock.settimeout(max(0.001, deadline - time.monotonic()))
            try:
                data = self._sock.recv(65536)
            except TimeoutError:
                raise QmpTimeout('QEMU does not answer on QMP') from None
            if not data:
                raise QmpError('QEMU closed its monitor')
            self._lines += data
        line, self._lines = self._lines.split(b'\n', 1)
        return json.loads(line)
