# SPDX-License-Identifier: GPL-2.0-or-later
"""A tiny VNC client (RFB 3.8): raw rectangles, no security.

It knows the pseudo encodings for the desktop size and the cursor, and can ask
the server for another desktop size, which is what enables an output.
"""

import socket
import struct
import time

import numpy
from PIL import Image

RAW, CURSOR, DESKTOP_SIZE, EXTENDED_SIZE = 0, -239, -223, -308

SET_PIXEL_FORMAT, SET_ENCODINGS, UPDATE_REQUEST, SET_SIZE = 0, 2, 3, 251
UPDATE, COLOUR_MAP, BELL, CUT_TEXT = 0, 1, 2, 3

# 32 bits a pixel, 24 deep, little endian, true colour, red in the low byte
PIXEL_FORMAT = struct.pack('>BBBBHHHBBB3x', 32, 24, 0, 1,
                           255, 255, 255, 0, 8, 16)


class VncClient:
    """A connection to a VNC server on a unix socket or a (host, port)."""

    def __init__(self, address, timeout=30):
        family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
        self._sock = socket.socket(family, socket.SOCK_STREAM)
        self._sock.settimeout(timeout)
        self._timeout = timeout
        self._sock.connect(address)
        self._fresh = None          # what has come since it was asked for
        self.resizable = False
        self.cursor_size = None
        self._handshake()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._sock.close()

    def picture(self):
        """Asks for the whole desktop and waits until all of it has come."""
        self._fresh = numpy.zeros(self._pixels.shape[:2], bool)
        self._request(incremental=False)
        deadline = time.monotonic() + self._timeout
        while not self._fresh.all():
            if time.monotonic() > deadline:
                raise TimeoutError('VNC: only part of the desktop came')
            size = self._pixels.shape
            self._message()
            if self._pixels.shape != size:
                self._request(incremental=False)
        return Image.fromarray(self._pixels.copy(), 'RGB')

    def updates(self, seconds):
        """Follows the desktop: how many updates came in that time."""
        count = 0
        deadline = time.monotonic() + seconds
        self._request(incremental=True)
        while time.monotonic() < deadline:
            self._sock.settimeout(max(0.01, deadline - time.monotonic()))
            try:
                first = self._sock.recv(1, socket.MSG_PEEK)
            except TimeoutError:
                break
            finally:
                self._sock.settimeout(self._timeout)
            if first and self._message():
                count += 1
                self._request(incremental=True)
        return count

    def set_size(self, width, height):
        """Asks for a desktop of this size: one screen, at the origin."""
        while not self.resizable:
            self._request(incremental=False)
            self._message()
        screen = struct.pack('>IHHHHI', 0, 0, 0, width, height, 0)
        self._sock.sendall(struct.pack('>BxHHBx', SET_SIZE, width, height, 1) +
                           screen)

    def _handshake(self):
        self._receive(12)
        self._sock.sendall(b'RFB 003.008\n')
        kinds = self._receive(self._receive(1)[0])
        if 1 not in kinds:
            raise ConnectionError(f'VNC: no "none" security in {list(kinds)}')
        self._sock.sendall(b'\x01')
        if struct.unpack('>I', self._receive(4))[0]:
            raise ConnectionError('VNC: security was refused')
        self._sock.sendall(b'\x01')
        width, height = struct.unpack('>HH', self._receive(20)[:4])
        self._receive(struct.unpack('>I', self._receive(4))[0])
        self._resize(width, height)
        encodings = (RAW, CURSOR, DESKTOP_SIZE, EXTENDED_SIZE)
        self._sock.sendall(
            struct.pack('>B3x', SET_PIXEL_FORMAT) + PIXEL_FORMAT +
            struct.pack(f'>BxH{len(encodings)}i', SET_ENCODINGS,
                        len(encodings), *encodings))

    def _request(self, incremental):
        height, width = self._pixels.shape[:2]
        self._sock.sendall(struct.pack('>BBHHHH', UPDATE_REQUEST, incremental,
                                       0, 0, width, height))

    def _message(self):
        """Handles one message; true when it was an update."""
        kind = self._receive(1)[0]
        if kind == UPDATE:
            (count,) = struct.unpack('>xH', self._receive(3))
            for _ in range(count):
                self._rectangle()
        elif kind == COLOUR_MAP:
            (count,) = struct.unpack('>3xH', self._receive(5))
            self._receive(6 * count)
        elif kind == CUT_TEXT:
            self._receive(struct.unpack('>3xI', self._receive(7))[0])
        elif kind != BELL:
            raise ConnectionError(f'VNC: unknown message {kind}')
        return kind == UPDATE

    def _rectangle(self):
        x, y, width, height, encoding = struct.unpack('>HHHHi',
                                                      self._receive(12))
        if encoding == RAW:
            data = numpy.frombuffer(self._receive(width * height * 4),
                                    numpy.uint8)
            part = data.reshape(height, width, 4)[:, :, :3]
            self._pixels[y:y + height, x:x + width] = part
            if self._fresh is not None:
                self._fresh[y:y + height, x:x + width] = True
        elif encoding == CURSOR:
            self._receive(width * height * 4 + (width + 7) // 8 * height)
            self.cursor_size = (width, height)
        elif encoding == DESKTOP_SIZE:
            self._resize(width, height)
        elif encoding == EXTENDED_SIZE:
            (screens,) = struct.unpack('>B3x', self._receive(4))
            self._receive(16 * screens)
            self.resizable = True
            if self._pixels.shape[:2] != (height, width):
                self._resize(width, height)
        else:
            raise ConnectionError(f'VNC: unknown encoding {encoding}')

    def _resize(self, width, height):
        self._pixels = numpy.zeros((height, width, 3), numpy.uint8)
        if self._fresh is not None:
            self._fresh = numpy.zeros((height, width), bool)

    def _receive(self, size):
        parts = []
        while size:
            data = self._sock.recv(min(size, 1 << 20))
            if not data:
                raise ConnectionError('VNC: the server closed the connection')
            parts.append(data)
            size -= len(data)
        return b''.join(parts)
