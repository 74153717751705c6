# `make help` lists what there is. Everything works on a bare Debian 12 with python3 and make.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv/bin/python
SHELL := /bin/bash
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.PHONY: help demo up down reset status test lint audit bench chaos lock embedded dev

help: ## what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  \033[1mmake %-7s\033[0m %s\n", $$1, $$2}' Makefile
	@echo
	@echo '  Variables: ONCE=1 (demo: end after the scenario), DETACH=1 (up: go to the background),'
	@echo '  SLIPWAY_PORT=8000 (portal), SLIPWAY_SANDBOX_PORT=16443 (sandbox cluster), SLIPWAY_DATA_DIR=.slipway'

demo: embedded ## start everything, drive the main job, keep serving until Ctrl-C
	@exec $(VENV) -m tools.supervisor demo

up: embedded ## serve without the scenario until Ctrl-C; keeps the data
	@exec $(VENV) -m tools.supervisor up

down: ## stop what runs from this checkout
	@exec $(PYTHON) -m tools.supervisor down

reset: ## stop, and delete the local data (not the installed packages)
	@exec $(PYTHON) -m tools.supervisor reset

status: ## what runs from this checkout
	@exec $(PYTHON) -m tools.supervisor status

test: dev ## every check and every test
	@exec $(VENV) -m tools.checks test

lint: dev ## the checks without the tests
	@exec $(VENV) -m tools.checks lint

audit: dev ## what is known against the pinned packages
	@exec $(VENV) -m tools.audit

bench: dev ## the benchmarks (ratios against a baseline)
	@exec $(VENV) -m tools.checks bench

chaos: dev ## changes under random kills, then proof (CHANGES=100 MINUTES=3 SEED=…)
	@exec $(VENV) -m tools.chaos

lock: dev ## lock the Python and front-end packages again
	@exec $(VENV) -m tools.lock

embedded dev:
	@$(PYTHON) -m tools.bootstrap $@
