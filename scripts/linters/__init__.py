# SPDX-License-Identifier: GPL-2.0-or-later
"""The rules that scripts/lint checks.

Each module has RULES, a list of functions that take a Repo and yield
(path, line, what is wrong); the first line of their docstring is the rule.
"""
