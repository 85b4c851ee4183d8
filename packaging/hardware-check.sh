#!/bin/sh
# Checks an NVIDIA GPU of this machine: what joulemark sees of it, how its sensors behave, what a known
# load costs by every method. Writes docs/hardware/<gpu>.md and the recordings data/traces/<gpu>-*.csv.gz.
# Without an NVIDIA GPU it says so and succeeds.
#
# Builds what it needs. On a machine without a compiler, carry the programs there (built elsewhere with
#     cmake --preset portable -DJOULEMARK_TESTS=ON -DJOULEMARK_TEST_KINDS=hardware
#     cmake --build build/portable --target joulemark hardware_check
# ) and name them:
#     JOULEMARK=./joulemark HARDWARE_CHECK=./hardware_check packaging/hardware-check.sh
#
# Variables: SECONDS_IDLE (20), GPU (0), PAGES (docs/hardware), TRACES (data/traces),
# LOAD_PYTHON (python3, needs PyTorch with CUDA; empty: idle part only).
set -eu
cd "$(dirname "$0")/.."

pages=${PAGES:-docs/hardware}
traces=${TRACES:-data/traces}
python=${LOAD_PYTHON-python3}

if [ -z "${JOULEMARK:-}" ] || [ -z "${HARDWARE_CHECK:-}" ]; then
    packaging/install-missing.sh
    cmake --preset release --log-level=NOTICE >/dev/null
    cmake --build build/release --target joulemark hardware_check
    JOULEMARK=${JOULEMARK:-build/release/joulemark}
    HARDWARE_CHECK=${HARDWARE_CHECK:-build/release/hardware_check}
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$JOULEMARK" --json devices >"$work/devices.json"
"$JOULEMARK" --json doctor >"$work/doctor.json" || [ $? -eq 1 ] # 1: something to mend
echo "joulemark devices and doctor answer ($(wc -c <"$work/devices.json") and $(wc -c <"$work/doctor.json") bytes of JSON)"

set -- --pages "$pages" --traces "$work/traces" --gpu "${GPU:-0}" --seconds "${SECONDS_IDLE:-20}"
if [ -n "$python" ] && command -v "$python" >/dev/null; then
    set -- "$@" -- "$python" tests/hardware/load.py
fi
"$HARDWARE_CHECK" "$@"

[ -d "$work/traces" ] || exit 0
mkdir -p "$traces"
for file in "$work"/traces/*.csv; do
    gzip -9nc "$file" >"$traces/$(basename "$file").gz"
    echo "wrote $traces/$(basename "$file").gz ($(wc -c <"$traces/$(basename "$file").gz") bytes)"
done
