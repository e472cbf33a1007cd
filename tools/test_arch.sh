#!/bin/bash
# SPDX-License-Identifier: MIT
# test_arch.sh [--set NAME]... [--tests REGEX] [--out FOLDER] [--no-deps] [LEG...]
#
# Builds the library and its tests for every target, runs them (emulated where this machine cannot),
# and compares what they say: build/arch/report.{txt,json,html}. Fails if a test fails, or if
# targets, compilers or byte orders differ in a way that cmake/targets/expected.txt does not
# explain.
#   LEG      only these legs of cmake/targets/legs.txt
#   --set    only legs of these sets; without LEG and --set: run, compile, wasm. `sanitizers`: all
#            sets of sanitizers
#   --tests  only test programs whose names match
#   --out    where builds and report go (build/arch)
# JOBS compilers at once (number of processors); tests wait much, so twice as many of them.
# The last line is `N passed, N failed, N skipped`; status 0 if nothing failed.
set -eu
cd "$(dirname "$0")/.."
legs_file=cmake/targets/legs.txt
sets=" "
tests=""
out=$PWD/build/arch
deps=yes
chosen=" "
while [ $# -gt 0 ]; do
    case $1 in
    --set) sets+="$2 "; shift ;;
    --tests) tests=$2; shift ;;
    --out) out=$2; shift ;;
    --no-deps) deps=no ;;
    --help | -h) sed -n '3,16s/^# \{0,1\}//p' "$0"; exit 0 ;;
    -*) echo "test_arch.sh: unknown option $1; see --help" >&2; exit 2 ;;
    *)
        if ! grep -q "^$1 " "$legs_file"; then
            echo "test_arch.sh: no leg $1; $legs_file has them all" >&2
            exit 2
        fi
        chosen+="$1 "
        ;;
    esac
    shift
done
if [ "$sets" = " " ] && [ "$chosen" = " " ]; then
    sets=" run compile wasm "
fi
sets=${sets/ sanitizers / address undefined thread }
if [ $deps = yes ]; then
    tools/deps.sh arch
fi
jobs=${JOBS:-$(nproc)}
mkdir -p "$out"
began=$SECONDS

# Calls `$1 leg target compiler scale set` for each leg that was asked for.
each_leg() {
    local leg target compiler scale set
    while read -r leg target compiler _ _ scale set; do
        case $leg in "" | "#"*) continue ;; esac
        if [[ $chosen == *" $leg "* || ($chosen == " " && $sets == *" $set "*) ]]; then
            "$1" "$leg" "$target" "$compiler" "$scale" "$set"
        fi
    done <"$legs_file"
}

# Of a leg's tests those that were asked for. The lab looks at the machine it runs on: once is
# enough to see that it says what an emulator cannot show.
lab_leg=aarch64-gcc
leg_choice() { # leg
    [ "$1" = "$lab_leg" ] || echo "--label-exclude lab"
    [ -z "$tests" ] || echo "--tests-regex $tests"
}

# The programs of these tests: a test is called as its program, but for scripts.
leg_programs() { # leg folder
    [ "$1" = "$lab_leg" ] && echo tophash_lab_command
    # shellcheck disable=SC2046 # words
    ctest --test-dir "$2" $(leg_choice "$1") --show-only=json-v1 | python3 -c 'import json, sys
for test in json.load(sys.stdin)["tests"]:
    # Without a command: a program not built so far.
    if not test.get("command", [""])[-1].endswith(".sh"):
        print(test["name"])'
}

