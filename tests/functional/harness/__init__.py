# SPDX-License-Identifier: GPL-2.0-or-later
"""Boots real guests in QEMU and looks at what they show."""
