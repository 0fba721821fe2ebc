# SPDX-License-Identifier: GPL-2.0-or-later
"""Vulkan layers of the tests, and what loads them."""

import json
from pathlib import Path

from . import env

LAYERS = env.BUILD / 'ours/tests/vulkan/layers'
LOOKALIKE = env.BUILD / 'ours/tests/vulkan/lookalike'
LAVAPIPE = sorted(Path('/usr/share/vulkan/icd.d').glob('lvp_icd*.json'))

VALIDATION = 'VK_LAYER_KHRONOS_validation'
LOSE_DEVICE = 'VK_LAYER_TEST_lose_device'

SERVER = '''#!/bin/sh
unset VK_INSTANCE_LAYERS VK_LAYER_SETTINGS_PATH VK_ADD_LAYER_PATH
exec /usr/libexec/virgl_render_server "$@"
'''
# Every message counts, those of synchronisation too.
SETTINGS = '''khronos_validation.validate_sync = true
khronos_validation.debug_action = VK_DBG_LAYER_ACTION_LOG_MSG
khronos_validation.report_flags = error,warn,perf
khronos_validation.log_filename = {}
'''


def environ(folder, layer):
    """Loads a layer in QEMU itself, and not in its render server.

    The folder is for the layer's files.
    """
    folder.mkdir(parents=True, exist_ok=True)
    server = folder / 'render-server'
    server.write_text(SERVER)
    server.chmod(0o755)
    settings = folder / 'layer-settings.txt'
    settings.write_text(SETTINGS.format(folder / 'validation.log'))
    return {'VK_INSTANCE_LAYERS': layer,
            'VK_LAYER_SETTINGS_PATH': str(settings),
            'VK_ADD_LAYER_PATH': str(LAYERS),
            'LOSE_DEVICE': str(folder / 'lose-device'),
            'RENDER_SERVER_EXEC_PATH': str(server)}


def lookalike(folder):
    """An environment in which lavapipe is a driver such as MoltenVK."""
    manifest = json.loads(LAVAPIPE[0].read_text())
    manifest['ICD']['is_portability_driver'] = True
    path = Path(folder) / 'portability_icd.json'
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(manifest))
    return {'VK_DRIVER_FILES': str(path),
            'VK_INSTANCE_LAYERS': 'VK_LAYER_QEMU_test_lookalike',
            'VK_ADD_LAYER_PATH': str(LOOKALIKE)}
