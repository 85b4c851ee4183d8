#!/usr/bin/env python3
"""A known load for `make hardware-check`: bf16 matrix products with PyTorch on GPU 0.

Says what it does on standard output (the form is in tests/hardware/load.hpp) with times on
CLOCK_MONOTONIC, taken with the GPU idle, so that a window holds all the work that it counts.
Exits 3, with the reason on standard error, where PyTorch or a CUDA GPU is missing.
"""

import argparse
import sys
import time

SIZE = 8192
FLOP_PER_PRODUCT = 2 * SIZE**3


def now():
    return time.clock_gettime_ns(time.CLOCK_MONOTONIC)


def say(*words):
    print(*words, flush=True)


class Multiplier:
    def __init__(self, torch):
        self.torch = torch
        make = lambda: torch.randn(SIZE, SIZE, device="cuda", dtype=torch.bfloat16)
        self.a, self.b, self.c = make(), make(), make()
        self.run(20)
        begin = now()
        self.run(50)
        self.seconds_per_product = (now() - begin) * 1e-9 / 50

    def run(self, products):
        for _ in range(products):
            self.torch.mm(self.a, self.b, out=self.c)
        self.torch.cuda.synchronize()

    def products_in(self, seconds):
        return max(1, round(seconds / self.seconds_per_product))


def marked(name, multiplier, bursts, on, off):
    """`bursts` times `on` seconds of work, `off` seconds apart, as one window."""
    products = multiplier.products_in(on)
    say("begin", name, now())
    for burst in range(bursts):
        if burst:
            time.sleep(off)
        multiplier.run(products)
    say("end", name, now(), bursts * products * FLOP_PER_PRODUCT)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0, help="length of the steady window")
    options = parser.parse_args()
    try:
        import torch
    except ImportError as error:
        sys.exit(print(f"PyTorch: {error}", file=sys.stderr) or 3)
    if not torch.cuda.is_available():
        sys.exit(print("PyTorch sees no CUDA GPU", file=sys.stderr) or 3)

    multiplier = Multiplier(torch)
    say("about", f"{SIZE}x{SIZE} bf16 matrix products with PyTorch {torch.__version__},",
        f"{FLOP_PER_PRODUCT / multiplier.seconds_per_product / 1e12:.0f} TFLOP/s when run alone")
    time.sleep(options.seconds / 5)
    marked("steady", multiplier, 1, options.seconds, 0)
    time.sleep(options.seconds / 5)
    marked("one-second", multiplier, 1, 1.0, 0)
    time.sleep(options.seconds / 5)
    marked("short", multiplier, 1, 0.2, 0)
    time.sleep(options.seconds / 5)
    marked("square-1Hz", multiplier, max(2, round(options.seconds)), 0.5, 0.5)
    time.sleep(options.seconds / 5)


main()
