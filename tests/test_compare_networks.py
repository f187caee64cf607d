"""Networks and a table that are dropped on the page of comparisons, and predict there."""

from __future__ import annotations

import base64
import csv
import io
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import expect

import browsers
import kinds
import neuralredis as nr
import tables
from neuralredis.cli import page as pages
from neuralredis.table.answered import Source
from neuralredis.table.reading import read

pytestmark = pytest.mark.needs(kinds.CHROMIUM)
with_engine = pytest.mark.needs(kinds.WASM)

expect.set_options(timeout=browsers.PATIENCE)

FIELDS = {"a": "number", "b": "number", "plan": "category"}


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """Serve two sites, one with the engine and one without."""
    folder = tmp_path_factory.mktemp("sites")
    for name in ("with", "without"):
        shutil.copytree(pages.PAGES / "compare", folder / name / "compare")
    if not kinds.WASM.missing:
        (folder / "with" / "js").symlink_to(kinds.WASM.binary().parent)
    with browsers.served(folder) as address:
        yield address, folder


@pytest.fixture
def opened(page: browsers.Page, sites: tuple[str, Path]) -> browsers.Page:
    """Return the page of the site with the engine, before anything is dropped."""
    page.goto(f"{sites[0]}/with/compare/index.html")
    return page


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with networks and a table."""
    folder = tmp_path_factory.mktemp("made")
    rng = np.random.default_rng(3)
    rows: list[dict[str, Any]] = [
        {"a": round(float(a), 6), "b": round(float(b), 6), "plan": "pq"[int(p)], "y": "yes" if a + b > 0 else "no"}
        for a, b, p in zip(rng.normal(size=400), rng.normal(size=400), rng.integers(0, 2, 400), strict=True)
    ]
    rows[7]["a"] = rows[9]["plan"] = ""
    rows[11]["y"], rows[13]["y"] = "NA", "maybe"
    tables.write(folder / "rows.csv", [*FIELDS, "y"], [list(row.values()) for row in rows])
    known = [row for row in rows[:200] if row["y"] in ("yes", "no")]
    for name, fields in (("good", "a b plan"), ("poor", "a plan")):
        taken = {field: FIELDS[field] for field in fields.split()}
        net = nr.Network("classifier", fields=taken, target="y", dataset=200, test=0, seed=1)
        net.observe([{field: row[field] or None for field in taken} for row in known], [row["y"] for row in known])
        net.train(max_cycles=50)
        net.save(folder / f"{name}.nr")
    return folder


def drop(page: browsers.Page, *paths: Path) -> None:
    files = {path.name: base64.b64encode(path.read_bytes()).decode() for path in paths}
    handle = page.evaluate_handle(
        """files => {
            const held = new DataTransfer();
            for (const [name, text] of Object.entries(files)) {
                held.items.add(new File([Uint8Array.from(atob(text), letter => letter.charCodeAt())], name));
            }
            return held;
        }""",
        files,
    )
    page.dispatch_event("#drop", "drop", {"dataTransfer": handle})


def line_of(page: browsers.Page, name: str) -> Any:
    """Return the line on a file."""
    return page.locator("#loaded li").filter(has=page.get_by_text(name, exact=True))


def predictions_of(path: Path, net: nr.Network) -> tuple[list[str], list[str], list[list[float]]]:
    """Return outcomes, predicted classes and outputs of the rows whose outcome is known."""
    with path.open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["y"] in ("yes", "no")]
    given = [{name: row[name] or None for name in net.info().fields or {}} for row in rows]
    return [row["y"] for row in rows], list(net.classify(given)), np.asarray(net.run(given), np.float64).tolist()


@with_engine
def test_dropped_networks_predict_the_rows_of_a_dropped_table(opened: browsers.Page, made: Path) -> None:
    drop(opened, made / "good.nr", made / "poor.nr", made / "rows.csv")
    summary = opened.get_by_role("region", name="Errors")
    expect(summary).to_contain_text("Target y, on 398 rows of rows.csv")
    expect(line_of(opened, "good.nr")).to_contain_text("(2 rows without a known outcome left out)")
    expect(summary).to_contain_text("are unknown and cannot be left out")
    for name in ("good", "poor"):
        truth, predicted, _ = predictions_of(made / "rows.csv", nr.load(made / f"{name}.nr"))
        right = float(np.mean(np.array(truth) == np.array(predicted)))
        expect(summary.get_by_role("row", name=re.compile(f"{name}.nr {right * 100:.1f} %"))).to_be_visible()
    # All outputs are equal to those of Python, to the last bit.
    answers = opened.evaluate(
        "import('./files.js').then(files => files.entries.find(entry => entry.name === 'good.nr').reports[0])"
    )
    truth, predicted, outputs = predictions_of(made / "rows.csv", nr.load(made / "good.nr"))
    assert answers["probabilities"] == outputs
    assert (answers["truth"], answers["answers"]) == (truth, predicted)
    assert answers["cells"]["plan"][9] is None
    # Rows where they differ come first, with all cells.
    first = opened.locator("#list > li").first
    expect(first).to_contain_text("predictions differ")
    expect(first).to_contain_text(re.compile(r"a\s*-?\d.*b\s*-?\d.*plan\s*[pq]"))


@with_engine
def test_files_can_be_dropped_in_any_order(opened: browsers.Page, made: Path) -> None:
    drop(opened, made / "good.nr")
    expect(line_of(opened, "good.nr")).to_contain_text("is a network: add a CSV file")
    drop(opened, made / "rows.csv")
    expect(line_of(opened, "rows.csv")).to_contain_text("400 rows, 4 columns")
    expect(line_of(opened, "good.nr")).to_contain_text("398 rows of rows.csv")
    drop(opened, made / "poor.nr")
    summary = opened.get_by_role("region", name="Errors")
    expect(summary.locator("tbody tr")).to_have_count(2)
    opened.get_by_role("button", name="Remove rows.csv").click()
    expect(line_of(opened, "poor.nr")).to_contain_text("add a CSV file")
    expect(summary).to_be_hidden()


@with_engine
def test_last_dropped_table_is_used(opened: browsers.Page, made: Path, tmp_path: Path) -> None:
    lines = (made / "rows.csv").read_text().splitlines(keepends=True)
    (tmp_path / "few.csv").write_text("".join(lines[:6]))
    drop(opened, made / "good.nr", made / "rows.csv")
    expect(line_of(opened, "good.nr")).to_contain_text("398 rows")
    drop(opened, tmp_path / "few.csv")
    expect(line_of(opened, "good.nr")).to_contain_text("5 rows of few.csv")
    expect(line_of(opened, "rows.csv")).to_contain_text("unused: networks predict the last table")
    opened.get_by_role("button", name="Remove few.csv").click()
    expect(line_of(opened, "good.nr")).to_contain_text("398 rows of rows.csv")


@with_engine
def test_network_is_compared_with_a_report_of_the_command_line(
    opened: browsers.Page, made: Path, tmp_path: Path, command: tables.Command
) -> None:
    done = command("evaluate", made / "poor.nr", made / "rows.csv", "--json", "--rows")
    assert done.code == 0, done.err
    (tmp_path / "old.json").write_text(done.out)
    drop(opened, tmp_path / "old.json", made / "good.nr", made / "rows.csv")
    summary = opened.get_by_role("region", name="Errors")
    expect(summary.locator("tbody tr")).to_have_count(2)
    expect(summary).to_contain_text(f"Target y, on {json.loads(done.out)['rows']} rows of rows.csv")


@with_engine
def test_networks_and_tables_are_loaded_from_the_address(
    page: browsers.Page, made: Path, sites: tuple[str, Path]
) -> None:
    url, folder = sites
    for name in ("good.nr", "poor.nr", "rows.csv"):
        shutil.copy(made / name, folder / name)
    names = "&".join(f"report=../../{name}" for name in ("good.nr", "poor.nr", "rows.csv"))
    page.goto(f"{url}/with/compare/index.html?{names}")
    summary = page.get_by_role("region", name="Errors")
    expect(summary).to_contain_text("Target y, on 398 rows of rows.csv")
    expect(summary.get_by_role("row", name=re.compile("^good.nr"))).to_be_visible()


@with_engine
def test_errors_are_shown_beside_each_file(opened: browsers.Page, made: Path, tmp_path: Path) -> None:
    (tmp_path / "broken.nr").write_bytes((made / "good.nr").read_bytes()[:-9])
    other = nr.Network("classifier", fields={"size": "number"}, target="y", classes=["yes", "no"], seed=1)
    other.save(tmp_path / "other.nr")
    letters = nr.SequenceNetwork("classifier", fields={"letter": "category"}, target="letter", seed=1)
    letters.save(tmp_path / "letters.nr")
    target = nr.Network("classifier", fields={"a": "number"}, target="z", classes=["yes", "no"], seed=1)
    target.save(tmp_path / "target.nr")
    strict = nr.Network("classifier", fields={"plan": "number"}, target="y", classes=["yes", "no"], seed=1)
    strict.save(tmp_path / "strict.nr")
    names = ("broken", "other", "letters", "target", "strict")
    drop(opened, made / "good.nr", *[tmp_path / f"{name}.nr" for name in names], made / "rows.csv")
    for name, why in (
        ("broken", "checksum"),
        ("other", "needs the column “size”: rows.csv has a, b, plan, y"),
        ("letters", "is a network of sequences: expected one of rows"),
        ("target", "needs the column “z”"),
        ("strict", "cannot predict row 1: field plan is "),
    ):
        expect(line_of(opened, f"{name}.nr")).to_contain_text(why)
    expect(line_of(opened, "good.nr")).to_contain_text("398 rows")
    expect(opened.get_by_role("region", name="Errors").locator("tbody tr")).to_have_count(1)


@with_engine
@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"", "is empty"),
        (b"\n\n", "is empty"),
        (b"a,b\n", "has a single line"),
        (b"a,b\n1,2\n1,2,3\n", "has 3 cells in row 2, and its first line 2 names"),
        (b"a,a\n1,2\n", "has two columns that are called “a”"),
        (b'a,b\n1,"2\n', "has an unclosed quotation mark in line 2"),
        (b"a,b\n\0,2\n", "is not text: expected a CSV file"),
    ],
)
def test_errors_of_a_table_are_shown(opened: browsers.Page, tmp_path: Path, text: bytes, why: str) -> None:
    (tmp_path / "rows.csv").write_bytes(text)
    drop(opened, tmp_path / "rows.csv")
    expect(line_of(opened, "rows.csv")).to_contain_text(why)


@with_engine
def test_target_can_be_chosen_for_networks_without_fields(opened: browsers.Page, tmp_path: Path) -> None:
    X = np.random.default_rng(1).normal(size=(60, 2)).round(4)
    y = (X[:, 0] > 0).astype(int)
    net = nr.Network("classifier", [2, 3, 2], dataset=60, test=0, seed=1)
    net.observe(X, y)
    net.train(max_cycles=40)
    net.save(tmp_path / "net.nr")
    tables.write(tmp_path / "rows.csv", ["of", "u", "v"], [[of, *row] for of, row in zip(y, X.tolist(), strict=True)])
    drop(opened, tmp_path / "net.nr", tmp_path / "rows.csv")
    expect(line_of(opened, "net.nr")).to_contain_text("knows no outcome in the column “v” of rows.csv")
    opened.get_by_label("Target").select_option("of")
    summary = opened.get_by_role("region", name="Errors")
    expect(summary).to_contain_text("Target of, on 60 rows of rows.csv.")
    right = float(np.mean(net.classify(X) == y)) * 100
    accuracy = "100 %" if right == 100 else f"{right:.1f} %"
    expect(summary.get_by_role("row", name=re.compile(f"net.nr {accuracy}"))).to_be_visible()


@with_engine
def test_regressors_are_compared_by_numeric_predictions(opened: browsers.Page, tmp_path: Path) -> None:
    x = np.random.default_rng(1).normal(size=80).round(4)
    for name, cycles in (("long", 60), ("short", 2)):
        net = nr.Network("regressor", fields={"x": "number"}, target="y", dataset=80, test=0, seed=1)
        net.observe([{"x": value} for value in x.tolist()], (x * 3 + 1).tolist())
        net.train(max_cycles=cycles)
        net.save(tmp_path / f"{name}.nr")
    rows = zip(x.tolist(), (x * 3 + 1).round(4).tolist(), strict=True)
    tables.write(tmp_path / "rows.csv", ["x", "y"], rows)
    drop(opened, tmp_path / "short.nr", tmp_path / "long.nr", tmp_path / "rows.csv")
    summary = opened.get_by_role("region", name="Errors")
    expect(summary).to_contain_text("The mean absolute error of long.nr is")
    expect(opened.locator("#list > li")).to_have_count(25)


def test_page_without_the_engine_explains_the_alternative(
    browser: browsers.Browser, made: Path, sites: tuple[str, Path]
) -> None:
    # The browser itself logs an error if there is no engine.
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{sites[0]}/without/compare/index.html")
    drop(page, made / "good.nr")
    expect(line_of(page, "good.nr")).to_contain_text("build the site by “make wasm docs”")
    drop(page, made / "rows.csv")
    expect(line_of(page, "rows.csv")).to_contain_text("this page was built without the engine for browsers")
    expect(line_of(page, "good.nr")).to_contain_text("neuralredis compare a.nr b.nr --data rows.csv --html page.html")
    context.close()


def test_page_opened_as_a_file_explains_the_alternative(
    page: browsers.Page, made: Path, tmp_path: Path, command: tables.Command
) -> None:
    done = command("compare", made / "good.nr", made / "poor.nr", "--data", made / "rows.csv", "--html", "page.html")
    assert done.code == 0, done.err
    page.goto(Path("page.html").absolute().as_uri())
    expect(page.get_by_role("region", name="Errors")).to_be_visible()
    drop(page, made / "good.nr")
    expect(line_of(page, "good.nr")).to_contain_text("this page was built without the engine for browsers")


TABLES = [
    "a,b\n1,2\n",
    "a,b\r\n1,2\r\n\r\n3,4",
    "a;b\n1,5;2\n",
    "a\tb\n1\t\n",
    'a,b\n"x, y","say ""hi"""\n"two\nlines",\n',
    "é|b|ｚ\n 1 |2|3\n1|?|\n",
    "a,b,\n1,2,3\n1,2,\n",
    "b,𝒂,ﬀ\nx,y,z\nx,,z\n",
]


