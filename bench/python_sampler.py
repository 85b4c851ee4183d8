#!/usr/bin/env python3
"""The sampling loop as a Python program would have it: ctypes on libnvidia-ml.so.1, absolute deadlines.

    python_sampler.py [--library PATH] [--shape loop|threads|unpaced] [--devices N] [--interval S] [--seconds S]

Written to be as quick as plain Python can be: function objects, buffers and methods are bound once,
no clock is read that the loop does not need. `loop` reads all devices one after the other in one
thread, `threads` has one thread for each device, as joulemark does, `unpaced` never sleeps. Prints `name value` lines for
bench_sampler; without --shape, a table of both shapes. The library defaults to $JOULEMARK_FAKE_NVML.
"""

import argparse
import ctypes
import os
import resource
import statistics
import sys
import threading
import time


UNPACED_SAMPLES = 300_000


def open_library(path):
    nvml = ctypes.CDLL(path)
    handle_by_index = nvml.nvmlDeviceGetHandleByIndex_v2
    handle_by_index.argtypes = [ctypes.c_uint, ctypes.POINTER(ctypes.c_void_p)]
    nvml.nvmlDeviceGetPowerUsage.argtypes = [ctypes.c_void_p, ctypes.POINTER(ctypes.c_uint)]
    nvml.nvmlDeviceGetTotalEnergyConsumption.argtypes = [ctypes.c_void_p,
                                                         ctypes.POINTER(ctypes.c_ulonglong)]
    if nvml.nvmlInit_v2() != 0:
        sys.exit("python_sampler: nvmlInit failed")
    return nvml


def handle_of(nvml, index):
    handle = ctypes.c_void_p()
    if nvml.nvmlDeviceGetHandleByIndex_v2(index, ctypes.byref(handle)) != 0:
        sys.exit(f"python_sampler: the library has no device {index}")
    return handle


class Account:
    """What one thread saw."""

    def __init__(self):
        self.samples = []
        self.awake_ns = []
        self.lateness_ns = []
        self.missed = 0
        self.cpu_seconds = 0.0


def sample(nvml, indices, start_ns, interval_ns, end_ns, account, sleep=time.sleep):
    clock = time.monotonic_ns
    power, energy = ctypes.c_uint(), ctypes.c_ulonglong()
    power_at, energy_at = ctypes.byref(power), ctypes.byref(energy)
    read_power = nvml.nvmlDeviceGetPowerUsage
    read_energy = nvml.nvmlDeviceGetTotalEnergyConsumption
    handles = [handle_of(nvml, index) for index in indices]
    keep, keep_awake, keep_late = (account.samples.append, account.awake_ns.append,
                                   account.lateness_ns.append)
    deadline = start_ns
    while deadline < end_ns:
        wait = deadline - clock()
        if wait > 0:
            sleep(wait * 1e-9)
        woken = clock()
        for handle in handles:
            if read_power(handle, power_at) == 0 and read_energy(handle, energy_at) == 0:
                keep((clock(), power.value, energy.value))
        now = clock()
        keep_awake(now - woken)
        keep_late(woken - deadline)
        deadline += interval_ns
        if deadline < now:
            passed = -((deadline - now) // interval_ns)
            account.missed += passed * len(handles)
            deadline += passed * interval_ns
    account.cpu_seconds = time.thread_time()


def quantile(values, q):
    ordered = sorted(values)
    return ordered[min(int(q * len(ordered)), len(ordered) - 1)]


def measure_unpaced(library):
    """CPU of the loop when every sleep is a call that does nothing, of deadlines never reached."""
    account, second = Account(), 10**9
    begin = time.thread_time()
    now = time.monotonic_ns()
    sample(open_library(library), [0], now + second, second, now + UNPACED_SAMPLES * second, account,
           sleep=float)
    return {"samples": len(account.samples), "missed": account.missed,
            "cpu_us_per_sample": (time.thread_time() - begin) * 1e6 / len(account.samples)}


def measure(library, shape, devices, interval, seconds):
    if shape == "unpaced":
        return measure_unpaced(library)
    nvml = open_library(library)
    interval_ns = round(interval * 1e9)
    start_ns = time.monotonic_ns() + 50_000_000
    end_ns = start_ns + round(seconds * 1e9)
    groups = [range(devices)] if shape == "loop" else [[i] for i in range(devices)]
    accounts = [Account() for _ in groups]
    threads = [threading.Thread(target=sample,
                                args=(nvml, group, start_ns, interval_ns, end_ns, account))
               for group, account in zip(groups, accounts)]
    before = resource.getrusage(resource.RUSAGE_SELF)
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    after = resource.getrusage(resource.RUSAGE_SELF)
    samples = sum(len(account.samples) for account in accounts)
    lateness = [ns for account in accounts for ns in account.lateness_ns]
    awake = statistics.median(ns for account in accounts for ns in account.awake_ns)
    cpu = (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime)
    return {
        "samples": samples,
        "missed": sum(account.missed for account in accounts),
        "cpu_us_per_sample": cpu * 1e6 / samples,
        "user_us_per_sample": (after.ru_utime - before.ru_utime) * 1e6 / samples,
        "awake_us_per_sample": awake * 1e-3 / len(groups[0]),
        "lateness_p50_us": quantile(lateness, 0.5) * 1e-3,
        "lateness_p99_us": quantile(lateness, 0.99) * 1e-3,
        "lateness_max_us": max(lateness) * 1e-3,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--library", default=os.environ.get("JOULEMARK_FAKE_NVML"))
    parser.add_argument("--shape", choices=["loop", "threads", "unpaced"])
    parser.add_argument("--devices", type=int, default=1)
    parser.add_argument("--interval", type=float, default=0.001)
    parser.add_argument("--seconds", type=float, default=2.0)
    arguments = parser.parse_args()
    if not arguments.library:
        sys.exit("python_sampler: name the library with --library or JOULEMARK_FAKE_NVML")
    if arguments.shape:
        result = measure(arguments.library, arguments.shape, arguments.devices,
                         arguments.interval, arguments.seconds)
        for name, value in result.items():
            print(name, f"{value:.6g}")
        return
    results = {shape: measure(arguments.library, shape, arguments.devices, arguments.interval,
                              arguments.seconds) for shape in ("loop", "threads")}
    print(f"Python {sys.version.split()[0]} with ctypes, {arguments.devices} device(s) every "
          f"{arguments.interval * 1e3:g} ms for {arguments.seconds:g} s; beside joulemark's own "
          "figures in the section of the sampler.\n")
    print("| | one loop | one thread per device |\n|---|---|---|")
    for name in results["loop"]:
        print(f"| {name} | " + " | ".join(f"{results[shape][name]:.4g}" for shape in results) + " |")


if __name__ == "__main__":
    main()
