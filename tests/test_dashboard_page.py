"""The dashboard and the report in a browser."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import redis
from playwright.sync_api import expect

import browsers
import dashboards
import kinds
import neuralredis as nr
import servers
from dashboards import HOSTILE, Dashboard
from neuralredis.dashboard.places import Files, Server
from neuralredis.dashboard.report import report

pytestmark = pytest.mark.needs(kinds.CHROMIUM)

expect.set_options(timeout=browsers.PATIENCE)

#: Sizes of a screen, and of a phone's.
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 390, "height": 844}


class Place(Server):
    """A server that can be away."""

    away = False

    def _check(self) -> None:
        if self.away:
            raise redis.ConnectionError("it is away")

    def keys(self) -> tuple[list[bytes], bool]:
        self._check()
        return super().keys()

    def subjects(self, keys: Sequence[bytes]) -> list[Any]:
        self._check()
        return super().subjects(keys)


@pytest.fixture(scope="module")
def networks() -> dict[str, Any]:
    names = {"customers": dashboards.customers, "sums": dashboards.sums, "visits": dashboards.visits}
    return {name: make() for name, make in names.items()} | {HOSTILE: dashboards.hostile()}


@pytest.fixture
def place(db: nr.NeuralRedis, any_server_for_all: servers.Server, networks: dict[str, Any]) -> Place:
    for name, net in networks.items():
        db.upload(name, net)
    return Place("redis://here", nr.NeuralRedis(any_server_for_all.client(decode_responses=False)))


@pytest.fixture
def dashboard(place: Place, page: browsers.Page) -> Iterator[Dashboard]:
    with dashboards.running(place, write=True) as dashboard:
        yield dashboard
        # A page that asks one that has ended would report it as an error.
        page.goto("about:blank")


@contextlib.contextmanager
def troubled(browser: browsers.Browser) -> Iterator[browsers.Page]:
    """Open a tab for a page whose requests fail, which browsers report as errors."""
    context = browser.new_context()
    context.set_default_timeout(browsers.PATIENCE)
    yield context.new_page()
    context.close()


def open_network(page: browsers.Page, dashboard: Dashboard, name: str) -> None:
    """Open the list, and from it the page of a network."""
    page.goto(dashboard.address)
    page.get_by_role("link", name=name, exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)


def section(page: browsers.Page, title: str) -> Any:
    """Come to a view, which is then asked for, and return it once it shows something."""
    found = page.get_by_role("region", name=title)
    found.scroll_into_view_if_needed()
    expect(found.locator("[aria-busy]")).to_have_count(0)
    return found


def all_sections(page: browsers.Page) -> None:
    """Come to all views, as one who reads on to the end."""
    for found in page.locator("section").all():
        found.scroll_into_view_if_needed()
        expect(found.locator("[aria-busy]")).to_have_count(0)


def test_one_comes_from_the_list_to_a_network_and_back(page: browsers.Page, dashboard: Dashboard) -> None:
    page.goto(dashboard.address)
    expect(page.get_by_role("status")).to_have_text("4 networks, 0 trainings")
    # The token does not stay where others may see it.
    assert dashboards.TOKEN not in page.url
    row = page.get_by_role("row").filter(has_text="customers")
    expect(row).to_contain_text("classifier of 6 fields")
    expect(row).to_contain_text(re.compile(r"\d+\.\d % wrong"))
    expect(row).to_contain_text(re.compile(r"\d+\.\d % baseline"))
    row.get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    expect(page).to_have_title("customers - neuralredis")
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("customers")
    page.get_by_role("navigation").get_by_role("link", name="Networks").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Networks")
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("customers")


def test_one_reads_what_a_network_is_worth(page: browsers.Page, dashboard: Dashboard, networks: dict[str, Any]) -> None:
    open_network(page, dashboard, "customers")
    found = networks["customers"].evaluate()
    wrong = f"{(1 - found.accuracy) * 100:.1f} %"
    expect(section(page, "How wrong it is")).to_contain_text(f"{wrong} of the answers are wrong")
    expect(section(page, "Training")).to_contain_text("The last training: ")
    expect(section(page, "Training").get_by_role("img")).to_have_attribute(
        "aria-label", re.compile("Of validation rows")
    )
    answers = section(page, "Right and wrong answers")
    for at, name in enumerate(found.classes):
        row = answers.get_by_role("row").filter(has=page.get_by_role("rowheader", name=name, exact=True))
        expect(row.get_by_role("cell").nth(at)).to_have_text(str(found.confusion[at, at]))
    believed = section(page, "Can answers be believed?")
    believed.get_by_text("As a table").click()
    expect(believed.get_by_role("columnheader", name="was so")).to_be_visible()
    fields = section(page, "Fields")
    expect(fields.get_by_role("rowheader").first).to_have_text(re.compile("plan|age"))
    expect(fields).to_contain_text("18 to 79")
    rows = section(page, "Most surprising rows")
    info = networks["customers"].info()
    expect(rows).to_contain_text(
        f"all {info.test_dataset_len} validation rows and all {info.training_dataset_len} training"
    )
    expect(rows.get_by_role("button", name=re.compile("^Ask about"))).not_to_have_count(0)


def test_dragging_a_slider_changes_the_answer_and_the_reasons(page: browsers.Page, dashboard: Dashboard) -> None:
    open_network(page, dashboard, "customers")
    form = section(page, "Ask it")
    answer = form.get_by_role("group", name="Answer")
    form.get_by_label("plan", exact=True).select_option("free")
    age = form.get_by_label("age", exact=True)
    age.fill("70")
    expect(answer.get_by_role("row").first).to_contain_text("no")
    reasons = section(page, "Reasons")
    expect(reasons).to_contain_text("age = 70")
    slider = form.get_by_label("age, slider")
    box = slider.bounding_box()
    assert box is not None
    # From the middle of the knob, which is not far from the place of its share.
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * (70 - 18) / (79 - 18), y)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.5, y, steps=4)
    page.mouse.move(box["x"] + box["width"] * 0.08, y, steps=8)
    # The answer has changed before the button is let go.
    expect(answer.get_by_role("row").first).to_contain_text("yes")
    page.mouse.up()
    assert float(age.input_value()) < 30
    expect(reasons).to_contain_text(f"age = {age.input_value()}")
    slider.focus()
    page.keyboard.press("ArrowRight")
    before = float(age.input_value())
    page.keyboard.press("ArrowRight")
    assert float(age.input_value()) == before + 1
    form.get_by_label("age unknown").check()
    expect(reasons).to_contain_text("age unknown")
    expect(slider).to_be_disabled()
    reasons.get_by_label("What is explained").select_option("no")
    expect(reasons.get_by_label("What is explained")).to_have_value("no")
    expect(reasons.get_by_label("What is explained").locator("option")).to_have_text(["yes", "no"])
    form.get_by_label("age unknown").uncheck()
    age.fill("")
    age.press_sequentially("not a number")
    expect(answer.get_by_role("row").first).to_be_visible()


def test_a_surprising_row_can_be_asked_about(
    page: browsers.Page, dashboard: Dashboard, networks: dict[str, Any]
) -> None:
    open_network(page, dashboard, "sums")
    rows = section(page, "Most surprising rows")
    all_sections(page)
    row = rows.get_by_role("row").nth(1)
    numbers = row.get_by_role("cell").all_inner_texts()
    row.get_by_role("button").click()
    form = page.get_by_role("region", name="Ask it")
    expect(form.get_by_label("input 0", exact=True)).to_have_value(numbers[2])
    expect(form.get_by_label("input 1", exact=True)).to_have_value(numbers[3])
    expected = networks["sums"].run([float(numbers[2]), float(numbers[3])])
    first = form.get_by_role("group", name="Answer").get_by_role("row").first
    expect(first).to_contain_text(f"output 0{float(f'{expected[0]:.5g}'):g}")
    expect(first).to_contain_text(" to ")


def test_one_watches_a_training_that_one_has_started_and_stops_it(page: browsers.Page, dashboard: Dashboard) -> None:
    open_network(page, dashboard, "sums")
    training = section(page, "Training")
    before = training.inner_text()
    page.get_by_role("button", name="Train…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("all that ask this network have other answers")
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_have_count(0)
    assert training.inner_text() == before
    page.get_by_role("button", name="Train…").click()
    dialog.get_by_label("seconds at most").fill("600")
    dialog.get_by_label(re.compile("^end when")).uncheck()
    dialog.get_by_role("button", name="Train", exact=True).click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    cycle = training.get_by_text(re.compile(r"It trains: cycle [1-9]"))
    expect(cycle).to_be_visible()
    said = cycle.inner_text()
    expect(cycle).not_to_have_text(said)
    expect(training.get_by_role("img")).to_be_visible()
    page.get_by_role("button", name="Stop…").click()
    page.get_by_role("dialog").get_by_role("button", name="Stop", exact=True).click()
    expect(training).to_contain_text("stopped on request after")
    expect(page.get_by_role("progressbar")).to_have_count(0)
    expect(page.get_by_role("button", name="Train…")).to_be_visible()


def test_a_training_that_others_have_started_is_seen_in_the_list(
    page: browsers.Page, dashboard: Dashboard, db: nr.NeuralRedis
) -> None:
    page.goto(dashboard.address)
    row = page.get_by_role("row").filter(has_text="sums")
    expect(row).to_contain_text("trained, ")
    job = db["sums"].start_training(max_time=600)
    expect(row).to_contain_text(re.compile(r"trains, cycle \d"))
    expect(page.get_by_role("status")).to_have_text("4 networks, 1 training")
    job.stop()
    job.wait()
    expect(page.get_by_role("status")).to_have_text("4 networks, 0 trainings")


def test_after_a_training_the_answer_in_the_form_is_the_new_one(
    page: browsers.Page, dashboard: Dashboard, db: nr.NeuralRedis
) -> None:
    open_network(page, dashboard, "sums")
    form = section(page, "Ask it")
    form.get_by_label("input 0", exact=True).fill("10")
    form.get_by_label("input 1", exact=True).fill("20")
    answer = form.get_by_role("group", name="Answer").get_by_role("row").first
    expect(answer).to_contain_text(re.compile("output 0(29|30|31)"))
    net = db["sums"]
    net.observe([[10, 20]] * 300, [[500, 0]] * 300, into="train")
    net.train(max_cycles=300)
    expect(answer).to_contain_text(re.compile("output 0(4[5-9]|5[0-4])"))
    # What was typed is still there.
    expect(form.get_by_label("input 0", exact=True)).to_have_value("10")


def test_sequences_are_asked_by_an_id(page: browsers.Page, dashboard: Dashboard) -> None:
    open_network(page, dashboard, "visits")
    form = section(page, "Ask it")
    expect(form).to_contain_text("Its id is needed")
    form.get_by_label("id of the sequence").fill("user:1")
    expect(form.get_by_role("group", name="Answer").get_by_role("row").first).to_contain_text("yes")
    form.get_by_label("id of the sequence").fill("user:2")
    expect(form.get_by_role("group", name="Answer").get_by_role("row").first).to_contain_text("no")
    expect(page.get_by_role("region", name="Most surprising rows")).to_have_count(0)


def test_names_are_text_whatever_they_are(page: browsers.Page, dashboard: Dashboard) -> None:
    opened: list[str] = []
    page.on("dialog", lambda dialog: (opened.append(dialog.message), dialog.dismiss()))
    open_network(page, dashboard, HOSTILE)
    all_sections(page)
    expect(page.get_by_role("region", name="Ask it").get_by_label(HOSTILE, exact=True)).to_be_visible()
    page.get_by_role("button", name="Train…").click()
    expect(page.get_by_role("dialog")).to_contain_text(HOSTILE)
    expect(page.locator("img, body script, b")).to_have_count(0)
    assert opened == []


def test_an_unreachable_server_is_reported_until_it_is_back(
    browser: browsers.Browser, place: Place, dashboard: Dashboard
) -> None:
    with troubled(browser) as page:
        place.away = True
        page.goto(dashboard.address)
        expect(page.get_by_role("alert")).to_have_text("Cannot reach redis://here: it is away")
        place.away = False
        expect(page.get_by_role("status")).to_contain_text("4 networks")
        expect(page.get_by_role("alert")).to_be_empty()
        page.get_by_role("link", name="sums").click()
        section(page, "How wrong it is")
        place.away = True
        expect(page.get_by_role("alert")).to_contain_text("it is away")
        found = page.get_by_role("region", name="Most surprising rows")
        found.scroll_into_view_if_needed()
        # What was shown stays.
        expect(page.get_by_role("region", name="How wrong it is")).to_contain_text("root mean squared error")


def test_a_view_that_a_user_may_not_see_says_so_and_others_are_shown(
    browser: browsers.Browser, place: Place, db: nr.NeuralRedis, any_server_for_all: servers.Server
) -> None:
    db.client.execute_command("ACL", "SETUSER", "looks", "on", ">word", "~*", "+@all", "-nr.getdata", "-nr.explain")
    try:
        client = any_server_for_all.client(decode_responses=False, username="looks", password="word")
        with dashboards.running(Server("here", nr.NeuralRedis(client))) as dashboard, troubled(browser) as page:
            open_network(page, dashboard, "customers")
            expect(section(page, "Most surprising rows")).to_contain_text("This user has no right to that")
            expect(section(page, "Reasons")).to_contain_text("This user has no right to that")
            expect(section(page, "Ask it").get_by_role("row").first).to_contain_text("%")
            expect(section(page, "Fields")).to_contain_text("18 to 79")
    finally:
        db.client.execute_command("ACL", "DELUSER", "looks")


def test_a_page_without_the_token_says_what_to_do(browser: browsers.Browser, dashboard: Dashboard) -> None:
    with troubled(browser) as page:
        page.goto(dashboard.address.partition("#")[0])
        expect(page.get_by_role("alert")).to_contain_text("Open the address that the terminal shows")
        page.goto(dashboard.address)
        expect(page.get_by_role("status")).to_contain_text("4 networks")
        expect(page.get_by_role("alert")).to_be_empty()


def test_nothing_is_asked_by_a_page_that_nobody_sees(page: browsers.Page, dashboard: Dashboard) -> None:
    # The page's clock is controlled by the test.
    page.clock.install()
    page.goto(dashboard.address)
    expect(page.get_by_role("status")).to_contain_text("4 networks")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    def hide(hidden: bool) -> None:
        page.evaluate(
            "hidden => { Object.defineProperty(document, 'hidden', {value: hidden, configurable: true});"
            " document.dispatchEvent(new Event('visibilitychange')); }",
            hidden,
        )

    with page.expect_request("**/api/networks"):
        page.clock.run_for(10_000)
    hide(True)
    page.clock.run_for(10_000)
    asked.clear()
    page.clock.run_for(60_000)
    assert asked == []
    with page.expect_request("**/api/networks"):
        hide(False)


@pytest.mark.parametrize(("scheme", "size"), [("light", WIDE), ("dark", NARROW)], ids=["light-wide", "dark-narrow"])
def test_nothing_keeps_people_from_using_it(
    browser: browsers.Browser, dashboard: Dashboard, scheme: str, size: dict[str, int]
) -> None:
    with browsers.tab(browser, color_scheme=scheme, viewport=size) as page:
        page.goto(dashboard.address)
        expect(page.get_by_role("status")).to_contain_text("4 networks")
        assert browsers.barriers(page) == []
        for name in ("customers", "sums", "visits"):
            page.goto(dashboard.address)
            page.get_by_role("link", name=name, exact=True).click()
            expect(page.get_by_role("heading", level=1)).to_have_text(name)
            all_sections(page)
            assert browsers.barriers(page) == []
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.get_by_role("button", name="Train…").click()
        assert browsers.barriers(page) == []


def test_files_are_shown_as_networks_of_a_server_are(page: browsers.Page, networks: dict[str, Any]) -> None:
    with dashboards.running(Files([("one.nr", networks["sums"]), ("two.nr", networks["customers"])])) as dashboard:
        open_network(page, dashboard, "two.nr")
        all_sections(page)
        expect(page.get_by_role("region", name="Ask it").get_by_role("row").first).to_contain_text("%")
        expect(page.get_by_role("button", name="Train…")).to_have_count(0)
        page.goto("about:blank")


# Reports.


@pytest.mark.parametrize(("scheme", "size"), [("light", WIDE), ("dark", NARROW)], ids=["light-wide", "dark-narrow"])
def test_a_report_is_read_without_a_server(
    browser: browsers.Browser, tmp_path: Path, networks: dict[str, Any], scheme: str, size: dict[str, int]
) -> None:
    (tmp_path / "net.html").write_text(report("customers", networks["customers"]), "utf-8")
    with browsers.tab(browser, color_scheme=scheme, viewport=size) as page:
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto((tmp_path / "net.html").as_uri())
        expect(page.get_by_role("heading", level=1)).to_have_text("customers")
        all_sections(page)
        expect(page.get_by_role("region", name="Reasons")).to_contain_text("none that is stored")
        expect(page.get_by_role("region", name="Ask it")).to_have_count(0)
        expect(page.get_by_role("region", name="Most surprising rows")).to_have_count(0)
        expect(page.get_by_role("contentinfo")).to_contain_text("No stored rows are in this file")
        assert len(asked) == 1
        assert browsers.barriers(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_report_with_rows_says_so_and_its_names_are_text(
    page: browsers.Page, tmp_path: Path, networks: dict[str, Any]
) -> None:
    opened: list[str] = []
    page.on("dialog", lambda dialog: (opened.append(dialog.message), dialog.dismiss()))
    (tmp_path / "net.html").write_text(report(HOSTILE, networks[HOSTILE], rows=True), "utf-8")
    page.goto((tmp_path / "net.html").as_uri())
    expect(page.get_by_role("heading", level=1)).to_have_text(HOSTILE)
    expect(page.get_by_role("region", name="Most surprising rows")).to_be_visible()
    expect(page.get_by_role("contentinfo")).to_contain_text("This page shows stored rows")
    assert opened == []
