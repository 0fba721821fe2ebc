# SPDX-License-Identifier: GPL-2.0-or-later
#
# The front door.  Every target works as the first command on a fresh Debian 12
# or 13 machine; what is done already is not done again.  See `make help`.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

# Names and places that a user may give on the command line.
export BUILD ROOT CACHE MIRROR KEYRING JOBS QEMU_SRC DISTDIR VNC V DISPLAY_TEST \
	BENCH OLD UPSTREAM

ENTER := scripts/enter

.PHONY: help demo check check-long build bench apply shell guest lint coverage \
	fuzz soak docs clean clean-cache fetch ready

help:
	@scripts/usage

build:
	@scripts/prepare
	@scripts/build main
	@scripts/ours

# QEMU and the guest images, side by side.
ready:
	@scripts/prepare
	@scripts/ready

demo:
	@scripts/timed demo prepare ready "enter scripts/demo"

bench:
	@scripts/bench

guest: ready
	@$(ENTER) scripts/demo-guest

check:
	@scripts/timed check prepare "check $(PARTS)"

# What check leaves out; ROWS="..." runs some rows of it.
check-long:
	@scripts/timed check-long prepare ready "check-long $(ROWS)"

lint:
	@scripts/prepare
	@$(ENTER) scripts/lint

shell:
	@scripts/prepare
	@$(ENTER) bash

docs:
	@scripts/prepare
	@scripts/docs

coverage:
	@scripts/prepare
	@scripts/coverage

apply:
	@scripts/apply-to "$(QEMU)"

# Five minutes of a desktop, where `check` takes ten seconds.
soak: ready
	@PASS="SOAK_SECONDS $(PASS)" $(ENTER) tests/functional/run 'desktop.soak'

fuzz:
	@echo "make $@: comes with a later step (hardening): see the project's issues" >&2
	@exit 1

# All that is ever downloaded, for a machine that has no network later.
fetch:
	@scripts/host-packages
	@scripts/fetch

clean:
	@scripts/clean

clean-cache:
	@scripts/clean --cache
