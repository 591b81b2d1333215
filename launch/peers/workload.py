"""What the peers of launch/benchmark share: the files of a workload, batches, and timing."""

import argparse
import json
import statistics
import time

import h5py
import numpy as np


def arguments(description):
    """The command line: a directory as `ddp-bench WORKLOAD --files DIR` writes it, and how to use the cores."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("directory")
    parser.add_argument("--workload", required=True)
    parser.add_argument("--ranks", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1, help="of each rank")
    parser.add_argument("--channels-last", action="store_true")
    parser.add_argument("--seconds", type=float, default=4, help="how long is measured")
    result = parser.parse_args()
    with open(f"{result.directory}/run.json5") as file:
        result.run = json.load(file)
    return result


def samples(directory, rank=0, ranks=1):
    """Every ranks-th sample, in memory."""
    with h5py.File(f"{directory}/data.h5") as file:
        return file["train/x"][rank::ranks], file["train/y"][rank::ranks]


def batches(count, size, seed):
    """Shuffled batches of row numbers without end; the short tail of each epoch is left out."""
    generator = np.random.default_rng(seed)
    while True:
        order = generator.permutation(count)
        for start in range(0, count - size + 1, size):
            yield order[start : start + size]


def measure(step, batch, seconds, barrier=lambda: None, agree=lambda count: count):
    """Samples a second: the median of five windows behind a warm-up. All ranks take as many steps as rank 0 says."""
    for _ in range(12):
        step()
    barrier()
    start = time.perf_counter()
    for _ in range(3):
        step()
    barrier()
    count = agree(max(2, round(seconds / 5 / ((time.perf_counter() - start) / 3))))
    rates = []
    for _ in range(5):
        barrier()
        start = time.perf_counter()
        for _ in range(count):
            step()
        barrier()
        rates.append(count * batch / (time.perf_counter() - start))
    return statistics.median(rates)


def report(peer, version, rate):
    print(json.dumps({"peer": peer, "version": version, "samples_per_s": round(rate, 1)}), flush=True)
