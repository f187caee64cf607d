"""The package js/, in Node and in a browser: its networks have the same bits as in Python."""

from __future__ import annotations

import csv
import functools
import gzip
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import browsers
import kinds
import neuralredis as nr

ROOT = Path(__file__).resolve().parents[1]
#: Seconds that a program of Node may take on a busy machine.
PATIENCE = 300
#: The largest compressed size that a page loads, in bytes.
MOST_BYTES = 400_000

pytestmark = pytest.mark.needs(kinds.WASM)
in_node = pytest.mark.needs(kinds.NODE)
in_chromium = pytest.mark.needs(kinds.CHROMIUM)


def node(program: str, given: Any = None) -> Any:
    """Run a program in Node, with the package as `nr`, the steps as `steps` and data as `given`."""
    imports = f"import * as nr from '{ROOT}/js/src/index.js'; import * as steps from '{ROOT}/tests/web/steps.js';"
    read = "import { readFileSync } from 'node:fs'; const given = JSON.parse(readFileSync(0, 'utf8'));"
    done = subprocess.run(
        [kinds.NODE.binary(), "--input-type=module", "--eval", f"{imports}\n{read}\n{program}"],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout) if done.stdout else None


def answer(program: str) -> str:
    """Return a program that prints the value of an expression."""
    return f"process.stdout.write(JSON.stringify(await ({program})))"


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    """Serve the repository."""
    with browsers.served(ROOT) as address:
        yield address


@functools.cache
def passengers() -> list[dict[str, str]]:
    with (ROOT / "examples" / "data" / "titanic.csv").open(newline="") as file:
        return list(csv.DictReader(file))


@functools.cache
def titanic() -> nr.Network:
    """Return the network of examples/titanic.py."""
    kind = {"class": "category", "sex": "category"}
    fields = kind | dict.fromkeys(("age", "siblings", "parents", "fare"), "number")
    net = nr.Network("classifier", fields=fields, target="survived", classes=["0", "1"], dataset=1000, test=500, seed=1)
    net.observe(passengers()[:601])
    net.train(autostop=True, backtrack=True, max_time=0)
    return net


def check_titanic(made: dict[str, Any]) -> None:
    net = titanic()
    assert made["counts"] == {"train": 401, "test": 200}
    assert nr.Network.from_bytes(bytes(made["bytes"])) == net
    report = net.report()
    assert report
    assert made["seen"]
    assert made["seen"][-1] == made["cycles"] == report.cycles
    unseen = passengers()[601:]
    # JavaScript's numbers represent single precision exactly.
    assert np.array_equal(np.array(made["answers"], np.float32), net.run(unseen)[:, 1])
    assert made["classes"] == list(net.classify(unseen))
    assert made["accuracy"] == net.evaluate(unseen).accuracy


@in_node
@pytest.mark.parametrize("worker", [True, False], ids=["worker", "same-thread"])
def test_titanic_in_node_equals_python(worker: bool) -> None:
    check_titanic(node(answer(f"steps.titanic(given, {{ worker: {json.dumps(worker)} }})"), passengers()))


@in_chromium
def test_titanic_in_a_page_equals_python(page: browsers.Page, site: str) -> None:
    page.goto(f"{site}/tests/web/blank.html")
    made = page.evaluate(
        "async (given) => (await import('/tests/web/steps.js')).titanic(given, { worker: true })", passengers()
    )
    check_titanic(made)


@in_node
@pytest.mark.parametrize(
    ("kind", "layout", "options", "limits"),
    [
        # A trial, several members, RPROP.
        ("regressor", [3, 5, 2], {"normalize": True}, {"max_cycles": 60}),
        # Mini-batches, ReLU, with sums that are often ties of rounding or 0.
        ("classifier", [3, 9, 3], {"activation": "relu", "algorithm": "adam", "ensemble": 1}, {"max_cycles": 30}),
        ("classifier", [3, 17, 3], {"activation": "tanh", "algorithm": "lbfgs", "ensemble": 2}, {"max_cycles": 20}),
        ("classifier", [3, 4, 2], {"loss": "mse", "output": "sigmoid"}, {"autostop": True, "backtrack": True}),
    ],
)
def test_every_trainer_gives_the_same_bits_as_python(
    kind: Any, layout: list[int], options: dict[str, Any], limits: dict[str, Any]
) -> None:
    rng = np.random.default_rng(1)
    X = rng.normal(size=(150, 3)).astype(np.float32)
    X[:, 2] = rng.integers(0, 4, 150)
    # Also subnormal numbers.
    X[::7, 1] *= np.float32(1e-38)
    y = X[:, :2] * X[:, 2:] if kind == "regressor" else rng.integers(0, layout[-1], 150)
    options = {"dataset": 100, "test": 50, "seed": 2**64 - 5, **options}
    net = nr.Network(kind, layout, **options)
    net.observe(X, y)
    train = {"max_time": 0, **limits}
    net.train(**train)
    given = {"kind": kind, "layout": layout, "options": options, "X": X.tolist(), "y": y.tolist(), "train": train}
    given["options"] = {**options, "seed": str(options["seed"])}
    made = node(answer("steps.plain(given)"), {**given, "ask": X.tolist()})
    assert np.array_equal(np.array(made["answers"], np.float32), net.run(X))
    assert nr.Network.from_bytes(bytes(made["bytes"])) == net


