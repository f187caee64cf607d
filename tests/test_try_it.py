"""The page of the documentation on which networks train in the browser."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

import browsers
import kinds

ROOT = Path(__file__).resolve().parents[1]
#: Milliseconds that a training may take on a busy machine.
PATIENCE = 60_000

pytestmark = pytest.mark.needs(kinds.WASM, kinds.CHROMIUM)

#: The elements that Sphinx's theme has around the page.
AROUND = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Try it</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<style>
body {{ margin: 1rem; font-family: sans-serif; line-height: 1.5; color: var(--color-foreground-primary);
  background: var(--color-background-primary); --color-foreground-primary: #000; --color-foreground-secondary: #5a5c63;
  --color-foreground-border: #878787; --color-background-primary: #fff; --color-background-secondary: #f8f9fb;
  --color-background-border: #eeebee; --color-brand-content: #2757dd; }}
</style></head><body><main><h1>Try it here</h1>{page}</main></body></html>
"""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the page as `make docs` lays it out."""
    folder = tmp_path_factory.mktemp("site")
    shutil.copytree(ROOT / "js", folder / "js")
    shutil.copytree(ROOT / "docs" / "try-it", folder / "try-it")
    for name in ("titanic.csv", "names.txt"):
        shutil.copy(ROOT / "examples" / "data" / name, folder / "try-it")
    page = (folder / "try-it" / "page.html").read_text(encoding="utf-8")
    (folder / "try-it.html").write_text(AROUND.format(page=page), encoding="utf-8")
    with browsers.served(folder) as address:
        yield f"{address}/try-it.html"


@pytest.fixture
def tried(page: Page, address: str) -> Page:
    page.set_default_timeout(PATIENCE)
    page.goto(address)
    expect(page.get_by_text("1000 points, ready to learn.")).to_be_visible()
    return page


def share(text: str | None) -> float:
    found = re.search(r"([\d.]+) %", text or "")
    assert found, text
    return float(found[1])


def test_circles_training_can_be_stopped(tried: Page) -> None:
    section = tried.locator("section", has=tried.get_by_role("heading", name="Circles"))
    section.get_by_role("button", name="Learn").click()
    plane = section.get_by_role("img")
    expect(plane).to_have_accessible_name(re.compile("after 2[0-9] cycles"), timeout=PATIENCE)
    section.get_by_role("button", name="Stop").click()
    expect(section.get_by_role("button", name="Learn again")).to_be_visible(timeout=PATIENCE)
    # Always predicting the same circle is wrong in two thirds of the rows.
    assert share(plane.get_attribute("aria-label")) < 40
    section.get_by_role("button", name="Other points").click()
    expect(section.get_by_text("1000 other points, ready to learn.")).to_be_visible()


def test_titanic_prediction_follows_a_slider(tried: Page) -> None:
    section = tried.locator("section", has=tried.get_by_role("heading", name="Titanic"))
    expect(section.get_by_label("Age")).to_be_disabled()
    section.get_by_role("button", name="Learn").click()
    expect(section.get_by_text(re.compile(r"Learnt in \d+ cycles"))).to_be_visible(timeout=PATIENCE)
    # From examples/titanic.py.
    assert share(section.locator("#ti-titanic-wrong").text_content()) == 16.2
    assert share(section.locator("#ti-titanic-women").text_content()) == 22.4
    assert share(section.locator("#ti-titanic-nobody").text_content()) == 36.2
    answer = section.locator("#ti-chance-text")
    man = share(answer.text_content())
    section.get_by_label("Sex").select_option("female")
    section.get_by_label("Ticket").select_option("first class")
    assert share(answer.text_content()) > man + 20
    section.get_by_label("Age").focus()
    before = answer.text_content()
    tried.keyboard.press("End")
    expect(answer).not_to_have_text(before or "")


def test_names_are_sampled_at_the_chosen_temperature(tried: Page) -> None:
    section = tried.locator("section", has=tried.get_by_role("heading", name="First names"))
    section.get_by_role("button", name="Learn").click()
    expect(section.locator("#ti-names-cycles")).to_have_text(re.compile(r"^[2-9]"), timeout=PATIENCE)
    section.get_by_role("button", name="Stop").click()
    expect(section.get_by_role("button", name="Learn again")).to_be_visible(timeout=PATIENCE)
    names = section.get_by_role("listitem")
    expect(names).to_have_count(18)
    section.get_by_label("Temperature").focus()
    tried.keyboard.press("Home")
    # At temperature 0 the most probable letters repeat one name.
    shown = "[...document.querySelectorAll('#ti-names-list li')].map((item) => item.textContent)"
    tried.wait_for_function(f"new Set({shown}).size === 1")
    section.get_by_label("Begins with").fill("zo")
    expect(names.first).to_have_text(re.compile("^Zo"))


@pytest.mark.parametrize("width", [1200, 375])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_page_has_no_accessibility_violations(browser: browsers.Browser, address: str, width: int, scheme: str) -> None:
    with browsers.tab(browser, viewport={"width": width, "height": 900}, color_scheme=scheme) as page:
        page.goto(address)
        expect(page.get_by_text("1000 points, ready to learn.")).to_be_visible()
        assert browsers.barriers(page) == []
        # Nothing is wider than the window.
        assert page.evaluate("document.documentElement.scrollWidth") <= width
