#!/bin/bash
# SPDX-License-Identifier: MIT
# test_wasm.sh --build COMPILER FOLDER | --run FOLDER SCALE
#
# Map and epoch for wasm32 with threads, without a C library but the small one of tests/wasm/:
# builds their test programs with a clang, runs them on node's workers. --run leaves
# FOLDER/tests.xml as ctest does.
set -eu
cd "$(dirname "$0")/.."

# What needs no process of its own: tests that fork, cancel threads, bind them to processors or ask
# what time they took are not among them. Stress tests and handshakes have four threads, and so four
# workers.
programs="atomic/test_atomic atomic/test_describe atomic/test_line hash/test_hash_results
    epoch/test_epoch_scenarios epoch/test_epoch_stress epoch/test_epoch_results
    epoch/test_epoch_unit
    map/test_map_results map/test_map_u32 map/test_map_u64 map/test_map_bytes map/test_map_model
    map/test_map_stress map/test_map_scenarios map/test_map_history map/test_map_faults
    map/test_map_judge map/test_map_handshakes map/tiny_model map/tiny_history
    map/tiny_scenarios map/tiny_stress map/tiny_quick map/tiny_borrow map/test_map_wide
    map/tiny_obligations map/tiny_pairs mem/test_slab"

build() { # compiler folder
    local compiler=$1 folder=$2 flags object source name
    local version=${compiler#clang}
    flags="--target=wasm32-unknown-unknown -matomics -mbulk-memory -mmutable-globals -O2 -g0
        -std=c11 -DNDEBUG -D_GNU_SOURCE -ffreestanding -fno-strict-overflow
        -ftls-model=local-exec -Wall -Wextra -Wno-unused-parameter -Werror
        -isystem tests/wasm/include -Itests/wasm -Iinclude -Isrc -Itests"
    # Memory is not free before it is touched: pages that were given back are zeroed by hand.
    local whole="-DTH_MAP_FIRST_RUN_GROUPS_LOG2=9" tiny="-DTH_MAP_TINY=1 -DTHI_TEST_POINTS=1"
    mkdir -p "$folder"/{whole,tiny,tests}
    local library=()
    for source in src/{base,hash,atomic,mem,trace,epoch,map,port}/*.c src/port/posix/*.c \
        tests/wasm/*.c; do
        library+=("$source")
    done
    # shellcheck disable=SC2086 # one flag a word
    {
        printf '%s\n' "${library[@]}" |
            xargs -P "${JOBS:-$(nproc)}" -I{} sh -c 'name=$(echo {} | tr / _)
                $0 $2 $3 -c {} -o $1/whole/$name.o && $0 $2 $4 -c {} -o $1/tiny/$name.o' \
                "$compiler" "$folder" "$(echo $flags)" "$whole" "$tiny"
        for name in $programs; do
            local kind=whole extra=$whole
            case $name in */tiny_*) kind=tiny extra=$tiny ;; esac
            local sources="tests/$name.c"
            [ "$name" = atomic/test_describe ] && sources+=" tests/atomic/probes.c"
            local objects=""
            for source in $sources; do
                object=$folder/tests/$(echo "$source" | tr / _).o
                $compiler $flags $extra -Itests/atomic -c "$source" -o "$object"
                objects+=" $object"
            done
            local base=${name##*/}
            wasm-ld"$version" --no-entry --shared-memory --import-memory \
                --initial-memory=1073741824 --max-memory=1073741824 --export=__stack_pointer \
                -z stack-size=65536 $objects "$folder/$kind"/*.o \
                -o "$folder/tests/${name%%/*}_${base#test_}.wasm"
        done
    }
}

# As test_describe.sh: what the program says of its operations, against the code of probes.c.
describe_code() { # folder; the program's output
    grep '^# uses' >"$1/described"
    llvm-objdump-19 -d --no-show-raw-insn "$1/tests/tests_atomic_probes.c.o" >"$1/probes.code"
    awk -f tests/atomic/describe.awk "$1/probes.code" "$1/described"
}

# A program, or what is held against its code, as ctest has it.
report_case() { # name seconds status output
    echo "<testcase name=\"$1\" time=\"$2\">"
    if [ "$3" != 0 ]; then
        echo "<failure message=\"status $3\"/>"
        echo "$1 failed: status $3" >&2
    fi
    printf '<system-out>%s</system-out></testcase>\n' "$(printf '%s' "$4" |
        sed 's/&/\&amp;/g; s/</\&lt;/g; s/>/\&gt;/g')"
}

run() { # folder scale
    local folder=$1 scale=$2 program name output status began
    local passed=0 count=0
    {
        echo '<?xml version="1.0" encoding="UTF-8"?><testsuite>'
        for program in "$folder"/tests/*.wasm; do
            name=$(basename "$program" .wasm)
            began=$SECONDS
            status=0
            output=$(node tests/wasm/run.mjs "$program" "$scale" 500 2>&1) || status=$?
            count=$((count + 1))
            [ $status = 0 ] && passed=$((passed + 1))
            report_case "$name" $((SECONDS - began)) $status "$output"
            if [ "$name" = atomic_describe ]; then
                status=0
                output=$(echo "$output" | describe_code "$folder" 2>&1) || status=$?
                report_case atomic_describe_code 0 $status "$output"
                count=$((count + 1))
                [ $status = 0 ] && passed=$((passed + 1))
            fi
        done
        echo '</testsuite>'
    } >"$folder/tests.xml"
    echo "$passed of $count programs passed"
}

case ${1:-} in
--build) build "$2" "$3" ;;
--run) run "$2" "$3" ;;
*)
    echo "usage: test_wasm.sh --build COMPILER FOLDER | --run FOLDER SCALE" >&2
    exit 2
    ;;
esac