@in_node
def test_sequences_are_learnt_and_sampled_as_in_python() -> None:
    names = [f"{name}." for name in (ROOT / "examples" / "data" / "names.txt").read_text().split()[:200]]
    options: dict[str, Any] = {"length": 8, "algorithm": "adam", "seed": 3}
    train: dict[str, Any] = {"max_cycles": 4, "max_time": 0}
    net = nr.SequenceNetwork("classifier", fields={"letter": "category"}, target="letter", **options)
    net.observe(names)
    net.train(**train)
    made = node(answer("steps.letters(given)"), {"names": names, "options": options, "train": train, "seed": 4})
    assert nr.SequenceNetwork.from_bytes(bytes(made["bytes"])) == net
    drawn = [net.sample("a", count=9, until=".", temperature=0.8, seed=4 + n) for n in range(5)]
    assert made["made"] == ["".join(letters) for letters in drawn]
    assert np.array_equal(np.array(list(made["next"].values()), np.float32), net.run(["an"])[0])


@in_node
def test_files_are_exchanged_with_python(tmp_path: Path) -> None:
    net = titanic()
    net.save(tmp_path / "python.nr")
    program = """
    await nr.ready();
    const net = await nr.load(given.from);
    await net.save(given.to);
    process.stdout.write(JSON.stringify({ info: net.info(), report: net.report, isRows: net instanceof nr.Network }));
    """
    reply = node(program, {"from": str(tmp_path / "python.nr"), "to": str(tmp_path / "js.nr")})
    assert (tmp_path / "js.nr").read_bytes() == (tmp_path / "python.nr").read_bytes()
    info = net.info()
    assert reply["isRows"]
    assert reply["info"]["fields"] == info.fields
    assert (reply["info"]["target"], reply["info"]["classes"]) == ("survived", ["0", "1"])
    for name in ("layout", "parameters", "members", "training_total_cycles", "test_error", "activation", "dataset"):
        given = getattr(info, name)
        assert reply["info"][name] == (list(given) if isinstance(given, tuple) else given), name
    report = net.report()
    assert report
    assert reply["report"]["best_cycle"] == report.best_cycle


@in_node
def test_threshold_selects_the_second_class(tmp_path: Path) -> None:
    net = nr.Network("classifier", [2, 4, 2], activation="tanh", seed=3)
    rows = np.float32(np.random.default_rng(3).normal(size=(40, 2)))
    # The probability of a row, which then just reaches the threshold.
    likely = np.sort(net.run(rows)[:, 1])
    net.configure(threshold=float(likely[10]))
    net.save(tmp_path / "net.nr")
    program = """
    await nr.ready();
    const net = await nr.load(given.file), before = net.classify(given.rows), { threshold } = net.info();
    net.configure({ threshold: 1 });
    const after = net.classify(given.rows), one = net.classify(given.rows[0]);
    process.stdout.write(JSON.stringify({ before, threshold, after, one }));
    """
    reply = node(program, {"file": str(tmp_path / "net.nr"), "rows": rows.tolist()})
    assert reply == {
        "before": net.classify(rows).tolist(),
        "threshold": pytest.approx(net.info().threshold),
        "after": [0] * 40,
        "one": 0,
    }
    assert sum(reply["before"]) == 30


@in_node
def test_rows_observed_during_a_stopped_training_are_kept() -> None:
    program = """
    await nr.ready();
    const results = [];
    for (const worker of [true, false]) {
      const net = new nr.Network("regressor", [1, 4, 1], { seed: 1, dataset: 200, test: 0 });
      const X = Array.from({ length: 100 }, (_, n) => n / 10);
      net.observe(X, X.map(Math.sin));
      const training = net.startTraining({ max_time: 0, worker, callback: () => false });
      let message;
      try { await net.train({ worker }); } catch (error) { message = `${error.name}: ${error.message}`; }
      net.observe([20], [1]);
      const report = await training.done;
      results.push({ reason: report.reason, message, running: training.running, rows: net.info().training_dataset_len,
        cycles: net.info().training_total_cycles === report.cycles });
      const callback = () => { throw new RangeError("enough"); };
      const failed = await net.train({ worker, callback, max_time: 0 }).catch((error) => error);
      const other = net.startTraining({ max_time: 0, worker });
      setTimeout(() => net.reset(), 50);
      const reset = await other.done.catch((error) => error);
      results.push([failed.message, reset.name, net.info().training_total_cycles]);
    }
    process.stdout.write(JSON.stringify(results));
    """
    results = node(program)
    expected = {
        "reason": "stopped",
        "message": "TrainingError: the network is being trained already: wait for the end, or stop it",
        "running": False,
        "rows": 101,
        "cycles": True,
    }
    assert results == [expected, ["enough", "TrainingError", 0]] * 2


