# Brickyard. Bare `make` explains itself; everything else lives in cli/.
PYTHON ?= python3
PIPENV := .brickyard/tools/bin/pipenv
RUN := $(PIPENV) run
export CHECKPOINT_DISABLE := 1
export JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION := 20
export PIPENV_VERBOSITY := -1
export PIPENV_IGNORE_VIRTUALENVS := 1
export BRICKYARD_ENV ?= local

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev setup-finetuning up status down test test-all test-finetuning demo-finetuning conformance coverage lint types format lock clean

help: ## This list
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## Install everything into this clone, by lock file
	@$(PYTHON) cli/bootstrap.py

setup-dev: ## As setup, and what tests, linting and typing need
	@$(PYTHON) cli/bootstrap.py --dev

setup-finetuning: ## As setup-dev, and what trains language models: 6 GB
	@$(PYTHON) cli/bootstrap.py --dev --finetuning

up: setup ## Deploy `local`, run the ML workflow, answer a REST request
	@$(RUN) brickyard up

status: setup ## What is deployed, what runs, where it answers
	@$(RUN) brickyard status

down: setup ## Destroy `local` by Terraform, stop everything, leave nothing behind
	@$(RUN) brickyard down

test: setup-dev ## Lint, types, and the tests that take minutes
	@$(MAKE) --no-print-directory lint types
	@$(RUN) pytest -n 2 -m "not slow" --ignore=tests/end_to_end

test-all: setup-dev ## All tests, the end-to-end ones included
	@$(MAKE) --no-print-directory lint types
	@$(RUN) pytest -n 2 --ignore=tests/end_to_end
	@$(RUN) pytest tests/end_to_end

demo-finetuning: setup-finetuning ## Tune, judge, register, serve and ask a small real model, on this CPU
	@$(RUN) python -m pip install -q --no-deps --require-hashes -r projects/examples/trivia/requirements.txt
	@$(RUN) python projects/examples/trivia/demo.py

test-finetuning: setup-finetuning ## The tests that train, tune and serve a tiny language model
	@$(RUN) pytest -n 2 tests/unit/finetuning tests/unit/finetuning_run tests/unit/pipelines/test_doctests.py

conformance: setup-dev ## Calls and expectations against a workspace; writes a dated record to compare
	@$(RUN) pytest tests/conformance --conformance-record \
	  docs/conformance/$$(date -u +%F)-$${BRICKYARD_CONFORMANCE_TARGET:-local}.json

coverage: setup-dev ## docs/coverage.md: what the local workspace answers, to which clients
	@rm -rf .brickyard/cache/server-logs
	@BRICKYARD_KEEP_LOGS=$(CURDIR)/.brickyard/cache/server-logs $(RUN) pytest -n 2 tests/contract tests/conformance
	@$(RUN) python -W ignore -m brickyard_local.conformance.coverage .brickyard/cache/server-logs > docs/coverage.new
	@mv docs/coverage.new docs/coverage.md

lint: ## Ruff: rules and format
	@$(RUN) ruff check . && $(RUN) ruff format --check .

types: ## Mypy, strict
	@$(RUN) mypy cli/brickyard constructs stacks local review pipelines/brickyard_pipelines projects/flight_delays/flight_delays main.py

format: ## Let ruff write the format
	@$(RUN) ruff check --fix . ; $(RUN) ruff format .

lock: setup-dev ## Lock the newest versions that Pipfile allows
	@PIPENV_VENV_IN_PROJECT=1 $(PIPENV) lock && $(RUN) python cli/unname_index.py

clean: ## Remove the installed tools and caches too (after `make down`)
	@test ! -e .brickyard/local || { echo "brickyard: the local workspace still exists; run 'make down' first."; exit 1; }
	@rm -rf .venv node_modules cdktf.out .brickyard