@pytest.mark.parametrize("text", TABLES)
def test_tables_are_parsed_as_by_the_command_line(
    page: browsers.Page, sites: tuple[str, Path], tmp_path: Path, text: str
) -> None:
    page.goto(f"{sites[0]}/without/compare/index.html")
    program = """async text => {
        const { readTable, digestOf } = await import("./tables.js");
        const table = readTable(text);
        return [[...table.columns], table.rows, await digestOf(table)];
    }"""
    columns, rows, digest = page.evaluate(program, text)
    (tmp_path / "rows.csv").write_text(text, "utf-8", newline="")
    table = read(str(tmp_path / "rows.csv"))
    expected = {name: table.column(name) for name in table.names}
    assert [[name, [column.cell(row) for row in range(len(column))]] for name, column in expected.items()] == columns
    assert rows == len(table)
    assert digest == Source.of(table, expected).digest


def test_random_cells_match_python_csv(page: browsers.Page, sites: tuple[str, Path]) -> None:
    """Return random cells with separators and quotation marks, as Python's writer quotes them."""
    page.goto(f"{sites[0]}/without/compare/index.html")
    random = np.random.default_rng(5)
    for delimiter in ",;\t|":
        cells = [["".join(random.choice(list('ab "\n,;|\t'), 5)) for _ in range(3)] for _ in range(40)]
        text = io.StringIO()
        csv.writer(text, delimiter=delimiter).writerows([["u", "v", "w"], *cells])
        program = "text => import('./tables.js').then(({ readTable }) => [...readTable(text).columns.values()])"
        found = page.evaluate(program, text.getvalue())
        assert found == [[row[place].strip() or None for row in cells] for place in range(3)]
