# Two commands for a fresh machine: make report, make test. Each sets up .venv from the lock by itself.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: report test lint lock clean

report: .venv/installed
	$(BIN)/lca report reports/example/in/study.yaml -o reports/example/out

test: .venv/installed
	$(BIN)/python -m pytest
	$(BIN)/python -m pytest --nbval-lax -p no:cacheprovider notebooks/chapters
	$(BIN)/python -m pytest --nbval -p no:cacheprovider --nbval-sanitize-with notebooks/sanitize.cfg notebooks/explain

lint: .venv/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

.venv/installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed: make PYTHON=python3.12")'
	$(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

# Needs uv; keeps no index address
lock:
	uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes --no-annotate --no-header -o requirements.lock

clean:
	rm -rf .venv reports/*/out
