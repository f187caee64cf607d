"""The page that compares networks, in a browser."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import expect

import browsers
import kinds
import neuralredis as nr
import tables
from neuralredis import paired, statistics
from neuralredis.cli import page as pages

pytestmark = pytest.mark.needs(kinds.CHROMIUM)

WIDE, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}


def report(name: str, likely: list[float], **changes: Any) -> dict[str, Any]:
    """Return a report with these probabilities of "yes"; every second row has this outcome."""
    count = len(likely)
    answers = {
        "row": list(range(1, count + 1)),
        "truth": ["yes" if row % 2 else "no" for row in range(count)],
        "predicted": ["yes" if share > 0.5 else "no" for share in likely],
        "probabilities": [[round(1 - share, 6), share] for share in likely],
        "cells": {
            "age": [str(20 + row) for row in range(count)],
            "city": ["Rome" if row % 3 else None for row in range(count)],
        },
    }
    table = {"name": "rows.csv", "rows": count, "digest": "d1"}
    content = {"network": name, "target": "taken", "classes": ["no", "yes"], "fresh": True, "table": table}
    return content | {"answers": answers} | changes


def numbers(name: str, answers: list[float]) -> dict[str, Any]:
    """Return a report of a regressor whose outcomes are 0, 1, 2 …"""
    rows = list(range(1, len(answers) + 1))
    content = {"row": rows, "truth": [row - 1 for row in rows], "predicted": answers, "cells": {}}
    table = {"name": "numbers.csv", "rows": len(rows), "digest": "d2"}
    return {"network": name, "target": "size", "fresh": None, "table": table, "answers": content}


def texts(name: str) -> dict[str, Any]:
    """Return a report of texts drawn from a network."""
    prompts = [
        {
            "prompt": prompt,
            "results": [
                {"settings": {"temperature": t}, "seed": 1, "outputs": [f"{name}{t}{prompt}{n}" for n in range(12)]}
                for t in (0.5, 1)
            ],
        }
        for prompt in ("ma", "jo")
    ]
    return {"report": "samples", "networks": [{"network": name, "joint": "", "prompts": prompts}]}


#: Both are right about row 1; only the first about rows 2 to 6; only the second about row 7; neither about row 8.
FIRST = report("first.nr", [0.1, 0.9, 0.2, 0.8, 0.3, 0.7, 0.9, 0.4])
SECOND = report("second.nr", [0.2, 0.1, 0.8, 0.3, 0.6, 0.4, 0.2, 0.3])


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """Serve the page as the site of the documentation does, with a folder of reports beside it."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "compare").symlink_to(pages.PAGES / "compare")

    with browsers.served(folder) as address:
        yield f"{address}/compare/index.html", folder


@pytest.fixture
def opened(page: browsers.Page, site: tuple[str, Path]) -> browsers.Page:
    """Return the page before anything is dropped."""
    page.goto(site[0])
    return page


def drop(page: browsers.Page, **files: Any) -> None:
    """Drop files on the page, dicts as JSON."""
    given = {name: content if isinstance(content, str) else json.dumps(content) for name, content in files.items()}
    contents = page.evaluate_handle(
        """files => {
            const held = new DataTransfer();
            for (const [name, text] of Object.entries(files)) held.items.add(new File([text], `${name}.json`));
            return held;
        }""",
        given,
    )
    page.dispatch_event("#drop", "drop", {"dataTransfer": contents})


def rows(page: browsers.Page) -> list[str]:
    """Return the text of each visible row."""
    return [" ".join(text.split()) for text in page.locator("#list > li").all_inner_texts()]


def numbers_of(page: browsers.Page) -> list[int]:
    return [int(found[1].replace(",", "")) for text in rows(page) if (found := re.match(r"Row ([\d,]+)", text))]


