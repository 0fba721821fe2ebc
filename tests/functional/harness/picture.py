# SPDX-License-Identifier: GPL-2.0-or-later
"""Comparing pictures."""

import time

import numpy
from PIL import Image


def load(path):
    with Image.open(path) as image:
        return image.convert('RGB')


def difference(a, b):
    """The largest difference of any channel of any pixel; None: sizes."""
    if a.size != b.size:
        return None
    delta = numpy.abs(numpy.asarray(a, numpy.int16) -
                      numpy.asarray(b, numpy.int16))
    return int(delta.max())


def lit_box(image, threshold=64):
    """Width and height of the area that is not dark, and its pixels."""
    lit = numpy.asarray(image).max(axis=2) > threshold
    if not lit.any():
        return 0, 0, 0
    rows, columns = numpy.nonzero(lit)
    return (int(numpy.ptp(columns)) + 1, int(numpy.ptp(rows)) + 1,
            int(lit.sum()))


def letterboxed(image, size):
    """The picture scaled to fit into size, by a linear filter, in black."""
    if image.width * size[1] < image.height * size[0]:
        width, height = size[1] * image.width // image.height, size[1]
    else:
        width, height = size[0], size[0] * image.height // image.width
    pixels = numpy.asarray(image, numpy.float64)
    for axis, wanted in ((0, height), (1, width)):
        have = pixels.shape[axis]
        at = (numpy.arange(wanted) + 0.5) * have / wanted - 0.5
        first = numpy.clip(numpy.floor(at).astype(int), 0, have - 1)
        second = numpy.clip(numpy.floor(at).astype(int) + 1, 0, have - 1)
        part = (at - numpy.floor(at)).reshape((-1, 1, 1) if axis == 0 else
                                              (1, -1, 1))
        pixels = (numpy.take(pixels, first, axis) * (1 - part) +
                  numpy.take(pixels, second, axis) * part)
    scaled = Image.fromarray(numpy.rint(pixels).astype(numpy.uint8))
    canvas = Image.new('RGB', size)
    canvas.paste(scaled, ((size[0] - width) // 2, (size[1] - height) // 2))
    return canvas


def colours(image):
    """How many different colours a picture has."""
    pixels = numpy.asarray(image, numpy.uint32)
    packed = pixels[..., 0] << 16 | pixels[..., 1] << 8 | pixels[..., 2]
    return len(numpy.unique(packed))


def has_colour(image, colour, tolerance=0):
    """Which pixels have the colour."""
    delta = numpy.abs(numpy.asarray(image, numpy.int16) - colour)
    return delta.max(axis=2) <= tolerance


def bounds(pixels):
    """The box around all pixels that are set, for Image.crop(), or None."""
    if not pixels.any():
        return None
    rows, columns = numpy.nonzero(pixels)
    return (int(columns.min()), int(rows.min()),
            int(columns.max()) + 1, int(rows.max()) + 1)


def changed(a, b):
    """How many pixels of two pictures of one size differ."""
    return int((numpy.asarray(a) != numpy.asarray(b)).any(axis=2).sum())


def wait(take, judge, timeout=15):
    """Takes pictures until judge() has nothing against one: it, and why not."""
    deadline = time.monotonic() + timeout
    while True:
        image = take()
        why = judge(image)
        if not why or time.monotonic() > deadline:
            return image, why
        time.sleep(0.3)


def same(take, expected, tolerance=0, timeout=15):
    """Takes pictures until one is as expected: it, and why not."""
    def judge(image):
        delta = difference(image, expected)
        if delta is None:
            return f'is {image.size}, not {expected.size}'
        if delta > tolerance:
            return f'differs by up to {delta}, allowed {tolerance}'
        return None

    return wait(take, judge, timeout)


def stable(take, timeout=15):
    """Takes pictures until two in a row are equal: that picture."""
    deadline = time.monotonic() + timeout
    last = take()
    while True:
        time.sleep(0.5)
        image = take()
        if difference(last, image) == 0:
            return image
        if time.monotonic() > deadline:
            raise AssertionError('the picture does not come to rest')
        last = image


def find(image, part):
    """Where part lies in image, to the pixel: (x, y) or None."""
    whole = numpy.asarray(image)
    wanted = numpy.asarray(part)
    height, width = wanted.shape[:2]
    if whole.shape[0] < height or whole.shape[1] < width:
        return None
    starts = whole[:whole.shape[0] - height + 1, :whole.shape[1] - width + 1]
    for y, x in numpy.argwhere((starts == wanted[0, 0]).all(axis=2)):
        if numpy.array_equal(whole[y:y + height, x:x + width], wanted):
            return int(x), int(y)
    return None
