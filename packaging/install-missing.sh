#!/bin/sh
# Installs the packages of packaging/apt.txt (or of the lists named as arguments) that this machine
# lacks. Silent when nothing is missing.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
[ $# -gt 0 ] || set -- "$here/apt.txt"
wanted=$(sed 's/#.*//' "$@" | xargs)
missing=$wanted

fail() {
    echo "install-missing: $1" >&2
    echo "install-missing: missing packages: $missing" >&2
    exit 1
}

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    fail "this is not Debian or Ubuntu; please install what corresponds to these packages"
fi

# Word splitting is meant: package names hold no blanks.
# shellcheck disable=SC2086
installed=" $(dpkg-query -W -f '${db:Status-Status}:${Package}\n' $wanted 2>/dev/null | xargs) "
missing=
for package in $wanted; do
    case $installed in
    *" installed:$package "*) ;;
    *) missing="$missing $package" ;;
    esac
done
missing=${missing# }
[ -n "$missing" ] || exit 0

as_root=
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || fail "installing packages needs root, and there is no sudo"
    as_root=sudo
fi

echo "installing: $missing"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
apt() {
    $as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get -q -o DPkg::Lock::Timeout=300 "$@" >>"$log" 2>&1 </dev/null
}
# One unreachable third-party source fails the update, yet what is needed may still install.
apt update || true
# shellcheck disable=SC2086
if ! apt install -y --no-install-recommends $missing; then
    cat "$log" >&2
    fail "apt-get could not install everything; its words are above"
fi