def test_dropped_reports_are_compared(opened: browsers.Page) -> None:
    drop(opened, a=FIRST, b=SECOND)
    summary = opened.get_by_role("region", name="Errors", exact=True)
    expect(summary).to_contain_text("Target taken, on 8 rows of rows.csv.")
    expect(summary.get_by_role("row", name=re.compile("first.nr 75.0 %"))).to_be_visible()
    expect(summary.get_by_role("row", name=re.compile("second.nr 25.0 %"))).to_be_visible()
    expect(summary).to_contain_text(
        "first.nr is correct for 5 rows that second.nr gets wrong, and wrong for 1 that second.nr"
    )
    expect(summary).to_contain_text("Not significant (p = 0.22, McNemar's exact test).")
    expect(opened.get_by_text("first.nr, 8 rows of rows.csv")).to_be_visible()


def test_disagreements_come_first_with_outcomes_and_probabilities(opened: browsers.Page) -> None:
    drop(opened, a=FIRST, b=SECOND)
    expect(opened.locator("#list > li")).to_have_count(8)
    assert numbers_of(opened)[:2] == [2, 7], "rows whose probability of the outcome differs most come first"
    assert set(numbers_of(opened)[-2:]) == {1, 8}
    first = rows(opened)[0]
    assert first.startswith("Row 2 taken is yes predictions differ first.nr yes ✓ correct no 10.0 % yes ●")
    assert "second.nr no ✗ wrong no 90.0 % yes ● true class 10.0 %" in first
    assert first.endswith("age 21 city Rome")
    widths = (
        opened.locator("#list > li").first.locator(".fill").evaluate_all("all => all.map(each => each.style.width)")
    )
    assert widths == ["10%", "90%", "90%", "10%"]


def test_files_can_be_opened_with_the_keyboard(opened: browsers.Page, tmp_path: Path) -> None:
    places = [tmp_path / "a.json", tmp_path / "b.json"]
    for place, content in zip(places, (FIRST, SECOND), strict=True):
        place.write_text(json.dumps(content))
    opened.on("filechooser", lambda chooser: chooser.set_files(places))
    opened.keyboard.press("Tab")
    expect(opened.get_by_label("Theme")).to_be_focused()
    opened.keyboard.press("Tab")
    expect(opened.get_by_role("button", name="choose files")).to_be_focused()
    opened.keyboard.press("Enter")
    expect(opened.locator("#list > li")).to_have_count(8)


def test_reports_are_loaded_from_the_address(page: browsers.Page, site: tuple[str, Path]) -> None:
    url, folder = site
    for name, content in (("a", FIRST), ("b", SECOND)):
        (folder / f"{name}.json").write_text(json.dumps(content))
    page.goto(f"{url}?report=../a.json&report=../b.json")
    expect(page.locator("#list > li")).to_have_count(8)
    assert page.get_by_label("URLs of reports").input_value() == "../a.json\n../b.json"
    page.goto(url)
    expect(page.locator("#list > li")).to_have_count(0)
    page.get_by_text("Load from URLs").click()
    page.get_by_label("URLs of reports").fill("../a.json\n../b.json")
    page.get_by_role("button", name="Load").click()
    expect(page.locator("#list > li")).to_have_count(8)
    assert page.url == f"{url}?report=..%2Fa.json&report=..%2Fb.json"
    page.get_by_role("button", name="Remove ../b.json").click()
    expect(page.get_by_text("second.nr")).to_have_count(0)
    assert page.url == f"{url}?report=..%2Fa.json"
    page.go_back()
    expect(page.locator("#list > li")).to_have_count(0)


def test_addresses_that_cannot_be_loaded_are_reported(browser: browsers.Browser, site: tuple[str, Path]) -> None:
    url, folder = site
    (folder / "text.json").write_text("no JSON")
    # The browser itself logs an error for a file that cannot be loaded.
    with contextlib.closing(browser.new_page()) as page:
        page.goto(f"{url}?report=../none.json&report=http://127.0.0.1:9/x&report=file:///etc/hosts&report=../text.json")
        expect(page.get_by_text("cannot be loaded: HTTP status 404")).to_be_visible()
        expect(page.get_by_text("cannot be loaded: the server does not respond")).to_be_visible()
        expect(page.get_by_text("is not a URL that begins with http")).to_be_visible()
        expect(page.get_by_text("is not JSON")).to_be_visible()


