# SPDX-License-Identifier: GPL-2.0-or-later
"""Vulkan layers in QEMU itself, and not in its render server."""

from . import env

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
    """The environment that loads a layer; needs a folder for its files."""
    folder.mkdir(parents=True, exist_ok=True)
    server = folder / 'render-server'
    server.write_text(SERVER)
    server.chmod(0o755)
    settings = folder / 'layer-settings.txt'
    settings.write_text(SETTINGS.format(folder / 'validation.log'))
    return {'VK_INSTANCE_LAYERS': layer,
            'VK_LAYER_SETTINGS_PATH': str(settings),
            'VK_ADD_LAYER_PATH': str(env.TEST_LAYERS),
            'LOSE_DEVICE': str(folder / 'lose-device'),
            'RENDER_SERVER_EXEC_PATH': str(server)}
