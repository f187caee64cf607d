"""Compares exports with the engine: the same bits, the size, and predicted rows per second.

``tests/exports.py`` draws networks of every kind. ``python benchmarks/exports.py bits 1000`` compares 1000 of them,
with 100 rows each, in Node and in C. ``python benchmarks/exports.py speed`` measures four. Node and gcc are required.
emlearn, m2cgen and tdewolff-minify come from PyPI, and are left out if they are not installed.
"""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

import neuralredis as nr
from neuralredis.export import intermediate, javascript
from neuralredis.export.proof import made_up

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
import exports

ROWS, AT_A_TIME = 100, 10
SECONDS = 0.5


def bits(count: int) -> None:
    """Compare networks, some at a time in one process of Node and one program of C."""
    failed: dict[str, list[int]] = {"Node": [], "C": []}
    kinds: dict[str, int] = {}
    rows = 0
    for first in range(10_000, 10_000 + count, AT_A_TIME):
        seeds = range(first, min(first + AT_A_TIME, 10_000 + count))
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            for seed in seeds:
                exported = exports.proved(exports.network(seed), ROWS, seed)
                kind = "sequences" if exported["sequence"] else "fields" if exported["fields"] else "positions"
                kinds[kind] = kinds.get(kind, 0) + 1
                rows += ROWS
                for suffix in ("mjs", "c"):
                    exports.written(exported, folder / f"net{seed}.{suffix}")
            failed["Node"] += _failed_in_node(folder, list(seeds))
            failed["C"] += _failed_in_c(folder, list(seeds))
    of = ", ".join(f"{number} of {kind}" for kind, number in sorted(kinds.items()))
    print(f"{count} networks ({of}), {rows:,} rows")
    for where, seeds_failed in failed.items():
        print(
            f"  {where}: {count - len(seeds_failed)} give the same bits for all rows"
            + "".join(f"; {seed} does not" for seed in seeds_failed[:5])
        )


def _failed_in_node(folder: Path, seeds: list[int]) -> list[int]:
    program = f"""
    for (const seed of {seeds}) {{
      const net = await import(`./net${{seed}}.mjs`);
      try {{ net.selfTest(); }} catch {{ console.log(seed); }}
    }}
    """
    (folder / "all.mjs").write_text(program)
    return [int(seed) for seed in _output(["node", "all.mjs"], folder).split()]


def _failed_in_c(folder: Path, seeds: list[int]) -> list[int]:
    includes = "".join(f'#include "net{seed}.h"\n' for seed in seeds)
    calls = "".join(f'if (net{seed}_self_test()) printf("{seed}\\n");\n' for seed in seeds)
    (folder / "main.c").write_text(f"#include <stdio.h>\n{includes}int main(void) {{\n{calls}return 0;\n}}\n")
    sources = [f"net{seed}.c" for seed in seeds]
    _output(["gcc", "-std=c99", "-O0", "-o", "all", "main.c", *sources, "-lm"], folder)
    return [int(seed) for seed in _output([str(folder / "all")], folder).split()]


def _output(command: list[str], folder: Path) -> str:
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout


def subjects() -> dict[str, nr.Network]:
    """Return the networks that are measured."""
    random = np.random.default_rng(1)
    titanic = nr.Network("classifier", [9, 15, 2], normalize=True, seed=1, ensemble=1)
    titanic.observe(random.normal(size=(200, 9)), random.integers(0, 2, 200))
    titanic.train(max_cycles=20)
    digits = nr.Network("classifier", [784, 100, 10], seed=1, ensemble=1)
    fields = nr.Network(
        "classifier", fields={"age": "number", "plan": "category", "when": "time"}, target="left", seed=1, ensemble=1
    )
    rows = [{"age": at % 60, "plan": "abc"[at % 3], "when": 1.7e9 + at * 1e5} for at in range(300)]
    fields.observe(rows, ["yes" if row["age"] > 30 else "no" for row in rows])
    fields.train(max_cycles=20)
    pages = nr.SequenceNetwork("classifier", fields={"page": "category"}, target="page", seed=1, ensemble=1)
    pages.observe([[{"page": f"p{number}"} for number in random.integers(0, 17, 20)] for _ in range(200)])
    pages.train(max_cycles=5)
    return {"9-15-2": titanic, "784-100-10": digits, "3 fields, 30-30-30": fields, "next of 17 pages, 30-30-30": pages}


def speed() -> None:
    """Measure sizes, and rows per second."""
    print(
        f"{'':28}{'parameters':>11}{'runtime':>10}{'.mjs':>10}{'gzip':>9}{'C object':>10}"
        f"{'rows/s: embedded':>18}{'many':>12}{'Node':>11}{'C':>12}"
    )
    for name, net in subjects().items():
        exported = intermediate(net)
        rows = made_up(exported, 200, 1)
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place)
            net.export(folder / "net.mjs")
            net.export(folder / "net.c")
            _output(["gcc", "-std=c99", "-O3", "-march=native", "-c", "net.c"], folder)
            size = _output(["size", "net.o"], folder).split("\n")[1].split()
            module = (folder / "net.mjs").read_bytes()
            print(
                f"{name:28}{net.info().parameters:>11,}{_minified(javascript.runtime(exported)):>8,} B"
                f"{len(module) / 1e3:>7,.1f} kB{len(gzip.compress(module)) / 1e3:>6,.1f} kB"
                f"{(int(size[0]) + int(size[1])) / 1e3:>7,.1f} kB"
                f"{_rate(lambda net=net, rows=rows: [net.run(rows[at : at + 1]) for at in range(200)], 200):>18,.0f}"
                f"{_rate(lambda net=net, rows=rows: net.run(rows * 20), 4000):>12,.0f}"
                f"{_in_node(folder, rows):>11,.0f}{_in_c(folder, exported):>12,.0f}"
            )