def test_rows_are_filtered_by_disagreement_class_field_and_correctness(opened: browsers.Page) -> None:
    drop(opened, a=FIRST, b=SECOND)
    opened.get_by_label("Only disagreements").check()
    assert sorted(numbers_of(opened)) == [2, 3, 4, 5, 6, 7]
    expect(opened.get_by_role("status").filter(has_text="6 rows of 8")).to_be_visible()
    opened.get_by_label("taken is").select_option("yes")
    assert sorted(numbers_of(opened)) == [2, 4, 6]
    opened.get_by_label("taken is").select_option("any")
    opened.get_by_label("Correct").select_option("second.nr alone")
    assert numbers_of(opened) == [7]
    opened.get_by_label("Correct").select_option("any")
    opened.get_by_label("Only disagreements").uncheck()
    opened.get_by_label("Correct").select_option("none of them")
    assert numbers_of(opened) == [8]
    opened.get_by_label("Correct").select_option("any")
    opened.get_by_label("Field").select_option("age")
    for label, expected in (
        ("<22", [1, 2]),
        (">=26", [7, 8]),
        ("21..23", [2, 3, 4]),
        ("25", [6]),
        ("2", list(range(1, 9))),
    ):
        opened.get_by_label("Value").fill(label)
        assert sorted(numbers_of(opened)) == expected, label
    opened.get_by_label("Field").select_option("city")
    opened.get_by_label("Value").fill("rom")
    assert sorted(numbers_of(opened)) == [2, 3, 5, 6, 8]
    opened.get_by_label("Value").fill("Paris")
    expect(opened.get_by_text("No row passes the filters.")).to_be_visible()


def test_rows_can_be_sorted(opened: browsers.Page) -> None:
    drop(opened, a=FIRST, b=SECOND)
    opened.get_by_label("Order").select_option("as in the table")
    assert numbers_of(opened) == list(range(1, 9))
    opened.get_by_label("Order").select_option("largest errors first")
    assert numbers_of(opened)[:2] == [8, 7]


def test_cell_of_a_confusion_matrix_filters_rows(opened: browsers.Page) -> None:
    drop(opened, a=FIRST, b=SECOND)
    matrices = opened.get_by_role("region", name="Confusion matrices")
    expect(matrices.get_by_role("table", name="first.nr")).to_contain_text("75.0 %")
    cell = matrices.get_by_role("button", name="3 rows of yes that second.nr predicts as no")
    expect(cell).to_have_count(0)
    cell = matrices.get_by_role("button", name="4 rows of yes that second.nr predicts as no")
    cell.focus()
    opened.keyboard.press("Enter")
    assert sorted(numbers_of(opened)) == [2, 4, 6, 8]
    opened.get_by_role("button", name="Remove the filter: second.nr predicts yes as no").click()
    expect(opened.locator("#list > li")).to_have_count(8)


def test_third_report_can_be_added_and_removed(opened: browsers.Page) -> None:
    drop(opened, a=FIRST, b=SECOND)
    third = report("first.nr", [0.1] * 8)
    third["answers"]["cells"] = {}
    drop(opened, c=third)
    summary = opened.get_by_role("region", name="Errors", exact=True)
    expect(summary.locator("tbody tr")).to_have_count(3)
    expect(summary).to_contain_text("first.nr (2)")
    expect(summary).to_contain_text("corrected for multiple comparisons (Holm)")
    opened.get_by_role("button", name="Remove a.json").click()
    expect(summary.locator("tbody tr")).to_have_count(2)
    expect(opened.locator("#list > li")).to_have_count(8)


