# `make` alone lists the targets. Everything runs in .venv, which `make setup` creates.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/bash

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
TARGET ?= duckdb
QUESTIONS ?=
MESSAGES ?= 2000
EXPOSURE ?= ml_training_pipeline
OPTIONS ?=

export DBT_PROFILES_DIR ?= profiles
export GENIE_TARGET := $(TARGET)
# where it is set, each of hundreds of processes would compile our packages anew
export PYTHONDONTWRITEBYTECODE :=
DBT := $(BIN)/dbt --no-use-colors
DBT_TARGET := --target $(TARGET)
# one more than there are cores: tests wait for servers, timers and disks, too
WORKERS ?= $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)
PYTEST := $(BIN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

# what dbt leaves behind is the evidence of `make gate`; the exit code stays dbt's
ARCHIVE = code=$$?; $(BIN)/genie-exporter archive --target $(TARGET) $(1) || code=1; exit $$code
FRESHNESS_LOG := target/freshness

MONITORING := prometheus prometheus-alertmanager prometheus-pushgateway prometheus-node-exporter

.PHONY: help setup demo build ingest test test-fast test-deps lint lint-python lint-sql fmt freshness gate docs docs-serve data-model dashboard-build dashboard dashboard-deploy ml-dash-import-freshness bench clean

help: ## list the targets
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  %-24s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed; name one: make PYTHON=python3.12 ..." >&2; exit 1; }
	@echo "setup: installing exact versions into $(VENV); this takes about a minute"
	@$(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[postgres,databricks,dashboard,ml,dev]'
	@touch $@

setup: $(STAMP) ## create .venv with exact versions (every other target calls this)

demo: $(STAMP) ## simulated workspace -> ingest -> dbt -> summary (QUESTIONS=file.jsonl, MESSAGES=2000)
	@$(BIN)/genie-demo run --target $(TARGET) --messages $(MESSAGES) $(if $(QUESTIONS),--questions '$(QUESTIONS)')

build: $(STAMP) ## create absent tables, then dbt build: models, seeds, tests
	@$(BIN)/genie-ingest init --target $(TARGET)
	@$(DBT) build $(DBT_TARGET); $(call ARCHIVE)

ingest: $(STAMP) ## fetch what is due (system tables too if DATABRICKS_WAREHOUSE_ID is set), purge what is too old
	@# exit 2 is "done in part": what could not be fetched is told, stored and tried again
	@for what in $${DATABRICKS_WAREHOUSE_ID:+system-tables} spaces conversations messages comments evals purge; do \
		echo "genie-ingest $$what"; \
		$(BIN)/genie-ingest $$what --target $(TARGET) || test $$? -eq 2 || exit 1; \
	done

test: lint ## everything: lint, types, dbt, end to end
	$(PYTEST)

test-fast: $(STAMP) ## tests without the slow end-to-end runs
	$(PYTEST) -m 'not slow'

test-deps: ## install the system programs that tests use (Debian, root): Postgres 15, Java 17, Chromium, Prometheus and its kin
	@# its package would start a server: the first file keeps it from making one
	@test -x /usr/lib/postgresql/15/bin/initdb && echo "test-deps: Postgres 15 is there" || { \
		mkdir -p /etc/postgresql-common && \
		echo "create_main_cluster = false" > /etc/postgresql-common/createcluster.conf && \
		apt-get update -qq && apt-get install -y -qq --no-install-recommends postgresql-15; \
	} || echo "test-deps: no Postgres 15 to be had here; its test is skipped by name"
	@java -version 2>&1 | grep -Eq 'version "(1[7-9]|[2-9][0-9])' && echo "test-deps: Java is there" || { \
		apt-get update -qq && apt-get install -y -qq --no-install-recommends openjdk-17-jre-headless; \
	} || echo "test-deps: no Java 17 to be had here; tests on Databricks' stand-in are skipped by name"
	@command -v chromium >/dev/null && command -v chromedriver >/dev/null && echo "test-deps: Chromium is there" || { \
		apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium chromium-driver; \
	} || echo "test-deps: no Chromium to be had here; tests of the docs site and the dashboard are skipped by name"
	@# masked before they are installed: their packages would start servers
	@command -v promtool amtool $(MONITORING) | wc -l | grep -qx $(words promtool amtool $(MONITORING)) \
		&& echo "test-deps: Prometheus and its kin are there" || { \
		mkdir -p /etc/systemd/system && \
		for name in $(MONITORING); do ln -sf /dev/null /etc/systemd/system/$$name.service; done && \
		apt-get update -qq && \
		apt-get install -y -qq --no-install-recommends $(MONITORING); \
	} || echo "test-deps: no Prometheus to be had here; tests of monitoring are skipped by name"
	@command -v logrotate >/dev/null && echo "test-deps: logrotate is there" || { \
		mkdir -p /etc/systemd/system && ln -sf /dev/null /etc/systemd/system/logrotate.timer && \
		apt-get update -qq && apt-get install -y -qq --no-install-recommends logrotate; \
	} || echo "test-deps: no logrotate to be had here; its test is skipped by name"

lint: $(STAMP) ## ruff, mypy, sqlfluff
	@$(MAKE) --no-print-directory --jobs 2 --output-sync lint-sql lint-python

lint-python: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/mypy $$(find models ops docs -name '*.py')

lint-sql: $(STAMP)
	@# in memory: two processes cannot open one DuckDB file
	GENIE_DUCKDB_PATH=:memory: DBT_TARGET_PATH=target/lint $(BIN)/sqlfluff lint --disable-progress-bar --processes 2 models tests/dbt/singular

fmt: $(STAMP) ## format Python and SQL
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	GENIE_DUCKDB_PATH=:memory: DBT_TARGET_PATH=target/lint $(BIN)/sqlfluff fix --disable-progress-bar models tests/dbt/singular

freshness: $(STAMP) ## dbt source freshness
	@rm -f $(FRESHNESS_LOG)/dbt.log
	@$(DBT) --log-format-file json --log-path $(FRESHNESS_LOG) source freshness $(DBT_TARGET); \
		$(call ARCHIVE,--log $(FRESHNESS_LOG)/dbt.log)

gate: $(STAMP) ## may EXPOSURE be run (ml_training_pipeline)? After make freshness and make build
	@$(BIN)/genie-exporter gate --target $(TARGET) --exposure $(EXPOSURE)

ml-dash-import-freshness: $(STAMP) ## put the dashboard ML source freshness into Grafana (GRAFANA_URL, GRAFANA_API_KEY; OVERWRITE=1)
	@$(BIN)/python ops/grafana/import_dashboard.py $(if $(OVERWRITE),--overwrite) ops/grafana/dashboards/ml-source-freshness.json

dashboard: $(STAMP) ## the dashboard as one page of HTML: var/genie_observability.html
	@$(BIN)/genie-dashboard render --target $(TARGET)

dashboard-build: $(STAMP) ## write the AI/BI dashboard from its parts
	@$(BIN)/genie-dashboard build

dashboard-deploy: $(STAMP) ## create or change the AI/BI dashboard in DATABRICKS_HOST and publish it (OPTIONS=--dry-run)
	@$(BIN)/genie-dashboard deploy $(OPTIONS)

bench: $(STAMP) ## what the exporter and the dashboard's page cost, against what they may cost (after make demo)
	$(BIN)/python bench/exporter.py
	$(BIN)/python bench/dashboard.py

docs: $(STAMP) ## generate the dbt docs site
	$(DBT) docs generate $(DBT_TARGET)

docs-serve: docs ## serve the dbt docs site on http://127.0.0.1:8081
	$(DBT) docs serve $(DBT_TARGET) --host 127.0.0.1 --port 8081

data-model: $(STAMP) ## write docs/data-model.md from the YAML beside each model
	@$(BIN)/python docs/data_model.py

clean: ## delete build outputs (never var/, where the database lives)
	rm -rf target logs build dist .pytest_cache .mypy_cache .ruff_cache *.egg-info
