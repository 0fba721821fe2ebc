#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The guest programs that need no virtio-gpu, on the host: test-programs.py DIR

Prints TAP.  DIR has the programs; the environment says which Vulkan driver.
"""
import subprocess
import sys
import tempfile
from pathlib import Path

PROGRAMS = Path(sys.argv[1])
NO_CARD = '/nonexistent/card'


def run(program, *args, status=0):
    """What it prints; anything but that exit status is a failure."""
    done = subprocess.run([PROGRAMS / program, *args], capture_output=True,
                          text=True, timeout=120, check=False)
    text = done.stdout + done.stderr
    assert done.returncode == status, f'exit status {done.returncode}: {text}'
    return text


def spin(*args):
    """The picture that vkspin leaves"""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / 'frame.ppm'
        text = run('vkspin', '--size', '320x240', '--output', str(path), *args)
        assert 'path offscreen' in text, text
        return path.read_bytes()


def test_vkcheck():
    text = run('vkcheck')
    assert text.endswith(', 0 failed\n') and 'vkcheck: 16 passed' in text, text


def test_one_check():
    text = run('vkcheck', '--only', 'draw')
    assert 'vkcheck: 1 passed, 0 failed' in text, text


def test_no_such_check():
    run('vkcheck', '--only', 'nonsense', status=1)


def test_frames_depend_on_their_number_alone():
    frame = spin('--path', 'offscreen', '--frame', '37', '--frames', '1')
    assert frame.startswith(b'P6\n320 240\n255\n')
    assert len(set(frame[-320 * 240 * 3:])) > 100, 'the picture is empty'
    assert spin('--path', 'offscreen', '--frame', '34', '--frames',
                '4') == frame
    assert spin('--path', 'offscreen', '--frame', '38', '--frames',
                '1') != frame


def test_vkspin_without_a_card():
    spin('--card', NO_CARD, '--frames', '2')
    text = run('vkspin', '--card', NO_CARD, '--path', 'copy', status=1)
    assert 'no output' in text, text


def test_blobcard_draws_the_card():
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / 'card.ppm'
        run('blobcard', '--picture-only', '--size', '65x43', '--output',
            str(path))
        data = path.read_bytes()
    assert data.startswith(b'P6\n65 43\n255\n\xff\xff\xff')
    pixels = data[-65 * 43 * 3:]
    assert pixels[(16 * 65 + 16) * 3:][:3] == b'\xff\0\0'


def test_programs_without_a_card():
    for program in ('blobcard', 'fencebench', 'flipbench', 'mapbench',
                    'vkdisplay'):
        text = run(program, '--card', NO_CARD, status=1)
        assert NO_CARD in text, text


def test_a_fence_as_a_sync_file():
    text = run('syncbench', '--count', '3')
    assert text.startswith('syncbench: sync-fd n 3 median_us '), text


def test_litmus():
    text = run('litmus-stlr', '--rounds', '20000')
    assert text.endswith('forbidden 0\n'), text


def main():
    tests = [(name, test) for name, test in globals().items()
             if name.startswith('test_')]
    print(f'1..{len(tests)}')
    for number, (name, test) in enumerate(tests, 1):
        try:
            test()
            print(f'ok {number} - {name}')
        except (AssertionError, subprocess.TimeoutExpired) as e:
            for line in str(e).splitlines():
                print('#', line)
            print(f'not ok {number} - {name}')


if __name__ == '__main__':
    main()