#: Files that are damaged or do not fit the others, with the expected messages.
BAD: list[tuple[Any, str]] = [
    ("", "is empty"),
    ("{", "is not JSON"),
    ("a,b\n1,2\n", "is not JSON"),
    ("[]", "not a report of neuralredis"),
    ("{}", "not a report of neuralredis"),
    ('{"report": "samples"}', "has no list “networks”"),
    ('{"report": "comparison", "reports": [3]}', "has no object “report”"),
    (report("x", [0.5] * 8, target="other"), "predicts “other”, and first.nr “taken”"),
    (
        report("x", [0.5] * 8, table={"name": "x.csv", "rows": 8, "digest": "d9"}),
        "has predictions for x.csv (8 rows)",
    ),
    (numbers("x", [1.0]), "predicts “size”, and first.nr “taken”"),
    (report("x", [0.5] * 8, classes=["no", "no"]), "has 2 classes: expected 1 to 10000, each once"),
    (report("x", [0.5] * 8, classes=["a", "b"]), "predicts “no”, which is not one of its classes"),
    (report("x", [7.0] * 8), "expected a number from 0 to 1"),
    (report("x", [0.5] * 8, answers={"row": [1, 1]}), "has row 1: expected rising numbers from 1 to 8"),
    (report("x", [0.5] * 8, answers={"row": [9]}), "has row 9: expected rising numbers from 1 to 8"),
    (report("x", [0.5] * 8, answers={"row": ["<b>"]}), 'has "<b>" as answers.row: expected an integer'),
    (report("x", [0.5] * 8, answers={"row": [1], "truth": []}), "has no list “answers.truth” of 1 values"),
    (
        report("x", [], answers={"row": [1], "truth": ["yes"], "predicted": ["yes"], "probabilities": [[0, 1]]})
        | {"table": FIRST["table"]},
        "has other outcomes than first.nr, such as in row 1",
    ),
]


def test_errors_are_shown_beside_the_name_of_the_file(opened: browsers.Page) -> None:
    drop(opened, a=FIRST, b=SECOND, **{f"bad{place}": content for place, (content, _) in enumerate(BAD)})
    for place, (_, why) in enumerate(BAD):
        expect(opened.get_by_role("listitem").filter(has_text=f"bad{place}.json")).to_contain_text(why)
    expect(opened.locator("#list > li")).to_have_count(8)
    expect(opened.get_by_role("region", name="Errors", exact=True).locator("tbody tr")).to_have_count(2)


def test_reports_without_rows_show_their_figures(opened: browsers.Page) -> None:
    plain = {"accuracy": 0.9, "rows": 100, "confusion": [[50, 5], [5, 40]], "classes": ["no", "yes"], "target": "taken"}
    drop(opened, plain=plain | {"network": "old.nr"})
    summary = opened.get_by_role("region", name="Errors", exact=True)
    expect(summary).to_contain_text("old.nr, on 100 rows of its own")
    expect(summary).to_contain_text("82.6 to 94.5 %")
    expect(opened.get_by_text("no predictions of rows: evaluate --json --rows includes them")).to_be_visible()
    drop(opened, a=FIRST)
    expect(summary.locator("tbody tr")).to_have_count(2)


def test_texts_of_a_report_are_escaped(opened: browsers.Page) -> None:
    evil = "<img src=x onerror=alert(1)></script><b>bold</b>"
    named = report(evil, FIRST["answers"]["probabilities"] and [0.1, 0.9] * 4, target=evil, classes=[evil, "yes"])
    answers = named["answers"]
    for column in ("truth", "predicted"):
        answers[column] = [evil if label == "no" else label for label in answers[column]]
    answers["cells"] = {evil: [evil] * 8}
    drop(opened, a=named, b=named | {"network": "b"})
    drop(opened, t={"report": "samples", "networks": [texts(evil)["networks"][0]]})
    expect(opened.get_by_role("region", name="Texts")).to_contain_text(evil)
    expect(opened.locator("#list > li").first).to_contain_text(evil)
    assert opened.locator("img, b").count() == 0


