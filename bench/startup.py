#!/usr/bin/env python3
"""How long the program takes from start to end, beside the smallest program there is (`true`)."""

import os
import statistics
import subprocess
import time

PROGRAM = os.environ.get("JOULEMARK_PROGRAM", "build/release/joulemark")
RUNS = 40
COMMANDS = {
    "true": ["true"],
    "joulemark --version": [PROGRAM, "--version"],
    "joulemark devices -d sim:h200": [PROGRAM, "devices", "-d", "sim:h200"],
}


def once(command):
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return 1e3 * (time.perf_counter() - start)


times = {name: [] for name in COMMANDS}
for _ in range(RUNS):
    for name, command in COMMANDS.items():
        times[name].append(once(command))

print("| command | median ms | slowest ms | goal ms |\n|---|---|---|---|")
for name, values in times.items():
    goal = "" if name == "true" else "20"
    print(f"| `{name}` | {statistics.median(values):.1f} | {max(values):.1f} | {goal} |")
