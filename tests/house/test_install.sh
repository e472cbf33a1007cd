#!/bin/sh
# SPDX-License-Identifier: MIT
# Goal: what is installed is complete. Method: install into a fresh prefix, then build and run an
# outside program by pkg-config (shared and static, C11 and C++17) and by find_package.
set -eu
if [ -n "$TOPHASH_SANITIZE" ] || [ "$TOPHASH_COVERAGE" = ON ]; then
    echo "skipped: nobody installs an instrumented build"
    exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
prefix=$work/prefix
consumer=$TOPHASH_SOURCE_DIR/tests/house/consumer
passed=0
failed=0

step() { # name command...
    name=$1
    shift
    if "$@" >"$work/out" 2>&1; then
        passed=$((passed + 1))
        echo "ok $name"
    else
        failed=$((failed + 1))
        echo "not ok $name: $(cat "$work/out")"
    fi
}

step install_into_prefix_succeeds cmake --install "$TOPHASH_BUILD_DIR" --prefix "$prefix"
libdir=$(dirname "$(find "$prefix" -name libtophash.a)")
export PKG_CONFIG_PATH="$libdir/pkgconfig" LD_LIBRARY_PATH="$libdir"

link_shared() {
    ${CC:-cc} -std=c11 -Wall -Wextra -Werror $(pkg-config --cflags tophash) "$consumer/main.c" \
        -o "$work/shared" $(pkg-config --libs tophash)
}
link_static() {
    ${CC:-cc} -std=c11 $(pkg-config --cflags tophash) "$consumer/main.c" -o "$work/static" \
        "$libdir/libtophash.a" $(pkg-config --static --libs-only-other tophash)
}
headers_cxx() {
    for header in "$prefix"/include/tophash/*.h; do
        g++ -std=c++17 -Wall -Wextra -Wpedantic -Werror -I"$prefix/include" -fsyntax-only \
            -x c++ "$header" || return 1
    done
}
find_package_build() {
    cmake -S "$consumer" -B "$work/consumer" -DCMAKE_PREFIX_PATH="$prefix" \
        -DCMAKE_C_COMPILER="${CC:-cc}" && cmake --build "$work/consumer"
}
man_pages_there() {
    for page in "$TOPHASH_SOURCE_DIR"/man/*.[13]; do
        [ -f "$prefix/share/man/man${page##*.}/$(basename "$page")" ] || return 1
    done
}
only_public_headers() {
    [ "$(find "$prefix/include" -type f | wc -l)" = \
        "$(find "$TOPHASH_SOURCE_DIR/include" -name '*.h' | wc -l)" ]
}

step pkg_config_shared_builds link_shared
step pkg_config_shared_runs "$work/shared"
step pkg_config_static_builds link_static
step pkg_config_static_runs env -u LD_LIBRARY_PATH "$work/static"
step installed_headers_are_cxx headers_cxx
step find_package_builds find_package_build
step find_package_shared_runs "$work/consumer/consumer_shared"
step find_package_static_runs "$work/consumer/consumer_static"
step installed_command_runs "$prefix/bin/tophash" --version
step installed_man_pages_are_complete man_pages_there
step installed_headers_are_the_public_ones only_public_headers

echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" = 0 ]