def test_many_rows_are_shown_in_pages(opened: browsers.Page) -> None:
    rng = np.random.default_rng(1)
    many = [report(name, rng.random(10_000).round(6).tolist()) for name in ("a.nr", "b.nr")]
    contents = {name: json.dumps(content) for name, content in zip("ab", many, strict=True)}
    drop(opened, **contents)
    expect(opened.locator("#list > li")).to_have_count(25)
    assert opened.locator("*").count() < 3000, "hidden rows are not in the page"
    expect(opened.get_by_text("Page 1 of 400")).to_be_visible()
    first = numbers_of(opened)
    opened.get_by_label("Only disagreements").check()
    opened.get_by_label("Field").select_option("age")
    opened.get_by_label("Value").fill(">5000")
    assert all(number > 4980 for number in numbers_of(opened))
    opened.get_by_label("Value").fill("")
    opened.get_by_label("Only disagreements").uncheck()
    opened.locator("h1").click()
    opened.keyboard.press("ArrowRight")
    expect(opened.get_by_text("Page 2 of")).to_be_visible()
    assert not set(first) & set(numbers_of(opened))
    opened.keyboard.press("ArrowLeft")
    assert numbers_of(opened) == first
    expect(opened.get_by_role("button", name="Previous")).to_be_disabled()
    opened.get_by_role("button", name="Next").click()
    expect(opened.get_by_text("Page 2 of")).to_be_visible()


def test_arrow_keys_in_a_field_turn_no_page(opened: browsers.Page) -> None:
    drop(opened, a=report("a.nr", [0.6] * 60))
    opened.get_by_label("Field").select_option("age")
    opened.get_by_label("Value").fill(">0")
    opened.get_by_label("Value").press("ArrowLeft")
    opened.get_by_label("Order").focus()
    opened.keyboard.press("ArrowRight")
    expect(opened.get_by_text("Page 1 of")).to_be_visible()


def test_choices_are_stored_in_the_browser(opened: browsers.Page) -> None:
    drop(opened, a=FIRST, b=SECOND)
    opened.get_by_label("Only disagreements").check()
    opened.get_by_label("Order").select_option("as in the table")
    opened.get_by_label("Theme").select_option("dark")
    opened.reload()
    drop(opened, a=FIRST, b=SECOND)
    expect(opened.get_by_label("Only disagreements")).to_be_checked()
    assert numbers_of(opened) == [2, 3, 4, 5, 6, 7]
    expect(opened.get_by_label("Theme")).to_have_value("dark")
    assert dark(opened)


def test_invalid_stored_choices_are_ignored(opened: browsers.Page) -> None:
    for kept in ("{", "3", "null", '{"theme": 7, "only": "yes", "order": {}}'):
        opened.evaluate("kept => localStorage.setItem('neuralredis.compare', kept)", kept)
        opened.reload()
        drop(opened, a=FIRST, b=SECOND)
        expect(opened.locator("#list > li")).to_have_count(8)
        expect(opened.get_by_label("Theme")).to_have_value("auto")


