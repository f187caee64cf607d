"""How fast networks learn and answer, how long a server is held up, what all takes of memory; beside the goals.

    python benchmarks/speed [--seconds S] [--only PART ...] [--plot FILE] [server ...] | tee benchmarks/speed/speed.txt

`speed.txt` holds a run with Redis, and one of `--only requests latency` with Valkeys.

A server is the path of one; without any, redis-server from the PATH or that which `neuralredis serve` would start.
What is compared takes turns of 40 ms, so that what else the machine does meets all of it, and the best turn of each
counts. NEURALREDIS_ORIGINAL may name the file neuralredis.so of antirez's neural-redis, and NEURALREDIS_RIVALS a Python
that has PyTorch and scikit-learn: they are measured beside, as is FANN (apt-get install libfann2). NEURALREDIS_MNIST
may name the folder with MNIST.
"""

from __future__ import annotations

import argparse
import datetime
import os
import shutil
import subprocess
import sys
from pathlib import Path

import latency
import memory
import mnist
import startup
import steps
import throughput

import neuralredis
from neuralredis import _core
from neuralredis.cli import serve

HERE = Path(__file__).parent
PARTS = ("training", "mnist", "answers", "requests", "latency", "memory", "startup")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("servers", nargs="*", type=Path)
    parser.add_argument("--seconds", type=float, default=1.0, help="for each rate (default: %(default)s)")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw what training does into a PNG file")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, help="parts to measure")
    args = parser.parse_args()
    with open("/proc/cpuinfo") as file:
        cpu = next((line.split(":")[1].strip() for line in file if line.startswith("model name")), "unknown CPU")
    cores = len(os.sched_getaffinity(0))
    print(f"{datetime.date.today()}, {cpu}, {cores} cores, {_core.instruction_set()}", flush=True)
    redis = shutil.which("redis-server")
    module, named = Path(neuralredis.module_path()), os.environ.get("NEURALREDIS_ORIGINAL")
    servers = args.servers or [Path(redis) if redis else serve.found()]
    original = Path(named) if named and redis else None
    if "training" in args.only:
        steps.measure(args.seconds, Path(redis) if redis else None, original, args.plot)
    if "mnist" in args.only and (folder := os.environ.get("NEURALREDIS_MNIST")):
        print(f"\nembedded, {cores} threads", flush=True)
        mnist.measure(Path(folder))
    if "answers" in args.only:
        print("\nembedded, one thread", flush=True)
        answers(args.seconds)
    for server in servers if {"requests", "latency", "memory"} & set(args.only) else []:
        print(f"\n{serve.version(server)}", flush=True)
        if "requests" in args.only:
            throughput.measure(server, module, args.seconds, original if server.name == "redis-server" else None)
        if "latency" in args.only:
            latency.measure(server, module)
        if "memory" in args.only:
            memory.measure(server, module)
    if "memory" in args.only or "startup" in args.only:
        print("\nembedded", flush=True)
    if "memory" in args.only:
        subprocess.run([sys.executable, HERE / "memory.py"], check=True)
    if "startup" in args.only:
        startup.measure()


def answers(seconds: float) -> None:
    """Measure on one thread, where PyTorch is if it is anywhere."""
    one = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    path = str(Path(neuralredis.__file__).parent.parent)
    subprocess.run(
        [os.environ.get("NEURALREDIS_RIVALS", sys.executable), HERE / "answers.py", str(seconds)],
        env=os.environ | one | {"PYTHONPATH": path},
        preexec_fn=lambda: os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:1]),
        check=True,
    )


if __name__ == "__main__":
    main()
