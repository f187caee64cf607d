"""Exports to JavaScript give the same bits in Node, as ES modules and as CommonJS."""

from __future__ import annotations

import itertools
import json
import math
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import exports
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

import kinds
import neuralredis as nr
from neuralredis.export import intermediate, javascript
from neuralredis.export.packing import bits

pytestmark = pytest.mark.needs(kinds.NODE)

Ask = Callable[[Path, list[Any]], dict[str, Any]]


@pytest.fixture(scope="module")
def ask() -> Iterator[Ask]:
    """Yield a function that predicts rows with a module; one process serves all calls."""
    command = ["node", str(Path(__file__).with_name("exports.mjs"))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as node:
        assert node.stdin
        assert node.stdout

        def ask(file: Path, rows: list[Any]) -> dict[str, Any]:
            assert node.stdin
            assert node.stdout
            node.stdin.write(json.dumps({"file": str(file), "rows": rows}) + "\n")
            node.stdin.flush()
            answer: dict[str, Any] = json.loads(node.stdout.readline())
            return answer

        yield ask
        node.stdin.close()


def in_node(folder: Path, code: str) -> Any:
    """Run a module, and return the values that it passes to ``say``."""
    file = folder / "program.mjs"
    file.write_text(f"const say = value => console.log(JSON.stringify(value));\n{code}")
    done = subprocess.run(["node", file], capture_output=True, text=True, timeout=60, cwd=folder, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


NUMBERS = itertools.count()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(net=exports.networks())
def test_javascript_gives_the_same_bits_for_every_kind_of_network(tmp_path: Path, ask: Ask, net: nr.Network) -> None:
    rows, path = exports.rows(net, 25), tmp_path / f"net{next(NUMBERS)}.mjs"
    net.export(path)
    found = ask(path, rows)
    assert found["proved"] == 12
    assert found["answers"] == [bits(answer) for answer in np.reshape(net.run(rows), (len(rows), -1))]


FIELDS = {
    "n": "number", "c": "category", "a": "auto", "f": "flag", "t": "time", "x": "text 64", "g": "tags", "v": "vector 2",
}  # fmt: skip


def every_kind(**options: Any) -> nr.Network:
    net = nr.Network("regressor", fields=FIELDS, target="y", seed=2, dataset=60, **options)
    rows = [
        {
            "n": number**3, "c": str(number % 5), "a": number if number % 2 else "none", "f": number % 3 == 0,
            "t": 1.7e9 + number * 5e5, "x": ["a good film", "bad Größe", "3,5 it's"][number % 3],
            "g": ["red", "blue"][: number % 3], "v": [number, -number],
        }
        for number in range(60)
    ]  # fmt: skip
    net.observe(rows, np.sin(np.arange(60)) * 20)
    net.train(max_cycles=15)
    return net


GIVEN: list[dict[str, Any]] = [
    {"n": "12"}, {"n": " -1.5e3 "}, {"n": ".5"}, {"n": "+3."}, {"n": True}, {"n": "nan"}, {"n": ""}, {"n": 3.4e38},
    {"c": 3}, {"c": True}, {"c": 1e21}, {"c": 1.5e-7}, {"c": -0.0}, {"c": 123456.789}, {"c": "é" * 32}, {"c": "2"},
    {"a": "7"}, {"a": "none"}, {"a": "nan"}, {"a": False}, {"a": 1e39}, {"a": "12 EUR"},
    {"f": "YES"}, {"f": "off"}, {"f": 1}, {"f": 0.0}, {"f": ""},
    {"t": "2026-11-25"}, {"t": "2026-11-25T18:30:15.25+02:00"}, {"t": "2026-11-25 18:30"}, {"t": 1.7e12}, {"t": "17e8"},
    {"t": "0001-01-01"}, {"t": -1}, {"t": "2024-02-29T23:59:59,999999Z"}, {"t": "1969-12-31T23:00-0130"},
    {"x": "Good, good film: bad\u0301?"}, {"x": "ｆｕｌｌ WIDTH ﬁne"}, {"x": "größe 3,5 o'clock a_b x.y"},
    {"x": 3.5}, {"x": "שלום עולם 日本語 カタカナ ひらがな"}, {"x": "naïve Straße İI"},
    {"x": ["a", "good"]}, {"x": "?!"}, {"x": "Σίσυφος ΣΑΣ"},
    {"g": "red, blue ,red,,green"}, {"g": ["red", "a,b"]}, {"g": " , "}, {"g": []}, {"g": [None, 3]}, {"g": 3},
    {"v": [1.5, -2]}, {"v": None}, {},
]  # fmt: skip
WRONG: list[dict[str, Any]] = [
    {"n": "x"}, {"n": "1e999"}, {"n": 1e39}, {"n": "0x10"}, {"n": [1]}, {"n": "+-3"},
    {"c": "é" * 33}, {"c": ["a"]}, {"f": 2}, {"f": "maybe"}, {"f": " yes"},
    {"t": "yesterday"}, {"t": "2026-02-30"}, {"t": "2026-11-25T24:00"}, {"t": True}, {"t": 1e15}, {"t": "25.11.2026"},
    {"g": ["x" * 65]}, {"g": [["a"]]}, {"v": [1]}, {"v": []}, {"v": [1, 1e39]}, {"v": ["1", "x"]}, {"other": 1},
]  # fmt: skip


def test_values_are_parsed_like_in_the_engine(tmp_path: Path, ask: Ask) -> None:
    net = every_kind()
    net.export(tmp_path / "net.mjs")
    found = ask(tmp_path / "net.mjs", [*GIVEN, *WRONG])
    assert found["proved"] == 12
    for row, answer in zip(GIVEN, found["answers"], strict=False):
        assert answer == bits([net.run([row])[0]]), row
    for row, messages in zip(WRONG, found["answers"][len(GIVEN) :], strict=True):
        with pytest.raises(nr.NeuralRedisError):
            net.run([row])
        assert isinstance(messages, str), row
        assert messages.startswith("RangeError: field "), row


def test_inputs_without_fields_are_validated(tmp_path: Path) -> None:
    nr.Network("classifier", [2, 3, 2], seed=1).export(tmp_path / "net.mjs")
    messages = in_node(
        tmp_path,
        """
        import * as net from "./net.mjs";
        say([[1], [1, NaN], [1e39, 2], [1, Infinity], ["1", 2], [1, null], [1, undefined]].map(row => {
          try { return net.run(row); } catch (error) { return error.message; }
        }));
        """,
    )
    assert messages[:5] == [
        "a row of 1 inputs: expected 2",
        "input 1 is NaN: expected a finite number",
        "input 0 is 1e+39: expected a finite number",
        "input 1 is Infinity: expected a finite number",
        "input 0 is 1: expected a finite number",
    ]
    assert messages[5:] == [f"input 1 is {value}: expected a finite number" for value in ("null", "undefined")]


def test_program_uses_names_of_fields(tmp_path: Path) -> None:
    net = nr.Network("classifier", fields={"age": "number", "plan": "category"}, target="left", seed=1, dataset=60)
    net.observe([{"age": age, "plan": ["free", "pro"][age % 2]} for age in range(60)], ["yes", "no"] * 30)
    net.train(max_cycles=30)
    net.export(tmp_path / "net.js")
    (tmp_path / "package.json").write_text('{"type": "module"}')
    code = """
    import { predict, run, classify, classes, selfTest } from "./net.js";
    import { createRequire } from "node:module";
    const twin = createRequire(import.meta.url)("./net.cjs"), row = { age: 31, plan: "pro" };
    say([predict(row), run(row), classify(row), classes, selfTest(), twin.run(row), twin.selfTest()]);
    """
    named, outputs, best, classes, proved, of_twin, twin_proved = in_node(tmp_path, code)
    row = {"age": 31, "plan": "pro"}
    assert outputs == of_twin == [float(value) for value in net.run([row])[0]]
    assert (best, classes, proved, twin_proved) == (net.classify(row), ["yes", "no"], 12, 12)
    assert named == {"answer": best, "probabilities": dict(zip(classes, outputs, strict=True))}
    types = (tmp_path / "net.d.ts").read_text()
    assert '"age"?: number | string | null;' in types
    assert 'export type Class = "yes" | "no";' in types
    assert types == (tmp_path / "net.d.cts").read_text()


def rounded(exact: Fraction) -> float:
    """Return the float32 number next to an exact one, the even one of two, or an infinity."""
    if not exact:
        return 0.0
    exponent = max(math.frexp(float(exact))[1] - 24, -149)
    found = round(exact / Fraction(2) ** exponent) * Fraction(2) ** exponent
    return float(found) if abs(found) < 2**128 else math.copysign(math.inf, found)


def test_products_are_added_with_a_single_rounding(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    a, b, c = (np.float32(random.normal(size=2000) * 2.0 ** random.integers(-80, 50, 2000)).tolist() for _ in range(3))
    cases = list(zip(a, b, c, strict=True))
    # Sums that double precision rounds to the middle of two float32 numbers, or next to it: the products are half of
    # the last place, times 1, 1 + x**3, 1 - x**3 and numbers that differ from 1 by up to 2**-24.
    x = 2.0**-11
    products = [(1.0, 1.0), (1 + x, 1 - x + x**2), (1 - x, 1 + x + x**2)]
    for drawn in random.integers(2**23, 2**24, 50).tolist():
        products.append((drawn / 2**23, round(2**47 / drawn) / 2**24))
    for exponent, number, sign in itertools.product(
        (-149, -126, 0, 104), (0, 1, 2**23 + 1, 2**24 - 2, 2**24 - 1), (1, -1)
    ):
        half = exponent // 2
        for first, second in products:
            factors = (first * 2.0**half, sign * second * 2.0 ** (exponent - 1 - half))
            cases += [(*factors, number * 2.0**exponent), (*factors, -number * 2.0**exponent)]
    assert all(value == np.float32(value) for case in cases for value in case)
    arithmetic = (Path(javascript.__file__).parent / "javascript" / "arithmetic.js").read_text()
    code = f"{arithmetic}\nsay({json.dumps(cases)}.map(([a, b, c]) => String(fma(a, b, c))));"
    found = [float(text.replace("Infinity", "inf")) for text in in_node(tmp_path, code)]
    assert found == [rounded(Fraction(a) * Fraction(b) + Fraction(c)) for a, b, c in cases]


def numbers() -> nr.Network:
    net = nr.Network("classifier", [4, 7, 3], normalize=True, ensemble=3, seed=1, dataset=60)
    X = np.random.default_rng(1).normal(size=(60, 4))
    net.observe(X, X[:, :3].argmax(axis=1))
    net.train(max_cycles=20)
    return net


def letters(**options: Any) -> nr.SequenceNetwork:
    net = nr.SequenceNetwork(
        "classifier", fields={"letter": "category"}, target="letter", length=12, dataset=60, seed=1, **options
    )
    net.observe(["abcabcabc", "bcabcabca", "cabcabcab"] * 10)
    net.train(max_cycles=20)
    return net


def test_sampled_events_equal_those_of_python(tmp_path: Path) -> None:
    net = letters()
    net.export(tmp_path / "net.mjs")
    settings: list[dict[str, Any]] = [
        {"seed": 1}, {"seed": 2, "temperature": 3.0}, {"seed": 2**63 + 1, "temperature": 2.0, "top_p": 0.9},
        {"seed": 3, "temperature": 9.0, "top_k": 2}, {"seed": 4, "temperature": 5.0, "min_p": 0.3, "until": "c"},
        {"seed": 5, "penalty": 1.5, "temperature": 2.0}, {"seed": 6, "temperature": 0.0},
    ]  # fmt: skip
    renamed = {"top_k": "topK", "top_p": "topP", "min_p": "minP"}
    calls = []
    for one in settings:
        options = ", ".join(
            f"{renamed.get(name, name)}: {f'{value}n' if name == 'seed' else json.dumps(value)}"
            for name, value in one.items()
        )
        calls.append(f'sequence("abca").sample(30, {{ {options} }})')
    drawn = in_node(tmp_path, f'import {{ sequence }} from "./net.mjs";\nsay([{", ".join(calls)}]);')
    assert drawn == [net.sample("abca", 30, **one) for one in settings]


def test_sequence_state_is_updated_event_by_event(tmp_path: Path) -> None:
    net = letters()
    net.export(tmp_path / "net.mjs")
    code = """
    import { sequence, step, run, classify, sample } from "./net.mjs";
    const own = sequence(), all = "abcabcabcabcabcabcab", found = [];
    for (const letter of all) found.push(own.step(letter));
    const before = own.run();
    sample(own, 5);
    const more = [own.run(), run(all), step(own, { letter: "c" })];
    say([found, before, ...more, own.classify(), own.predict().answer, classify("ab")]);
    """
    found, before, after, fresh, more, best, named, other = in_node(tmp_path, code)
    all = "abcabcabcabcabcabcab"
    visitor = net.session("visitor")
    for at, letter in enumerate(all):
        visitor.observe(letter)
        assert found[at] == [float(value) for value in visitor.run()]
    assert before == after == fresh == found[-1]
    assert more == [float(value) for value in net.run([all + "c"])[0]]
    assert (best, named, other) == (net.classify([all + "c"])[0], best, "c")


def test_event_with_one_field_may_be_a_plain_value(tmp_path: Path) -> None:
    given = {"vector 2": ([1.5, -2.0], "[1.5, -2]"), "time": (1.7e9, "new Date(17e11)"), "tags": (["a"], '["a"]')}
    for number, (kind, (value, literal)) in enumerate(given.items()):
        net = nr.SequenceNetwork("classifier", fields={"x": kind}, target="y", length=5, dataset=60, seed=1)
        net.observe([[{"x": value}, {"x": value}], [{"x": None}]] * 10, ["yes", "no"] * 10)
        net.train(max_cycles=5)
        net.export(tmp_path / f"net{number}.mjs")
        code = f'import {{ run }} from "./net{number}.mjs";\nsay([run([{literal}]), run([{{ x: {literal} }}])]);'
        assert in_node(tmp_path, code) == [np.ravel(net.run([[{"x": value}]])).tolist()] * 2, kind


def test_damaged_file_fails_its_self_test(tmp_path: Path) -> None:
    net = every_kind()
    net.export(tmp_path / "net.mjs")
    text = (tmp_path / "net.mjs").read_text()
    weights = re.search(r'"weights":"([^"]{40})', text)
    assert weights
    at = weights.start(1) + 4 * 5 + 2
    damaged = text[:at] + ("B" if text[at] == "A" else "A") + text[at + 1 :]
    (tmp_path / "damaged.mjs").write_text(damaged)
    messages = in_node(
        tmp_path,
        'import { selfTest } from "./damaged.mjs";\ntry { say(selfTest()); } catch (error) { say(error.message); }',
    )
    assert re.match(r"row \d+ of the proof: ", messages)


def test_names_and_scripts_are_quoted(tmp_path: Path) -> None:
    names = ['say "hi"\\', "</script>", "größe", "class", "__proto__", "a\u2028b"]
    net = nr.Network("regressor", fields=dict.fromkeys(names, "number"), target=["</x>", "y y"], seed=1, dataset=60)
    rows = np.random.default_rng(1).normal(size=(60, len(names)))
    net.observe([dict(zip(names, row, strict=True)) for row in rows.tolist()], rows[:, :2])
    net.train(max_cycles=3)
    net.export(tmp_path / "net.mjs")
    assert "</" not in (tmp_path / "net.mjs").read_text()
    row = json.dumps(json.dumps(dict(zip(names, rows[0].tolist(), strict=True))))
    code = f'import {{ predict, selfTest }} from "./net.mjs";\nsay([predict(JSON.parse({row})), selfTest()]);'
    named, proved = in_node(tmp_path, code)
    expected = net.run([dict(zip(names, rows[0], strict=True))])[0]
    assert (named, proved) == ({"</x>": float(expected[0]), "y y": float(expected[1])}, 12)


def of_kinds(kinds: str, **options: Any) -> nr.Network:
    fields = {kind: {"text": "text 64", "vector": "vector 3"}.get(kind, kind) for kind in kinds.split()}
    return nr.Network("classifier", fields=fields, target="y", classes=["no", "yes"], seed=1, **options)


def of_events(kind: str, **options: Any) -> nr.SequenceNetwork:
    net = nr.SequenceNetwork(kind, seed=1, dataset=60, **options)  # type: ignore[arg-type]
    net.observe([[1.0, 2.0, 3.0]] * 4, None if options["target"] == "a" else ["no", "yes"] * 2)
    return net


@pytest.mark.needs(kinds.MINIFY)
@pytest.mark.parametrize(
    ("net", "most"),
    [
        (nr.Network("classifier", [9, 15, 2], seed=1), 1800),
        (nr.Network("regressor", [9, 15, 2], seed=1, activation="tanh", normalize=True), 2000),
        (of_kinds("number category flag time"), 4400),
        (of_kinds("number category auto flag time tags vector"), 5000),
        (of_kinds("number category text"), 5000),
        (of_kinds("number category auto flag time tags text vector", activation="tanh"), 7000),
        (of_events("classifier", fields={"a": "category"}, target="y", cell="window"), 3500),
        (of_events("classifier", fields={"a": "category"}, target="y", cell="reservoir"), 4500),
        (of_events("classifier", fields={"a": "category"}, target="y", cell="gru"), 4200),
        (of_events("classifier", fields={"a": "category"}, target="a", cell="gru"), 6000),
        (of_events("regressor", fields={"a": "number"}, target="a", cell="reservoir"), 4500),
    ],
    ids=[
        "numbers", "numbers by tanh", "fields", "fields of most kinds", "texts", "fields of every kind", "sequences",
        "reservoir", "GRU cells", "samples", "series",
    ],
)  # fmt: skip
def test_minified_runtime_is_small(net: nr.Network, most: int) -> None:
    import minify

    runtime = javascript.runtime(intermediate(net))
    # Inside of a function, so that its names may be shortened.
    small = minify.string("text/javascript", f"(()=>{{{runtime}\nreturn run}})()")
    assert len(small) < most, f"{len(small)} bytes"


@pytest.mark.needs(kinds.DENO)
def test_deno_gives_the_same_bits(tmp_path: Path) -> None:
    nets: dict[str, nr.Network] = {"fields": every_kind(), "sequences": letters(), "numbers": numbers()}
    inputs: dict[str, list[Any]] = {name: exports.rows(net, 20) for name, net in nets.items()}
    jobs = []
    for name, net in nets.items():
        net.export(tmp_path / f"{name}.mjs")
        jobs.append(json.dumps({"file": (tmp_path / f"{name}.mjs").as_uri(), "rows": inputs[name]}))
    done = subprocess.run(
        [kinds.DENO.binary(), "run", "--no-remote", "--allow-read", Path(__file__).with_name("exports.mjs")],
        input="\n".join(jobs), capture_output=True, text=True, timeout=120, check=False, cwd=tmp_path,
        env={**os.environ, "DENO_NO_UPDATE_CHECK": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    for found, (name, net) in zip(map(json.loads, done.stdout.splitlines()), nets.items(), strict=True):
        assert found["proved"] == 12, name
        assert found["answers"] == [bits(np.ravel(answer)) for answer in net.run(inputs[name])], name


def test_threshold_selects_the_second_class(tmp_path: Path) -> None:
    net, rows, _ = exports.with_threshold()
    net.export(tmp_path / "net.js")
    (tmp_path / "package.json").write_text('{"type": "module"}')
    code = f'import {{ classify }} from "./net.js";\nsay({json.dumps(rows.tolist())}.map(row => classify(row)));'
    assert in_node(tmp_path, code) == net.classify(rows).tolist()


def test_classes_of_events_without_fields_are_numbers(tmp_path: Path) -> None:
    net = nr.SequenceNetwork("classifier", [2, 4, 3], cell="window", seed=1)
    events = [[0.5, 1.0], [2.0, -1.0]]
    net.export(tmp_path / "net.js")
    (tmp_path / "package.json").write_text('{"type": "module"}')
    code = f'import {{ classes, classify }} from "./net.js";\nsay([classes, classify({events})]);'
    assert in_node(tmp_path, code) == [[0, 1, 2], net.classify([np.array(events)])[0]]
