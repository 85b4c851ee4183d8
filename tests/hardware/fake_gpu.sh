#!/bin/sh
# Runs the hardware check against the fake NVML library, whose power, tick and periods are known, and
# against no library at all.
#     fake_gpu.sh HARDWARE_CHECK FAKE_NVML
set -eu
check=$1
library=$2
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

expect() { # FILE PATTERN
    grep -Eq -- "$2" "$1" || {
        echo "fake_gpu.sh: $1 has no line like: $2" >&2
        cat "$1" >&2
        exit 1
    }
}

# 100 W with a little square wave on top, so that every refresh shows.
cat >"$work/gpu.fake" <<'SCRIPT'
gpu h200
power square 99 101 340ms
instant 50ms 25ms
counter 20ms
SCRIPT
JOULEMARK_FAKE_NVML_SCRIPT="$work/gpu.fake" JOULEMARK_NVML_LIBRARY="$library" "$check" --seconds 1 \
    --pages "$work" --traces "$work/traces" -- python3 "$here/fake_load.py" >"$work/log"
page="$work/nvidia-h200.md"
expect "$work/log" "^wrote $page\$"
expect "$page" '^# NVIDIA H200$'
expect "$page" 'nothing below is about real hardware'
expect "$page" '^\| Energy counter \| idle \| [0-9]+ \|.*\*\*(19\.[5-9]|20\.[0-5])[0-9]*\*\*'
# The last column is the counter's raw difference over a second: its tick of 20 ms is 2 % of that.
expect "$page" '^\| 1 kHz \| (99|100|101)\.[0-9]+ \| .* \| (9[89]|10[0-2])\.[0-9]+ \|$'
expect "$page" '^### wait: 1\.[0-9]+ s, 1e\+12 FLOP$'
expect "$page" '^\| joulemark \| 1?[0-9][0-9]\.[0-9]+ \('
expect "$work/traces/nvidia-h200-idle.csv" '^# joulemark-trace/'
expect "$work/traces/nvidia-h200-load.csv" '^time_s,device,power_w'

JOULEMARK_NVML_LIBRARY="$work/no-such-library.so" "$check" --pages "$work/none" >"$work/log"
expect "$work/log" '^hardware-check skipped: no NVIDIA GPU can be measured here'
[ ! -e "$work/none" ]
