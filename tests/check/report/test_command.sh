#!/bin/sh
# SPDX-License-Identifier: MIT
# Goal: what the reports promise holds from the command line on: a replay prints the same table in
# another folder, drawings and JSON are written, a library call that the compiler could expand is
# seen, locks are named. Method: small programs, and what is looked for in their reports.
set -eu
if [ -n "${TOPHASH_SANITIZE:-}" ] || [ "${TOPHASH_COVERAGE:-}" = ON ]; then
    echo "skipped: checked programs cannot be linked with an instrumented checker"
    exit 77
fi
"$TOPHASH_COMMAND" check --help >/dev/null 2>&1 || {
    echo "skipped: this build has no checker"
    exit 77
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
failed=0

# status description command...: runs it with its output in `out`.
run() {
    want=$1 name=$2
    shift 2
    status=0
    "$TOPHASH_COMMAND" check --quiet "$@" >out 2>&1 || status=$?
    [ "$status" = "$want" ] || {
        echo "not ok $name: status $status, expected $want"
        cat out
        failed=1
    }
}

# Each text must stand in the file.
holds() {
    file=$1
    shift
    for text in "$@"; do
        grep -qF -- "$text" "$file" || {
            echo "not ok $file lacks '$text'"
            cat "$file"
            failed=1
        }
    done
}

main='int main(void) { pthread_t t, u; pthread_create(&t, 0, one, 0); pthread_create(&u, 0, two, 0);
pthread_join(t, 0); pthread_join(u, 0); return 0; }'

cat >publish.c <<SOURCE
#include <pthread.h>
#include <stdatomic.h>
int data;
atomic_int ready;
static void *one(void *none)
{
    data = 1;
    atomic_store_explicit(&ready, 1, ORDER);
    return none;
}
static void *two(void *none)
{
    int seen = atomic_load_explicit(&ready, memory_order_acquire);
    return seen ? (void *)(long)data : none;
}
$main
SOURCE
run 1 publish --explain --dot=p.dot --svg=p.svg --json=p.json publish.c \
    -DORDER=memory_order_relaxed
holds out "data race on data" "needs: T1 publish.c:7 (step 1) -> T2 publish.c:14 (step 4)" \
    "memory_order_release at T1 publish.c:8" "Step by step"
holds p.dot "digraph execution" "load ready = 1 (acquire)"
holds p.svg "</svg>" "is read by"
holds p.json '"verdict": "failed"' '"place": "publish.c:14"'
token=$(sed -n 's/.*--replay=//p' out)
sed -n '1,/^would/p' out >first
mkdir elsewhere
cp publish.c elsewhere
cd elsewhere
run 1 replay --replay="$token" publish.c -DORDER=memory_order_relaxed
sed -n '1,/^would/p' out >../second
cd ..
cmp first second || failed=1

run 0 mutate --mutate --coverage --json=m.json publish.c -DORDER=memory_order_release
holds out "2 mutants: 2 killed, 0 survived" "2 atomic sites"
holds m.json '"verdict": "verified"' '"outcome": "killed"' '"operation": "store"'
run 1 survivor --mutate publish.c -DORDER=memory_order_seq_cst
holds out "seq_cst -> release" "SURVIVED"
echo "publish.c:8 release: nobody needs one order of all" >reasons
run 0 equivalent --mutate --equivalent=reasons publish.c -DORDER=memory_order_seq_cst
holds out "nobody needs one order of all" "1 equivalent"

cat >text.c <<SOURCE
#include <pthread.h>
#include <string.h>
char text[32] = "abc";
static void *one(void *none) { strcpy(text, "hello"); return none; }
static void *two(void *none) { return strlen(text) == 0 ? text : none; }
$main
SOURCE
run 1 strings text.c
holds out "data race on text"

cat >locks.c <<SOURCE
#include <pthread.h>
pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER;
int count;
static void both(pthread_mutex_t *first, pthread_mutex_t *second)
{
    pthread_mutex_lock(first);
    pthread_mutex_lock(second);
    count++;
    pthread_mutex_unlock(second);
    pthread_mutex_unlock(first);
}
static void *one(void *none) { both(&a, &b); return none; }
static void *two(void *none) { both(&b, &a); return none; }
$main
SOURCE
run 1 locks locks.c
holds out "locks.c:6  lock a" "locks.c:7  waits for b, which T2 holds" "no memory order is to blame"

[ "$failed" = 0 ] && echo "ok reports from the command line"
exit "$failed"
