# The commands of this project; each one first installs what it needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PLUGINS := $(wildcard plugins/*)
SIZE ?= small
SECONDS ?= 60
EXAMPLES ?= 200

.PHONY: install demo test check format bench storm fuzz clean help

help:  ## list the commands
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/'

$(STAMP): pyproject.toml constraints.txt $(addsuffix /pyproject.toml,$(PLUGINS))
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed (make PYTHON=python3.12 ...)"; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt \
		-e '.[dev,postgres,redis]' $(addprefix -e ,$(PLUGINS))
	@touch $@

install: $(STAMP)  ## make .venv with everything for development

demo: $(STAMP)  ## start the demo shop, the bridge and the engine, and print the address (PORT=8000)
	$(BIN)/checkout-bridge demo $(if $(PORT),--port $(PORT))

test: $(STAMP)  ## run the tests
	$(BIN)/python -m pytest -n 3 --dist worksteal

check: $(STAMP)  ## lint, format check, types, layers, documentation
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q tests/docs

format: $(STAMP)  ## put the code in its form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(STAMP)  ## print the benchmark table and write benchmarks/results.json (SIZE=small|large)
	$(BIN)/python -m benchmarks --size $(SIZE)

storm: $(STAMP)  ## storms on both databases: 64 threads at the engine (SECONDS=60), then kill -9 at bridges (ORDERS=2000)
	CHECKOUT_BRIDGE_STORM=$(SECONDS) $(BIN)/python -m pytest -q tests/engine/test_storm.py
	$(BIN)/python -m benchmarks.storm --orders $(or $(ORDERS),2000)

fuzz: $(STAMP)  ## send many requests of every kind against the OpenAPI description (EXAMPLES=200 of each)
	CHECKOUT_BRIDGE_FUZZ=$(EXAMPLES) $(BIN)/python -m pytest -q tests/engine/test_schema_conformance.py

clean:  ## remove what the other commands made
	rm -rf $(VENV) build dist *.egg-info plugins/*/*.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
