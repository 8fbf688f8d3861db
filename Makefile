# Two commands: `make run` and `make test`. Everything else is for work on Negareh.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
HOST ?= 127.0.0.1
PORT ?= 8000

.PHONY: run setup test lint bench messages lock serve worker soak

run: setup
	@$(BIN)/python manage.py set_up --url http://$(HOST):$(PORT)
	@echo "Serving on http://$(HOST):$(PORT) (stop with Ctrl-C)"
	@exec $(BIN)/uvicorn config.asgi:application --host $(HOST) --port $(PORT) --no-access-log --no-server-header --log-level warning --timeout-graceful-shutdown 30

# One web process and one worker of docs/deploy.md, from the environment or .env; `make serve PORT=8002` is the second.
serve: setup
	@exec $(BIN)/uvicorn config.asgi:application --host $(HOST) --port $(PORT) --no-access-log --no-server-header --log-level warning --timeout-graceful-shutdown 30

worker: setup
	@exec $(BIN)/celery -A config.celery --quiet worker --without-gossip --without-mingle --without-heartbeat

setup: $(VENV)/.installed

$(VENV)/.installed: requirements.lock
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	touch $@

$(VENV)/.installed-dev: requirements-dev.lock
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	touch $@ $(VENV)/.installed

test: $(VENV)/.installed-dev
	$(BIN)/python -m pytest $(ARGS)

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.installed-dev
	$(BIN)/python -m bench

# Needs DATABASE_URL (PostgreSQL) and REDIS_URL; takes about an hour, writes docs/reliability.md.
soak: $(VENV)/.installed-dev
	$(BIN)/python -m tests.reliability.soak

# After changing texts: collect them into the .po file, then translate the new ones there.
messages: $(VENV)/.installed-dev
	$(BIN)/pybabel -q extract -F babel.cfg -k gettext_lazy --no-location --sort-output -o locale/django.pot src config
	$(BIN)/pybabel -q update --no-fuzzy-matching --ignore-obsolete -D django -i locale/django.pot -d locale -l fa
	rm locale/django.pot

# After changing dependencies in pyproject.toml; needs uv.
lock:
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header pyproject.toml -o requirements.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header pyproject.toml --group dev -o requirements-dev.lock
