#!/usr/bin/env python3
"""A load that only says that it works (tests/hardware/load.hpp), for the check against a fake GPU."""

import time


def say(*words):
    print(*words, flush=True)


say("about", "Waiting, as a stand-in for work")
say("begin", "wait", time.clock_gettime_ns(time.CLOCK_MONOTONIC))
time.sleep(1.0)
say("end", "wait", time.clock_gettime_ns(time.CLOCK_MONOTONIC), 1000000000000)
