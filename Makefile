# The two commands of a fresh machine are `make demo` and `make test`; everything else is CMake's
# (CMakePresets.json). Build folders live under build/<preset>.
.PHONY: help demo build test bench accuracy lint format coverage hardware-check clean packages
.DEFAULT_GOAL := help
.NOTPARALLEL:
.SILENT:

JOBS ?= $(shell nproc)
PROGRAM := build/release/joulemark

# $(call compile,<preset>,<target>[,<configure flag>...])
define compile
	echo "== $(1): $(2)"
	cmake --preset $(1) $(3) --log-level=NOTICE >/dev/null
	cmake --build build/$(1) --target $(2) -j $(JOBS)
endef

help: ## Say what there is to make
	awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' Makefile

demo: build ## Measure, explain and export a run on a simulated GPU
	$(PROGRAM) demo

build: packages ## Build the program: build/release/joulemark
	$(call compile,release,joulemark)

test: packages ## Build and run all tests: sanitizers, threads, fuzzers, the real program
	$(call compile,dev,checks)
	$(call compile,release,checks)
	$(call compile,tsan,checks)
	$(call compile,fuzz,checks)
	mkdir -p build/suite
	printf 'subdirs("../%s")\n' dev release tsan fuzz >build/suite/CTestTestfile.cmake
	ctest --test-dir build/suite -j $(JOBS) --output-on-failure

bench: packages ## Run the benchmarks and write docs/reference/performance.md
	$(call compile,release,benches,-DJOULEMARK_BENCH=ON)
	bench/run build/release

accuracy: packages ## Try every estimate against simulated truth: docs/reference/accuracy.md
	$(call compile,release,bench_accuracy,-DJOULEMARK_BENCH=ON)
	bench/run build/release --page accuracy

lint: packages ## Check the sources with clang-tidy and clang-format
	packaging/install-missing.sh packaging/apt-lint.txt
	git ls-files '*.hpp' '*.cpp' | xargs clang-format-19 --dry-run --Werror
	cmake --preset fuzz --log-level=NOTICE >/dev/null
	run-clang-tidy-19 -quiet -p build/fuzz -j $(JOBS) '/src/.*\.cpp$$'

format: packages ## Format the sources with clang-format
	packaging/install-missing.sh packaging/apt-lint.txt
	git ls-files '*.hpp' '*.cpp' | xargs clang-format-19 -i

coverage: packages ## Run the tests with line coverage: build/coverage/coverage.html
	packaging/install-missing.sh packaging/apt-lint.txt
	$(call compile,coverage,checks)
	ctest --preset coverage -j $(JOBS)
	gcovr --root . --filter src/ --print-summary --html-details build/coverage/coverage.html build/coverage

hardware-check: build ## Check an NVIDIA GPU in this machine and write docs/hardware/
	packaging/hardware-check.sh

clean: ## Remove everything that was built
	rm -rf build

packages:
	packaging/install-missing.sh
