# Everything a person runs. `make` alone lists it.
STACK ?= dev
PURGE ?=
WORKERS ?= 2
CI_STATE ?= stack
PY := .venv/bin/python
PARTS := backup haproxy monitoring

.DEFAULT_GOAL := help
.PHONY: help up preview down test check docs lock images bench soak ready ci-preview

help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo "  STACK=prod      another stack than dev;  PURGE=1 with down deletes data and passwords too"

ready:
	@scripts/ensure-python
	@scripts/ensure-docker

up: ready ## Bring the stack up: packages, Docker, images, databases, services
	@$(PY) -m operate up --stack $(STACK)

preview: ## Show what `make up` would change
	@scripts/ensure-python
	@$(PY) -m operate preview --stack $(STACK)

ci-preview: ## Print what a pull request would do as a comment in Markdown: see docs/ci.md
	@scripts/ensure-python >&2
	@$(PY) -m operate.ci --stack '$(STACK)' --state '$(CI_STATE)' $(if $(CI_PROJECT),--project '$(CI_PROJECT)') \
		$(if $(CI_BASE),--base '$(CI_BASE)') $(if $(CI_COMMENT),--comment '$(CI_COMMENT)')

down: ready ## Take containers and networks away; data stays unless PURGE=1
	@$(PY) -m operate down --stack $(STACK) $(if $(PURGE),--purge)

test: ## Run all tests, WORKERS=2 at a time; those on Docker fail where there is none
	@scripts/ensure-python
	@scripts/ensure-docker && $(PY) -m images build --mongo mongo:7 --parts $(PARTS) || echo "Without Docker and images (see above) the tests that need them will fail."
	@$(PY) -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(PYTEST)

check: ## Lint, format and strict types
	@scripts/ensure-python
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy

docs: ## Write docs/policies.md from the rules, docs/pictures from Pulumi.dev.yaml, the dashboard
	@scripts/ensure-python
	@$(PY) -m policies.docs
	@$(PY) -m operate.pictures
	@$(PY) -m components.monitoring.dashboards

images: ready ## Build the server images only
	@$(PY) -m images build

bench: ready ## Measure what docs/benchmarks.md says; BENCH="slope many" only these
	@$(PY) -m images build --parts $(PARTS)
	@$(PY) -m benchmarks $(BENCH)

soak: ready ## The full counts of long suites: kills (FAULT_MINUTES=n bounds them), containers against the policies
	@$(PY) -m images build
	@FAULT_POINTS=all FAULT_RESULTS=tests/faults/results $(PY) -m pytest tests/faults/test_kills.py -s
	@POLICY_CASES=100000 POLICY_DAEMON_CASES=200 $(PY) -m pytest tests/policies/reach -q -p no:warnings \
		>tests/policies/reach/results/$$(date -u +%F).txt; status=$$?; tail -1 tests/policies/reach/results/$$(date -u +%F).txt; exit $$status

lock: ## Pin the packages of pyproject.toml anew, for every Python from 3.11 on
	@python3 -m venv .cache/lock && .cache/lock/bin/pip install -q uv
	@.cache/lock/bin/uv pip compile -q --universal --python-version 3.11.0 --extra dev --generate-hashes \
		--no-emit-index-url --no-emit-find-links --no-header -o requirements.lock pyproject.toml