leg_build() {
    local leg=$1 target=$2 compiler=$3 set=$5 folder=$out/$1 sanitize=""
    case $set in
    address | undefined | thread) sanitize=$set ;;
    wasm)
        if tools/test_wasm.sh --build "$compiler" "$folder" >"$folder/build.log" 2>&1; then
            touch "$folder/built"
        else
            touch "$folder/unbuilt"
        fi
        return
        ;;
    esac
    local goals=tophash_objects
    # shellcheck disable=SC2086 # one goal a word
    if cmake -S . -B "$folder" -G Ninja -DCMAKE_TOOLCHAIN_FILE="cmake/targets/$target.cmake" \
        -DTOPHASH_TARGET_COMPILER="$compiler" -DCMAKE_BUILD_TYPE=RelWithDebInfo \
        -DCMAKE_C_FLAGS_RELWITHDEBINFO="-O2 -DNDEBUG ${sanitize:+-g}" \
        -DTOPHASH_WERROR=ON -DTOPHASH_TOOLS=OFF -DTOPHASH_SANITIZE="$sanitize" \
        >"$folder/configure.log" 2>&1 &&
        { [ "$set" = compile ] || goals=$(leg_programs "$leg" "$folder"); } &&
        cmake --build "$folder" --parallel "$jobs" --target $goals >"$folder/build.log" 2>&1; then
        touch "$folder/built"
    else
        touch "$folder/unbuilt"
    fi
}

leg_test() {
    local leg=$1 scale=$4 set=$5 folder=$out/$1 start
    while [ ! -e "$folder/built" ] && [ ! -e "$folder/unbuilt" ]; do sleep 0.2; done
    if [ -e "$folder/unbuilt" ]; then
        printf '%-22s could not be built: %s\n' "$leg" "$folder/build.log"
        grep -E 'error|FAILED' "$folder"/{configure,build}.log 2>/dev/null | head -n 5 || true
        return
    fi
    start=$SECONDS
    case $set in
    compile)
        # Nothing runs; what the library says it uses is held against the code.
        ctest --test-dir "$folder" --tests-regex '^atomic_describe_code$' \
            --output-junit "$folder/tests.xml" --test-output-size-passed 100000 \
            >"$folder/test.log" 2>&1 || true
        ;;
    wasm) tools/test_wasm.sh --run "$folder" "$scale" >"$folder/test.log" 2>&1 || true ;;
    *)
        # The slowest first, as the leg before had them: the last of a leg leave processors idle.
        if [ -e "$costs" ]; then
            mkdir -p "$folder/Testing/Temporary"
            cp "$costs" "$folder/Testing/Temporary/"
        fi
        costs=$folder/Testing/Temporary/CTestCostData.txt
        # Sanitizers of emulated programs: no leaks are looked for, since that traces the program;
        # the thread sanitizer must not run itself again, which the emulator cannot.
        local launcher=""
        if [ "$set" = thread ]; then
            launcher="setarch $(uname -m) -R"
            ulimit -s 8192
        fi
        # shellcheck disable=SC2046 # words
        ASAN_OPTIONS=detect_leaks=0 UBSAN_OPTIONS=print_stacktrace=1 TSAN_OPTIONS=halt_on_error=1 \
            TOPHASH_TEST_SEED=20261122 TOPHASH_TEST_SCALE=$scale TOPHASH_TEST_TIME_LIMIT=500 \
            $launcher ctest --test-dir "$folder" --parallel $((2 * jobs)) --timeout 600 \
            $(leg_choice "$leg") \
            --output-junit "$folder/tests.xml" \
            --test-output-size-passed 4000000 --test-output-size-failed 4000000 \
            >"$folder/test.log" 2>&1 || true
        ;;
    esac
    printf '%-22s %4d s  %s\n' "$leg" $((SECONDS - start)) \
        "$(grep -E 'tests passed|programs' "$folder/test.log" | tail -n 1)"
}

leg_clean() {
    mkdir -p "$out/$1"
    rm -f "$out/$1"/{built,unbuilt,tests.xml}
}

# The next leg is compiled while this one is tested.
costs=""
each_leg leg_clean
each_leg leg_build &
builder=$!
trap 'kill $builder 2>/dev/null || true' EXIT
each_leg leg_test
wait $builder
trap - EXIT
list=""
note_leg() { list+=" $1"; }
each_leg note_leg
printf '%d s in all\n' $((SECONDS - began))
# shellcheck disable=SC2086 # one leg a word
exec python3 tools/arch_report.py "$out" $list