def _minified(text: str) -> int:
    import minify

    # Inside a function, whose local names can be shortened.
    return len(minify.string("text/javascript", f"(()=>{{{text}\nreturn run}})()"))


def _rate(call: Any, rows: int) -> float:
    # Processor time, as in Node and C, since the machine may be shared.
    call()
    started, done = time.process_time(), 0
    while time.process_time() - started < SECONDS:
        call()
        done += rows
    return done / (time.process_time() - started)


def _in_node(folder: Path, rows: list[Any]) -> float:
    import json

    program = f"""
    import {{ run }} from "./net.mjs";
    const rows = {json.dumps(rows)};
    for (let i = 0; i < 1000; i++) run(rows[i % rows.length]);
    const now = () => process.cpuUsage().user / 1e6, from = now();
    let done = 0;
    while (now() - from < {SECONDS}) for (const row of rows) run(row), done++;
    console.log(done / (now() - from));
    """
    (folder / "speed.mjs").write_text(program)
    return float(_output(["node", "speed.mjs"], folder))


def _in_c(folder: Path, exported: Any) -> float:
    count = len(exported["proof"])
    program = f"""
    #include <stdio.h>
    #include <time.h>
    #include "net.h"
    int main(void) {{
        const clock_t from = clock();
        long done = 0;
        while (clock() - from < (clock_t)({SECONDS} * CLOCKS_PER_SEC)) {{
            if (net_self_test()) return 1;
            done += {count};
        }}
        printf("%f\\n", (double)done / ((double)(clock() - from) / CLOCKS_PER_SEC));
        return 0;
    }}
    """
    (folder / "speed.c").write_text(program)
    _output(["gcc", "-std=gnu99", "-O3", "-march=native", "-o", "speed", "speed.c", "net.o", "-lm"], folder)
    return float(_output([str(folder / "speed")], folder))


def others() -> None:
    """Measure exporters of scikit-learn's networks in the same way."""
    from sklearn.neural_network import MLPClassifier

    random = np.random.default_rng(1)
    X, y = random.normal(size=(200, 9)).astype(np.float32), random.integers(0, 2, 200)
    theirs = MLPClassifier((15,), max_iter=2000, random_state=1).fit(X, y)
    try:
        import m2cgen
    except ImportError:
        print("m2cgen is not installed")
    else:
        try:
            m2cgen.export_to_c(theirs)
        except Exception as error:
            print(f"m2cgen, MLPClassifier: {type(error).__name__}: {error}")
    try:
        import emlearn
    except ImportError:
        print("emlearn is not installed")
        return
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        # It writes a folder into the current directory.
        here = Path.cwd()
        os.chdir(folder)
        try:
            emlearn.convert(theirs, method="inline").save(file=str(folder / "theirs.h"), name="theirs")
        finally:
            os.chdir(here)
        rows = ",\n".join("{" + ", ".join(f"{value!r}f" for value in row.tolist()) + "}" for row in X)
        program = f"""
        #include <stdio.h>
        #include <time.h>
        #include "theirs.h"
        static const float rows[200][9] = {{{rows}}};
        int main(void) {{
            const clock_t from = clock();
            long done = 0;
            volatile int used = 0;
            for (int i = 0; i < 200; i++) printf("%d\\n", theirs_predict(rows[i], 9));
            while (clock() - from < (clock_t)({SECONDS} * CLOCKS_PER_SEC)) {{
                for (int i = 0; i < 200; i++, done++) used += theirs_predict(rows[i], 9);
            }}
            printf("%f\\n", (double)done / ((double)(clock() - from) / CLOCKS_PER_SEC));
            return 0;
        }}
        """
        (folder / "main.c").write_text(program)
        include = Path(emlearn.__file__).parent
        try:
            _output(
                ["gcc", "-std=gnu99", "-O3", "-march=native", f"-I{include}", "-o", "main", "main.c", "-lm"], folder
            )
        except subprocess.CalledProcessError as error:
            print(f"emlearn: {error.stderr[:500]}")
            return
        *answers, rate = _output([str(folder / "main")], folder).split()
        # Its C returns a class, no probabilities to compare.
        same = np.mean(np.array(answers, dtype=int) == theirs.predict(X))
        print(
            f"emlearn, MLPClassifier 9-15-2: {float(rate):,.0f} rows/s in C, which answers the class alone; "
            f"{same:.1%} of 200 are those of scikit-learn"
        )


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["bits", count]:
            bits(int(count))
        case ["speed"]:
            speed()
            others()
        case _:
            sys.exit(__doc__)
