#!/bin/sh
# SPDX-License-Identifier: MIT
# test_describe.sh - th_atomic_describe() says what is in the machine code of every operation.
#
# Goal: the table of src/atomic/describe.c is true of this target, compiler and set of flags.
# Method: test_describe prints the table; the functions of probes.h, which it contains, are
# disassembled; of each, the instructions that order or are atomic must be those of its row. Where
# nothing can be linked, probes.c is compiled as the library was, and the table is read from the
# preprocessed source.
set -eu
program=$TOPHASH_BUILD_DIR/tests/atomic_describe
here=$TOPHASH_SOURCE_DIR/tests/atomic
# What is not emulated is the host's: binutils can read it; beside clang, OBJDUMP may be LLVM's.
objdump=objdump
if [ -n "${TOPHASH_EMULATOR:-}" ] || [ ! -x "$program" ]; then
    objdump=$OBJDUMP
fi
if [ -n "${TOPHASH_SANITIZE:-}" ] || [ "${TOPHASH_COVERAGE:-OFF}" = ON ]; then
    echo "skipped: instrumented code holds other instructions beside"
    exit 77
fi
case ${TOPHASH_BUILD:-} in
*Debug*)
    echo "skipped: alignment checks and -O1 change the order of what is compared"
    exit 77
    ;;
esac
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if [ -x "$program" ]; then
    # shellcheck disable=SC2086 # the emulator is a command with its arguments
    ${TOPHASH_EMULATOR:-} "$program" has_a_row >"$work/said"
    grep '^# target' "$work/said"
    "$objdump" -d --no-show-raw-insn "$program" >"$work/code"
else
    python3 "$here/describe_unlinked.py" "$TOPHASH_BUILD_DIR" "$here/probes.c" "$work/probes.o" \
        >"$work/said"
    cat "$work/said"
    "$objdump" -d --no-show-raw-insn "$work/probes.o" >"$work/code"
fi
awk -f "$here/describe.awk" "$work/code" "$work/said"
