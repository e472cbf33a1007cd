# Short commands. The build itself is CMakeLists.txt; `cmake --list-presets` shows its flavours.
PRESET ?= release
PREFIX ?= /usr/local
HOST ?= 127.0.0.1
PORT ?= 11211
ARGS ?=
BUILD = build/$(PRESET)

.PHONY: all run proof proof-full test test-all test-arch test-audit bench install deps deps-build tidy format clean

all:
	@tools/build.sh $(PRESET)

run: deps-build
	@TARGET=tophash_command tools/build.sh $(PRESET)
	@printf 'Tophash serves on %s port %s. Talk to it from another terminal:\n' $(HOST) $(PORT)
	@printf "    printf 'set a 0 0 1\\\\r\\\\nx\\\\r\\\\nget a\\\\r\\\\nquit\\\\r\\\\n' | nc %s %s\n" \
	    $(HOST) $(PORT)
	@printf 'Stop it with Ctrl-C. Other port: make run PORT=11300; more options: make run ARGS="-m 256"\n'
	@exec $(BUILD)/tophash serve -l $(HOST) -p $(PORT) $(ARGS)

test: deps
	@tools/test.sh

test-all: deps
	@.ci/run

test-arch:
	@tools/test_arch.sh $(ARGS)
	@tools/test_arch_seeds.sh
	@tools/test_audit.sh --legs

# The auditor of machine code: every compiler and target, and assembly with orders taken away.
test-audit:
	@tools/test_audit.sh $(ARGS)

bench: deps all
	@tools/build.sh bench
	@bench/run.sh $(ARGS)

# Every execution of small scenarios over the library's own source, and what each memory order is
# good for: proof checks what is recorded, proof-full searches for who needs each order anew.
proof: all
	@tools/proof.sh --tophash=$(BUILD)/tophash --mutate --bugs $(ARGS)

proof-full: all
	@tools/proof.sh --tophash=$(BUILD)/tophash --full --mutate --bugs $(ARGS)

install: all
	cmake --install $(BUILD) --prefix $(PREFIX)

deps:
	@tools/deps.sh all

deps-build:
	@tools/deps.sh build

tidy: all
	@$(BUILD)/tidy

format:
	@git ls-files '*.c' '*.h' | xargs clang-format-14 -i

clean:
	rm -rf build dist
