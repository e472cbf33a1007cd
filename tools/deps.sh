#!/bin/sh
# SPDX-License-Identifier: MIT
# deps.sh build|test|bench|arch|all - installs the Debian packages that are missing, as root or by
# sudo.
#
# Does nothing, and needs no rights, when all are there. What each list is for:
#   build   compiler, build system and headers: all that the library and the server need
#   test    the second compiler, the checkers, and real clients to talk to the server
#   bench   the maps we are compared with, plots and the report
#   arch    compilers, C libraries and emulators of the other targets; not part of all
set -eu

build="gcc libc6-dev make cmake ninja-build pkg-config systemtap-sdt-dev"
test="g++ clang-14 clang-format-14 libclang-rt-14-dev codespell binutils gcovr git python3
    netcat-openbsd memcached libmemcached-tools procps"
bench="g++ libtbb-dev libcuckoo-dev liburcu-dev libck-dev gnuplot-nox python3"

# gcc-12-multilib, not gcc-multilib, which would push out every cross compiler.
arch="gcc-12-multilib qemu-user-static python3 binutils git clang-14 clang-15 clang-16 clang-19
    lld-14 lld-19 llvm-19 nodejs
    gcc-aarch64-linux-gnu libc6-dev-arm64-cross gcc-arm-linux-gnueabihf libc6-dev-armhf-cross
    gcc-riscv64-linux-gnu libc6-dev-riscv64-cross gcc-powerpc64le-linux-gnu
    libc6-dev-ppc64el-cross gcc-s390x-linux-gnu libc6-dev-s390x-cross"

case "${1:-all}" in
build) wanted=$build ;;
test) wanted="$build $test" ;;
bench) wanted="$build $bench" ;;
arch) wanted="$build $arch" ;;
all) wanted="$build $test $bench" ;;
*)
    echo "usage: deps.sh build|test|bench|arch|all" >&2
    exit 2
    ;;
esac

if ! command -v dpkg-query >/dev/null; then
    echo "deps.sh: this is no Debian; install what corresponds to:" $wanted >&2
    exit 0
fi

missing=""
for package in $wanted; do
    state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
    if [ "$state" != installed ]; then
        missing="$missing $package"
    fi
done
if [ -z "$missing" ]; then
    exit 0
fi

if [ "$(id -u)" = 0 ]; then
    as_root=""
elif command -v sudo >/dev/null; then
    as_root=sudo
else
    echo "deps.sh: missing:$missing" >&2
    echo "deps.sh: run as root: apt-get install$missing" >&2
    exit 1
fi
echo "deps.sh: installing:$missing"
$as_root apt-get -qq update
$as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends \
    -o DPkg::Lock::Timeout=600 install $missing >/dev/null

# We want memcached's programs, not its service, which has just taken our default port.
case "$missing" in
*" memcached"*)
    if command -v systemctl >/dev/null && systemctl is-active --quiet memcached 2>/dev/null; then
        $as_root systemctl disable --quiet --now memcached
    fi
    ;;
esac