@in_node
@pytest.mark.parametrize("name", ["ensemble", "restarts"])
def test_the_size_of_an_ensemble_has_a_former_name(name: str) -> None:
    program = f"""
    await nr.ready();
    const net = new nr.Network("regressor", [2, 1], {{ {name}: 5 }});
    const before = net.info();
    net.configure({{ {name}: 3 }});
    const after = net.info();
    process.stdout.write(JSON.stringify([before.ensemble, before.restarts, after.ensemble, after.restarts]));
    """
    assert node(program) == [5, 5, 3, 3]


#: Mistakes, and the messages for them.
MISTAKES = [
    ("new nr.Network('tree', [1, 2])", 'OptionError: kind is "tree": expected "classifier", "regressor"'),
    ("new nr.Network('classifier', [2])", "OptionError: "),
    ("new nr.Network('classifier', [2, 3], { l3: 1 })", "OptionError: l3 is no option: expected normalize"),
    ("new nr.Network('classifier', [2, 3], { ensemble: 2, restarts: 2 })", "OptionError: ensemble is given twice"),
    ("new nr.Network('classifier', { fields: { a: 'word' }, target: 'b' })", "OptionError: field a: "),
    ("new nr.Network('classifier', { fields: { a: 'number' } })", "OptionError: target is missing"),
    ("new nr.Network('classifier', [2, 3], { length: 3 })", "OptionError: length is for a network of sequences"),
    ("net.configure({ threshold: NaN })", "OptionError: threshold is NaN: expected a finite number"),
    ("net.configure({ class_weight: [1, -Infinity] })", "OptionError: class_weight 1 is -Infinity: expected a finite"),
    ("new nr.Network('classifier', [2, 3], { l2: Infinity })", "OptionError: l2 is Infinity: expected a finite number"),
    ("net.train({ max_time: NaN })", "OptionError: max_time is NaN: expected a finite number"),
    ("net.observe([1, 2], 1, { weight: NaN })", "OptionError: weights 0 is NaN: expected a finite number"),
    ("net.observe([1], 1)", "ShapeError: the network has 2 inputs, 1 was given"),
    ("net.observe([[1, 2], [3, 'x']], [0, 1])", "DataError: row 1: input 1 is 'x': expected a number"),
    ("net.observe([1, Infinity], 1)", "DataError: input 1 is inf: expected a finite number"),
    ("net.observe([[1, 2], [3, 4]], [0])", "ShapeError: 2 rows, but 1 outcomes"),
    ("net.observe([1, 2], 7)", "DataError: "),
    ("net.observe([[1, 2], [3, 4]], ['a', 'b'])", "DataError: row 0: class 0 is 'a': expected a number"),
    ("net.run({ a: 1 })", "ShapeError: "),
    ("net.train({ cycles: 1 })", "OptionError: cycles is not an option of training: expected max_cycles"),
    ("net.train()", "TrainingError: "),
    ("named.observe({ age: 'old', taken: 'yes' })", "DataError: row 0: field age is 'old': expected"),
    ("named.observe({ aged: 3, taken: 'yes' })", "DataError: row 0: "),
    ("named.observe([1, 2])", "ShapeError: row 0 is 1: the network has fields: expected an object of fields"),
    ("named.run({ age: 3 })", "TrainingError: "),
    ("nr.Network.fromBytes(new Uint8Array([1, 2, 3]))", "FormatError: "),
    ("nr.Network.fromBytes(net.toBytes().subarray(9))", "FormatError: "),
    ("nr.load('/nowhere/a.nr')", "Error: ENOENT"),
    ("(net.free(), net.info())", "TrainingError: the network has been freed"),
]


@in_node
def test_errors_name_the_argument() -> None:
    calls = ", ".join(f"async () => {expression}" for expression, _ in MISTAKES)
    program = f"""
    await nr.ready();
    const net = new nr.Network("classifier", [2, 3], {{ seed: 1 }});
    const named = new nr.Network("classifier", {{ fields: {{ age: "number" }}, target: "taken" }});
    const said = [];
    for (const ask of [{calls}]) {{
      said.push(await ask().then(() => "nothing", (error) => `${{error.name}}: ${{error.message}}`));
    }}
    process.stdout.write(JSON.stringify(said));
    """
    messages = node(program)
    for (expression, expected), found in zip(MISTAKES, messages, strict=True):
        assert found.startswith(expected), f"{expression}: {found}"


def test_compressed_engine_is_small() -> None:
    assert len(gzip.compress(kinds.WASM.binary().read_bytes(), 9)) < MOST_BYTES
