#!/usr/bin/env bash
# Installs what the tests use beyond Node, python3, g++, make, cmake and git: allocators to compare, programs to run
# under them, formatters. For Debian and its kin, as root or with sudo; CI runs it, and nothing else needs it.
set -euo pipefail

packages=(
  libjemalloc2 libtcmalloc-minimal4 libmimalloc2.0 libtbbmalloc2 libclang-rt-14-dev clang-14 libc-devtools
  redis-server redis-tools sqlite3 valgrind clang-format clang-tidy gcc-multilib musl-tools libcap2-bin
  postgresql default-jre-headless
  libjemalloc-dev libgoogle-perftools-dev google-perftools golang-go chromium strace
)
# CPython's tests of itself run under every heap; Debian has them in a package of their own.
python3 -c 'import test.test_json, test.test_threading' 2>/dev/null || packages+=(libpython3.11-testsuite)

missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then
  echo 'all test dependencies are installed'
  exit 0
fi

run=()
[ "$(id -u)" -eq 0 ] || run=(sudo)
# Servers are started by the tests themselves, on loopback; the packages' own services stay off.
export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
"${run[@]}" apt-get update -qq
"${run[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
echo "installed: ${missing[*]}"
