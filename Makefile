# Every command of the project. `make` alone lists them.
PYTHON ?= python3
BIN := .venv/bin
DESPATCH := $(BIN)/despatch --home .despatch
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate pyproject.toml
UNIT := not kafka and not postgres and not e2e and not slow
PIP := $(BIN)/python -m pip install -qq --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help run up test check bench evaluate chaos versions bounds docs lock clean

help: ## list these commands
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

run: .venv/runtime ## the main job: the seed documents through poller, log, processors and alerts
	@$(DESPATCH) subscribe --name "you, on this screen" --theme migration --theme partnerships --to console://
	@$(DESPATCH) replay seeds --deliver --yes
	@echo 'Next: $(DESPATCH) trace 000_4da5003dd1718fc8.txt   the whole way of that release'
	@echo '      $(DESPATCH) sources add URL                  a feed of your own; then: make up'
	@echo '      $(DESPATCH) --help                           everything else'

up: .venv/runtime ## all services and the web page, until Ctrl-C
	@$(DESPATCH) up

check: .venv/dev ## seconds: style, types, import direction, unit tests
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy
	@$(BIN)/mypy --explicit-package-bases tests
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/pytest -q -n auto -m "$(UNIT)"

test: .venv/dev ## everything: check, then what needs Kafka, PostgreSQL and real processes
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy
	@$(BIN)/mypy --explicit-package-bases tests
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/pytest -q -rs -n auto --durations=10 --cov --cov-report= -m "$(UNIT)"
	@$(BIN)/pytest -q -rs -n 2 --dist loadfile --durations=10 --cov --cov-append --cov-report= -m "not ($(UNIT))"
	@$(BIN)/coverage report --skip-covered --show-missing --fail-under=85 | tail -40

evaluate: .venv/dev ## themes, facts, the poller and GOV.UK's records against real releases, in ../shared/data
	@$(BIN)/python -m bench.evaluate
	@$(BIN)/python -m bench.evaluate_facts
	@$(BIN)/python -m bench.evaluate_fact_details
	@$(BIN)/python -m bench.evaluate_reading
	@$(BIN)/python -m bench.evaluate_stories
	@$(BIN)/python -m bench.evaluate_experimental
	@$(BIN)/python -m bench.evaluate_history
	@$(BIN)/python -m bench.evaluate_parts
	@$(BIN)/python -m bench.content_items

bench: .venv/dev ## speed, as ratios to a peer in the same run
	@$(BIN)/python -m bench

chaos: .venv/dev ## the long form of the kill tests: 200 kills a bus
	@DESPATCH_TEST_KILLS=200 $(BIN)/pytest -q -s tests/e2e/test_kill.py tests/e2e/test_poll_kill.py tests/e2e/test_delivery_kill.py

versions: .venv/dev ## the unit tests on every Python from 3.11 that is at hand
	@$(BIN)/python tests/every_python.py

bounds: .venv/dev ## the unit tests on the lowest version of each dependency that is allowed
	@$(PIP) uv
	@$(BIN)/python tests/lowest_versions.py

docs: .venv/runtime ## write the generated part of the reference
	@$(BIN)/python docs/generate.py

lock: ## write the lock files anew, from pyproject.toml
	@$(PIP) uv
	$(LOCK) --group build -o requirements.lock
	$(LOCK) --group build --group dev -c requirements.lock -o requirements-dev.lock
	@# pip takes a hash for `coverage[toml]`, which pytest-cov asks for, by that name alone.
	@sed -i 's/^coverage==/coverage[toml]==/' requirements-dev.lock

clean: ## remove the environment and the state of `make run`
	rm -rf .venv .despatch

.venv/runtime: requirements.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "Despatch needs Python 3.11 or later; there is no $(PYTHON). Try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 2; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Despatch needs Python 3.11 or later; this is $$($(PYTHON) --version). Try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing Despatch into .venv (once, about a minute) …"
	@$(PIP) --require-hashes -r requirements.lock
	@$(PIP) --no-deps --no-build-isolation -e .
	@$(BIN)/python -m compileall -q ingest processors alerts despatch
	@touch $@

.venv/dev: requirements-dev.lock .venv/runtime
	@echo "Installing what the tests need (once) …"
	@$(PIP) --require-hashes -r requirements-dev.lock
	@touch $@
