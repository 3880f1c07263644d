# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors
# A target's line in `make help` is the text after its `##`.

.DEFAULT_GOAL := help
.NOTPARALLEL:

PYTHON ?= python3
LAB := PYTHON=$(PYTHON) lab/lab
# Ansible of the checkout's own environment, on the lab's hosts, wherever their Docker engine is.
WITH_LAB := eval "$$($(LAB) env)" && export PATH="$(CURDIR)/.venv/bin:$$PATH" ANSIBLE_CONFIG="$(CURDIR)/ansible.cfg" &&
PLAY := ansible-playbook -i lab/inventory.yml

# The steps to run: all, or some of `python3 tests/run.py --list`.
STEPS ?=

# What to measure: the names of files in tests/benchmarks.
BENCH ?= $(sort $(patsubst tests/benchmarks/%.py,%,$(wildcard tests/benchmarks/[a-z]*.py)))

.PHONY: help setup site test test-faults test-fresh bench docs readmes picture lab-up lab-down lab-status clean coverage mutants

help: ## Show this list.
	@awk -F ':.*## ' '/^[a-z][a-z-]*:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Install what is missing: Debian packages, .venv, the collection's link.
	@$(LAB) setup

site: lab-up ## Bring the lab up, give its containers addresses, prove them with packets, draw a report.
	@$(WITH_LAB) $(PLAY) playbooks/site.yml lab/containers.yml lab/ledger.yml
	@$(WITH_LAB) { $(PLAY) playbooks/verify.yml; seen=$$?; $(PLAY) playbooks/report.yml && exit $$seen; }

test: setup ## Check everything, steps side by side (STEPS="unit lint" for some of it).
	@$(PYTHON) tests/run.py $(STEPS)

# How the fault matrix ends, how many labs it has side by side, and the file from which it goes on.
test-faults: setup ## Break every step of a run in every way, and count the hosts that are lost (NUMBER, DURATION, WORLDS, RESUME).
	@.venv/bin/python tests/faults/run.py $(if $(NUMBER),--faults $(NUMBER)) $(if $(DURATION),--seconds $(DURATION)) \
	    $(if $(WORLDS),--worlds $(WORLDS)) $(if $(RESUME),--resume $(RESUME))

# On which machine: trixie or bookworm, with --engine before it where a Docker engine runs there already; and what is made
# there instead of the site.
FRESH ?= trixie
RUN ?=

test-fresh: ## See `make site` succeed on a machine that has nothing (FRESH="--engine bookworm" for another one, RUN=test).
	@$(PYTHON) tests/tools/fresh_machine.py $(FRESH) $(RUN) $(if $(STEPS),STEPS="$(STEPS)")

# The steps to measure; those with a lab are possible, too.
COVER ?= unit ledger aws report

coverage: setup ## Tell which lines of plugins/ the tests run, lowest first (COVER="unit lab-site" for other steps).
	@tests/coverage.sh $(COVER)

# How many mutants to try (0: all), which ones, and of which files (those with this word in their name).
SAMPLE ?= 200
SEED ?= 1
ONLY ?=

mutants: setup ## Change the pure layer in small ways and see what its tests notice (SAMPLE=200 SEED=1 ONLY=_eni; SAMPLE=0 for all).
	@tests/mutants.sh --sample $(SAMPLE) --seed $(SEED) --only "$(ONLY)"

bench: site ## Measure, each figure beside its goal; ends with what missed one (BENCH="filters" for some of it).
	@$(WITH_LAB) export PYTHONPATH="$(CURDIR)/.dev"; missed=; for name in $(BENCH); do \
		printf '\n== %s\n' "$$name"; python tests/benchmarks/$$name.py || missed="$$missed $$name"; \
	done; [ -z "$$missed" ] || { printf '\nmissed a goal:%s\n' "$$missed"; exit 1; }

docs: setup ## Make the documentation as a site, without the network: .cache/docs/html/index.html.
	@.venv/bin/python tests/tools/docs_site.py

readmes: setup ## Write the variables of each role into its README, from its argument spec.
	@.venv/bin/python tests/tools/role_readmes.py

picture: setup ## Draw the picture of the report in the README anew (with what the step report of make test installs).
	@PYTHONPATH=$(CURDIR)/.dev .venv/bin/python tests/tools/report_picture.py docs/report.png

lab-up: setup ## Bring the lab up: a router, a vantage point, eight hosts.
	@$(LAB) up

lab-down: ## Take the lab down and leave nothing behind but the cache.
	@$(LAB) down

lab-status: ## Show the lab's hosts.
	@$(LAB) status

clean: lab-down ## Take the lab down and remove the lab's images, its cache, .venv and .dev.
	@$(LAB) clean
	@rm -rf .venv .dev .mypy_cache .pytest_cache .ruff_cache .hypothesis
