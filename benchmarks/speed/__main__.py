"""Measures speed of training and answers, delays of a server, and memory, and compares them with the goals.

    python benchmarks/speed [--seconds S] [--only PART ...] [server ...] | tee benchmarks/speed/speed.txt

`speed.txt` has a run with Redis, and a run with `--only requests latency` with Valkey. `picture.py` draws it.

`server` is the path of a server program. The default is redis-server from the PATH, or the server that
`neuralredis serve` would start. Engines that are compared take turns of 40 ms, so that other load of the machine meets
all of them, and the best turn of each counts.

Other engines are measured if they are there: FANN (apt-get install libfann2), the original module if
NEURALREDIS_ORIGINAL is the path of its neuralredis.so, and PyTorch and scikit-learn if NEURALREDIS_RIVALS is a Python
that has them. NEURALREDIS_MNIST may be the folder with MNIST.
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
    parser.add_argument("--seconds", type=float, default=1.0, help="seconds for each rate (default: %(default)s)")
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
        steps.measure(args.seconds, Path(redis) if redis else None, original)
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
    """Measure answers on one thread, with the Python of NEURALREDIS_RIVALS if it is set."""
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
