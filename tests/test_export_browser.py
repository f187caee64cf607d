"""Exports to JavaScript give the same bits in a browser: in a page, and in workers of either kind."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import exports
import numpy as np
import pytest

import browsers
import kinds
import neuralredis as nr
from neuralredis.export.packing import bits

pytestmark = pytest.mark.needs(kinds.CHROMIUM)

#: The code of a worker: an exported module tests itself, and predicts rows.
ANSWERS = """
const single = new Float32Array(1), pattern = new Uint32Array(single.buffer);
const bits = values => values.map(value => (single[0] = value, pattern[0].toString(16).padStart(8, "0")));
const answers = (net, rows) => ({ proved: net.selfTest(), answers: rows.map(row => bits(net.run(row))) });
"""
#: Classic workers import modules dynamically; module workers import them at the start.
CLASSIC = """
onmessage = async ({ data }) => postMessage(answers(await import(`./${data.name}.mjs`), data.rows));
"""
MODULE = """
import * as fields from "./fields.mjs";
import * as numbers from "./numbers.mjs";
import * as sequences from "./sequences.mjs";
const nets = { fields, numbers, sequences };
onmessage = ({ data }) => postMessage(answers(nets[data.name], data.rows));
"""
PAGE = """<!doctype html>
<html lang="en"><head><title>Exports</title><link rel="icon" href="data:,"></head><body>
<script type="module">
{answers}
const ask = (worker, job) => new Promise((resolve, reject) => {{
  worker.onmessage = ({{ data }}) => resolve(data);
  worker.onerror = event => reject(event.message);
  worker.postMessage(job);
}});
globalThis.ask = async (where, job) => {{
  if (where === "page") return answers(await import(`./${{job.name}}.mjs`), job.rows);
  return ask(where === "worker" ? new Worker("classic.js") : new Worker("module.mjs", {{ type: "module" }}), job);
}};
</script></body></html>
"""


def nets() -> dict[str, nr.Network]:
    """Return networks without fields, with a field of each kind, and of sequences."""
    X = np.random.default_rng(1).normal(size=(60, 4))
    numbers = nr.Network("classifier", [4, 7, 3], normalize=True, ensemble=3, seed=1, dataset=60)
    numbers.observe(X, X[:, :3].argmax(axis=1))
    kinds = ("number", "category", "auto", "flag", "time", "text 64", "tags", "vector 2")
    fields = nr.Network(
        "regressor", fields={kind.split()[0]: kind for kind in kinds}, target="y", seed=2, dataset=60, activation="tanh"
    )
    rows = [
        {
            "number": number**3, "category": str(number % 5), "auto": number if number % 2 else "none",
            "flag": number % 3 == 0, "time": 1.7e9 + number * 5e5, "text": ["good film", "bad day", "it's"][number % 3],
            "tags": ["red", "blue"][: number % 3], "vector": [number, -number],
        }
        for number in range(60)
    ]  # fmt: skip
    fields.observe(rows, np.sin(np.arange(60)) * 20)
    sequences = nr.SequenceNetwork(
        "classifier", fields={"letter": "category"}, target="letter", length=12, dataset=60, seed=1, cell="reservoir"
    )
    sequences.observe(["abcabcabc", "bcabcabca", "cabcabcab"] * 10)
    made = {"numbers": numbers, "fields": fields, "sequences": sequences}
    for net in made.values():
        net.train(max_cycles=15)
    return made


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, dict[str, nr.Network]]]:
    folder: Path = tmp_path_factory.mktemp("site")
    made = nets()
    for name, net in made.items():
        net.export(folder / f"{name}.mjs")
    (folder / "classic.js").write_text(ANSWERS + CLASSIC)
    (folder / "module.mjs").write_text(MODULE + ANSWERS)
    (folder / "index.html").write_text(PAGE.format(answers=ANSWERS))
    with browsers.served(folder) as address:
        yield f"{address}/index.html", made


@pytest.mark.parametrize("where", ["page", "worker", "module worker"])
@pytest.mark.parametrize("name", ["numbers", "fields", "sequences"])
def test_javascript_in_a_browser_gives_the_same_bits(
    page: browsers.Page, site: tuple[str, dict[str, nr.Network]], where: str, name: str
) -> None:
    address, made = site
    net = made[name]
    rows = exports.rows(net, 30)
    page.goto(address)
    # As JSON: Playwright does not transfer lone surrogates, which random words may contain.
    job = json.dumps({"name": name, "rows": rows})
    found: Any = page.evaluate("([where, job]) => ask(where, JSON.parse(job))", [where, job])
    assert found["proved"] == 12
    assert found["answers"] == [bits(answer) for answer in np.reshape(net.run(rows), (len(rows), -1))]