def dark(page: browsers.Page) -> bool:
    red = page.evaluate("getComputedStyle(document.body).backgroundColor.match(/[\\d.]+/)[0]")
    return float(red) < 128


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_page_has_no_accessibility_violations(
    browser: browsers.Browser, site: tuple[str, Path], scheme: Any, size: Any
) -> None:
    with browsers.tab(browser, viewport=size, color_scheme=scheme) as page:
        page.goto(site[0])
        assert dark(page) == (scheme == "dark")
        assert browsers.barriers(page) == []
        drop(page, a=FIRST, b=SECOND, bad="{")
        drop(page, t=texts("n.nr"))
        expect(page.get_by_role("heading", name="Texts")).to_be_visible()
        assert browsers.barriers(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") == size["width"], "nothing is truncated"
        # The switch overrides the system's setting.
        other = {"light": "dark", "dark": "light"}[scheme]
        page.get_by_label("Theme").select_option(other)
        assert dark(page) == (other == "dark")
        assert browsers.barriers(page) == []


def test_regressors_are_compared_by_absolute_errors(opened: browsers.Page) -> None:
    drop(opened, a=numbers("near.nr", [0.1, 1.2, 2.1, 3.0]), b=numbers("far.nr", [1.0, 3.0, 2.5, 3.5]))
    summary = opened.get_by_role("region", name="Errors", exact=True)
    expect(summary.get_by_role("row", name=re.compile(r"near.nr 0\.1 "))).to_be_visible()
    expect(summary).to_contain_text("The mean absolute error of near.nr is 0.9 lower than that of far.nr")
    expect(summary).to_contain_text("closer in 4 rows, less close in 0")
    expect(summary).to_contain_text("paired t-test")
    expect(summary).to_contain_text("are unknown and cannot be left out")
    assert numbers_of(opened)[0] == 2
    assert "far.nr 3 error 2" in rows(opened)[0]
    expect(opened.get_by_label("Only disagreements")).to_have_count(0)


def test_texts_are_grouped_by_prompt_and_settings(opened: browsers.Page) -> None:
    drop(opened, a=texts("small.nr"), b=texts("large.nr"))
    section = opened.get_by_role("region", name="Texts")
    groups = section.locator("details")
    expect(groups).to_have_count(2)
    expect(groups.first).to_contain_text("After ma 48 texts")
    expect(groups.first.locator("h3")).to_have_text(
        [f"{name} temperature {t}" for name in ("small.nr", "large.nr") for t in (0.5, 1)]
    )
    expect(groups.first.locator("li")).to_have_count(40)
    expect(groups.first.locator("li").first).to_have_text("masmall.nr0.5ma0")
    opened.get_by_label("Texts of each").select_option("all")
    expect(groups.first.locator("li")).to_have_count(48)
    opened.get_by_label("Settings").select_option("temperature 1")
    expect(groups.first.locator("h3")).to_have_text(["small.nr temperature 1", "large.nr temperature 1"])
    opened.get_by_role("button", name="Fold all", exact=True).click()
    expect(groups.first.locator("li").first).to_be_hidden()
    groups.first.locator("summary").focus()
    opened.keyboard.press("Enter")
    expect(groups.first.locator("li").first).to_be_visible()


def test_statistics_match_the_command_line(opened: browsers.Page) -> None:
    def found(call: str, *arguments: Any) -> Any:
        program = "async ([call, given]) => (await import('./statistics.js'))[call](...given)"
        return opened.evaluate(program, [call, list(arguments)])

    rng = np.random.default_rng(2)
    for first, second in [(0, 0), (0, 5), (3, 9), (40, 60), (400, 300), (5000, 5200)]:
        assert found("mcnemar", first, second) == pytest.approx(paired.mcnemar(first, second), rel=1e-9)
        rows = first + second + 7
        assert found("shareDifference", first, second, rows) == pytest.approx(
            list(paired.share_difference(first, second, rows)), abs=1e-12
        )
    for share, rows in [(0.0, 5), (0.5, 100), (1.0, 10)]:
        assert found("wilson", share, rows) == pytest.approx([float(end) for end in statistics.wilson(share, rows)])
    for rows in (2, 3, 30, 1000):
        values = rng.normal(0.1, 1, rows).tolist()
        assert found("pairedT", values) == pytest.approx(paired.paired_t(values), rel=1e-8)
        assert found("meanInterval", values) == pytest.approx(list(paired.mean_interval(values)), rel=1e-8)
    assert found("holm", [0.01, 0.04, 0.03]) == pytest.approx(paired.holm([0.01, 0.04, 0.03]))


@pytest.fixture
def compared(command: tables.Command) -> Callable[[], tuple[str, Path]]:
    """Return a function that compares two networks, and returns the output of the command and its page."""

    def compare() -> tuple[str, Path]:
        rng = np.random.default_rng(3)
        a, b = rng.normal(size=(2, 400)).round(6)
        y = np.where(a + b > 0, "</script>yes", "no")
        tables.write(Path("rows.csv"), ["a", "b", "y"], zip(a.tolist(), b.tolist(), y.tolist(), strict=True))
        for name, fields in (("good", "ab"), ("poor", "a")):
            given = {"a": a[:200], "b": b[:200]}
            net = nr.Network(
                "classifier", fields=dict.fromkeys(fields, "number"), target="y", dataset=200, test=0, seed=1
            )
            net.observe({field: given[field] for field in fields}, y[:200].tolist())
            net.train(max_cycles=50)
            net.save(f"{name}.nr")
        done = command(
            "compare", "good.nr", "poor.nr", "--data", "rows.csv", "--html", "page.html", "--json", "all.json"
        )
        assert done.code == 0, done.err
        assert "page written to page.html: open it in a browser" in done.err
        return done.out, Path("page.html").absolute()

    return compare


def test_html_of_the_command_is_one_file_with_the_same_figures(
    browser: browsers.Browser, compared: Callable[[], tuple[str, Path]]
) -> None:
    printed, path = compared()
    content = json.loads(Path("all.json").read_text())
    with browsers.tab(browser, offline=True) as page:
        requested: list[str] = []
        page.on("request", lambda request: requested.append(request.url))
        page.goto(path.as_uri())
        summary = page.get_by_role("region", name="Errors", exact=True)
        for one in content["networks"]:
            low, high = one["likely"]
            expect(summary).to_contain_text(
                f"{one['network']}{100 * one['accuracy']:.1f} %{100 * low:.1f} to {100 * high:.1f} %"
            )
        sentence = " ".join(summary.locator(".verdict").inner_text().split())
        shown = " ".join(printed.split())
        parts = re.findall(
            r"correct for \d+|wrong for \d+|\d+\.\d points more accurate, 95 % interval \S+ to \d+\.\d|p < 0.001",
            sentence,
        )
        assert len(parts) == 4
        assert [part for part in parts if part not in shown] == []
        expect(page.locator("#list > li")).to_have_count(25)
        first = shown.partition("largest differences first")[2].split()
        assert numbers_of(page)[0] == int(next(word for word in first if word.isdigit()))
        expect(page.locator("#list > li").first).to_contain_text("y is")
        assert browsers.barriers(page) == []
        assert [url for url in requested if not url.startswith(("file:", "data:"))] == []


def test_html_of_the_command_blocks_requests_and_scripts(
    browser: browsers.Browser, compared: Callable[[], tuple[str, Path]], site: tuple[str, Path]
) -> None:
    _, path = compared()
    # The browser logs an error for a blocked request.
    with contextlib.closing(browser.new_page()) as page:
        page.goto(path.as_uri())
        expect(page.locator("#list > li")).to_have_count(25)
        fetch = "async url => { try { await fetch(url); return 'loaded'; } catch (error) { return 'blocked'; } }"
        assert page.evaluate(fetch, site[0]) == "blocked"
        page.evaluate("""() => {
            const script = document.createElement("script");
            script.textContent = "window.ran = true";
            document.body.append(script);
        }""")
        assert page.evaluate("window.ran === undefined")


def test_sample_command_writes_html(browser: browsers.Browser, command: tables.Command, page: browsers.Page) -> None:
    net = nr.SequenceNetwork("classifier", fields={"letter": "category"}, target="letter", dataset=100, seed=1)
    net.observe(["abcabc.", "bcabca."] * 10)
    net.train(max_cycles=20)
    net.save("net.nr")
    arguments = ["--until", ".", "--temperature", "0.5,1", "--prompt", "ab", "--seed", 1, "--count", 3]
    assert command("sample", "net.nr", *arguments, "--html", "texts.html").code == 0
    drawn = json.loads(command("sample", "net.nr", *arguments, "--json").out)
    page.goto(Path("texts.html").absolute().as_uri())
    outputs = drawn["networks"][0]["prompts"][0]["results"][1]["outputs"]
    expect(page.locator(".column").nth(1).locator("li")).to_have_text([f"ab{text}" for text in outputs])


def test_page_source_opened_as_a_file_explains_what_to_do(browser: browsers.Browser) -> None:
    # Browsers load no modules from files, and log an error.
    with contextlib.closing(browser.new_page()) as page:
        page.goto((pages.PAGES / "compare" / "index.html").as_uri())
        expect(page.get_by_text("This page needs JavaScript, and a web server")).to_be_visible()
