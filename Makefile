# The short way in: each target sets up what it needs. `make help` lists them.
JOBS ?= $(shell nproc)
# Some tests wait for most of their time: one more than there are processors.
TEST_JOBS ?= $(shell expr $(JOBS) + 1)
# Quiet, but for warnings and errors.
CONFIGURE = cmake >/dev/null --preset

.DEFAULT_GOAL := help
.PHONY: help run adapters build test bench fuzz lint format docs test-guests install clean setup-build setup-test setup-lint build-tests

help:  ## list these targets
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 22

run: build  ## install what is missing, build, run a real program
	@tools/run_example.sh

build: setup-build  ## build/bin/ashlar and build/lib/libashlar.{a,so}
	@$(CONFIGURE) release
	@cmake --build build -j $(JOBS)

test: build-tests  ## build with and without sanitizers, run every test
	@FUZZ_SECONDS=$(or $(FUZZ_SECONDS),20) ctest --test-dir build --output-on-failure -j $(TEST_JOBS)

adapters:  ## fetch the adapters that `ashlar component new` uses for WASI preview 1 (with cargo)
	@python3 tools/fetch_adapters.py

build-tests: setup-test
	-@python3 tools/fetch_adapters.py
	@$(CONFIGURE) release
	@cmake --build build -j $(JOBS) --target all tests
	@$(CONFIGURE) asan
	@cmake --build build/asan -j $(JOBS) --target tests fuzzers
	@$(CONFIGURE) tsan
	@cmake --build build/tsan -j $(JOBS) --target thread_sanitizer_tests
	@tools/build_aarch64.sh -j $(JOBS)

bench: build  ## compare with native code, other interpreters and compilers
	@tools/bootstrap.sh bench
	@cmake --build build -j $(JOBS) --target benchmarks
	@python3 bench/run.py

fuzz: FUZZ_TIME = $(or $(FUZZ_SECONDS),60)
fuzz: setup-test  ## run each fuzz target for FUZZ_SECONDS (60)
	@$(CONFIGURE) fuzz
	@cmake --build build/fuzz -j $(JOBS) --target fuzzers
	@python3 tools/fuzz.py --bin build/fuzz/bin --seconds $(FUZZ_TIME) --jobs $(JOBS) --keep
	@python3 fuzz/differential.py --maker build/fuzz/bin/generated_modules --python-env build/fuzz-venv \
	  --keep fuzz/findings/differential || [ $$? = 77 ]
	@$(CONFIGURE) release
	@cmake --build build -j $(JOBS) --target compare_tiers
	@build/bin/compare_tiers --seconds $(FUZZ_TIME) --keep fuzz/findings/tiers
	@build/bin/compare_tiers --gc yes --seconds $(FUZZ_TIME) --keep fuzz/findings/gc

lint: setup-lint  ## layering, format, headers, clang-tidy
	@$(CONFIGURE) release -B build/lint -DASHLAR_PRECOMPILED=OFF
	@python3 tools/check_layers.py
	@python3 tools/check_format.py
	@python3 tools/check_headers.py
	@run-clang-tidy-22 -quiet -p build/lint -j $(JOBS) "$(CURDIR)/src/.*\.cc$$"

format: setup-lint  ## rewrite the sources in the project's format
	@python3 tools/check_format.py --fix

test-guests: build  ## real programs of many toolchains (GUESTS="go rust"): slow
	@python3 tests/guests/run.py --ashlar build/bin/ashlar $(GUESTS)

docs:  ## the C++ API and its guide as HTML in build/docs/html
	@tools/bootstrap.sh docs
	@python3 tools/docs.py

install: build  ## install to PREFIX (/usr/local)
	@cmake --install build --prefix $(or $(PREFIX),/usr/local)

clean:  ## remove build/
	rm -rf build

setup-build:
	@tools/bootstrap.sh build
setup-test:
	@tools/bootstrap.sh build test
setup-lint:
	@tools/bootstrap.sh build test lint
