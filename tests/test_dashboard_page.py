"""The dashboard and the report in a browser."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator, Sequence
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

#: Sizes of the screens of a computer and a phone.
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 390, "height": 844}


class Place(Server):
    """A server that can become unreachable."""

    away = False

    def _check(self) -> None:
        if self.away:
            raise redis.ConnectionError("unreachable")

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
        # A page that sends requests to a stopped dashboard would log errors.
        page.goto("about:blank")


@contextlib.contextmanager
def troubled(browser: browsers.Browser) -> Iterator[browsers.Page]:
    """Open a tab for a page whose requests fail, which browsers log as errors."""
    context = browser.new_context()
    context.set_default_timeout(browsers.PATIENCE)
    yield context.new_page()
    context.close()


def open_network(page: browsers.Page, dashboard: Dashboard, name: str) -> None:
    """Open the list and, from it, the page of a network."""
    page.goto(dashboard.address)
    page.get_by_role("link", name=name, exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)


def section(page: browsers.Page, title: str) -> Any:
    """Scroll to a view, which is then loaded, and return it once it has content."""
    found = page.get_by_role("region", name=title, exact=True)
    found.scroll_into_view_if_needed()
    expect(found.locator("[aria-busy]")).to_have_count(0)
    return found


def all_sections(page: browsers.Page) -> None:
    """Scroll to all views, as when reading to the end."""
    for found in page.locator("section").all():
        found.scroll_into_view_if_needed()
        expect(found.locator("[aria-busy]")).to_have_count(0)


def test_list_links_to_a_network_and_back(page: browsers.Page, dashboard: Dashboard) -> None:
    page.goto(dashboard.address)
    expect(page.get_by_role("status")).to_have_text("4 networks, 0 trainings")
    # The token does not stay in the address, where others may see it.
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


def test_network_page_shows_its_quality(page: browsers.Page, dashboard: Dashboard, networks: dict[str, Any]) -> None:
    open_network(page, dashboard, "customers")
    found = networks["customers"].evaluate()
    wrong = f"{(1 - found.accuracy) * 100:.1f} %"
    expect(section(page, "Error")).to_contain_text(f"{wrong} error rate")
    expect(section(page, "Learning curve")).to_contain_text("The last training: ")
    expect(section(page, "Learning curve").get_by_role("img")).to_have_attribute(
        "aria-label", re.compile("Of validation rows")
    )
    answers = section(page, "Confusion matrix")
    for at, name in enumerate(found.classes):
        row = answers.get_by_role("row").filter(has=page.get_by_role("rowheader", name=name, exact=True))
        expect(row.get_by_role("cell").nth(at)).to_have_text(str(found.confusion[at, at]))
    believed = section(page, "Calibration")
    believed.get_by_text("As a table").click()
    expect(believed.get_by_role("columnheader", name="observed")).to_be_visible()
    fields = section(page, "Fields")
    expect(fields.get_by_role("rowheader").first).to_have_text(re.compile("plan|age"))
    expect(fields).to_contain_text("18 to 79")
    rows = section(page, "Rows with the largest errors")
    info = networks["customers"].info()
    expect(rows).to_contain_text(
        f"all {info.test_dataset_len} validation rows and all {info.training_dataset_len} training"
    )
    expect(rows.get_by_role("button", name=re.compile("^Ask about"))).not_to_have_count(0)


def test_slider_changes_the_answer_and_the_reasons(page: browsers.Page, dashboard: Dashboard) -> None:
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
    # From the middle of the knob, near the position of its value.
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * (70 - 18) / (79 - 18), y)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.5, y, steps=4)
    page.mouse.move(box["x"] + box["width"] * 0.08, y, steps=8)
    # The prediction changes before the button is released.
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
    reasons.get_by_label("Class or output to explain").select_option("no")
    expect(reasons.get_by_label("Class or output to explain")).to_have_value("no")
    expect(reasons.get_by_label("Class or output to explain").locator("option")).to_have_text(["yes", "no"])
    form.get_by_label("age unknown").uncheck()
    age.fill("")
    age.press_sequentially("not a number")
    expect(answer.get_by_role("row").first).to_be_visible()


def test_row_with_a_large_error_can_be_opened_in_the_form(
    page: browsers.Page, dashboard: Dashboard, networks: dict[str, Any]
) -> None:
    open_network(page, dashboard, "sums")
    rows = section(page, "Rows with the largest errors")
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


def test_training_can_be_started_watched_and_stopped(page: browsers.Page, dashboard: Dashboard) -> None:
    open_network(page, dashboard, "sums")
    training = section(page, "Learning curve")
    before = training.inner_text()
    page.get_by_role("button", name="Train…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("all clients of this network get new predictions")
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_have_count(0)
    assert training.inner_text() == before
    page.get_by_role("button", name="Train…").click()
    dialog.get_by_label("time limit in seconds").fill("600")
    dialog.get_by_label(re.compile("^early stopping")).uncheck()
    dialog.get_by_role("button", name="Train", exact=True).click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    cycle = training.get_by_text(re.compile(r"Training: cycle [1-9]"))
    expect(cycle).to_be_visible()
    text = cycle.inner_text()
    expect(cycle).not_to_have_text(text)
    expect(training.get_by_role("img")).to_be_visible()
    page.get_by_role("button", name="Stop…").click()
    page.get_by_role("dialog").get_by_role("button", name="Stop", exact=True).click()
    expect(training).to_contain_text("stopped on request after")
    expect(page.get_by_role("progressbar")).to_have_count(0)
    expect(page.get_by_role("button", name="Train…")).to_be_visible()


def test_training_that_ends_between_two_polls_of_the_server_is_not_shown_as_running(
    page: browsers.Page, dashboard: Dashboard, db: nr.NeuralRedis
) -> None:
    running: dict[str, Any] = {}

    def late(name: str) -> Callable[[Any], None]:
        # The first reply after the end shows the training as running, as the dashboard's poll of a moment ago did.
        def handle(route: Any) -> None:
            reply = route.fetch()
            found = reply.json()
            if found["running"]:
                running[name] = found["running"]
            elif name in running:
                found["running"] = running.pop(name)
            route.fulfill(response=reply, json=found)

        return handle

    page.route(re.compile(r"/api/networks/k[\w-]*$"), late("network"))
    page.route(re.compile(r"/views/curve$"), late("curve"))
    open_network(page, dashboard, "sums")
    job = db["sums"].start_training(max_time=600)
    training = section(page, "Learning curve")
    expect(training).to_contain_text("Training: cycle")
    job.stop()
    job.wait()
    expect(training).to_contain_text("stopped on request after")


def test_list_shows_trainings_of_other_clients(page: browsers.Page, dashboard: Dashboard, db: nr.NeuralRedis) -> None:
    page.goto(dashboard.address)
    row = page.get_by_role("row").filter(has_text="sums")
    expect(row).to_contain_text("trained, ")
    job = db["sums"].start_training(max_time=600)
    expect(row).to_contain_text(re.compile(r"training, cycle \d"))
    expect(page.get_by_role("status")).to_have_text("4 networks, 1 training")
    job.stop()
    job.wait()
    expect(page.get_by_role("status")).to_have_text("4 networks, 0 trainings")


def test_form_shows_the_new_answer_after_a_training(
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
    # The input is kept.
    expect(form.get_by_label("input 0", exact=True)).to_have_value("10")


def test_form_takes_the_id_of_a_sequence(page: browsers.Page, dashboard: Dashboard) -> None:
    open_network(page, dashboard, "visits")
    form = section(page, "Ask it")
    expect(form).to_contain_text("Enter the id of a sequence")
    form.get_by_label("id of the sequence").fill("user:1")
    expect(form.get_by_role("group", name="Answer").get_by_role("row").first).to_contain_text("yes")
    form.get_by_label("id of the sequence").fill("user:2")
    expect(form.get_by_role("group", name="Answer").get_by_role("row").first).to_contain_text("no")
    expect(page.get_by_role("region", name="Rows with the largest errors")).to_have_count(0)


def test_names_are_escaped(page: browsers.Page, dashboard: Dashboard) -> None:
    opened: list[str] = []
    page.on("dialog", lambda dialog: (opened.append(dialog.message), dialog.dismiss()))
    open_network(page, dashboard, HOSTILE)
    all_sections(page)
    expect(page.get_by_role("region", name="Ask it").get_by_label(HOSTILE, exact=True)).to_be_visible()
    page.get_by_role("button", name="Train…").click()
    expect(page.get_by_role("dialog")).to_contain_text(HOSTILE)
    expect(page.locator("img, body script, b")).to_have_count(0)
    assert opened == []


def test_unreachable_server_is_reported_until_it_is_back(
    browser: browsers.Browser, place: Place, dashboard: Dashboard
) -> None:
    with troubled(browser) as page:
        place.away = True
        page.goto(dashboard.address)
        expect(page.get_by_role("alert")).to_have_text("Cannot reach redis://here: unreachable")
        place.away = False
        expect(page.get_by_role("status")).to_contain_text("4 networks")
        expect(page.get_by_role("alert")).to_be_empty()
        page.get_by_role("link", name="sums").click()
        section(page, "Error")
        place.away = True
        expect(page.get_by_role("alert")).to_contain_text("unreachable")
        found = page.get_by_role("region", name="Rows with the largest errors")
        found.scroll_into_view_if_needed()
        # The content is kept.
        expect(page.get_by_role("region", name="Error", exact=True)).to_contain_text("root mean squared error")


def test_forbidden_view_shows_an_error_beside_the_others(
    browser: browsers.Browser, place: Place, db: nr.NeuralRedis, any_server_for_all: servers.Server
) -> None:
    db.client.execute_command("ACL", "SETUSER", "looks", "on", ">word", "~*", "+@all", "-nr.getdata", "-nr.explain")
    try:
        client = any_server_for_all.client(decode_responses=False, username="looks", password="word")
        with dashboards.running(Server("here", nr.NeuralRedis(client))) as dashboard, troubled(browser) as page:
            open_network(page, dashboard, "customers")
            expect(section(page, "Rows with the largest errors")).to_contain_text("This user lacks a permission")
            expect(section(page, "Reasons")).to_contain_text("This user lacks a permission")
            expect(section(page, "Ask it").get_by_role("row").first).to_contain_text("%")
            expect(section(page, "Fields")).to_contain_text("18 to 79")
    finally:
        db.client.execute_command("ACL", "DELUSER", "looks")


def test_page_without_the_token_explains_what_to_do(browser: browsers.Browser, dashboard: Dashboard) -> None:
    with troubled(browser) as page:
        page.goto(dashboard.address.partition("#")[0])
        expect(page.get_by_role("alert")).to_contain_text("open the address that the terminal printed")
        page.goto(dashboard.address)
        expect(page.get_by_role("status")).to_contain_text("4 networks")
        expect(page.get_by_role("alert")).to_be_empty()


def test_hidden_page_sends_no_requests(page: browsers.Page, dashboard: Dashboard) -> None:
    # The page's clock is controlled by the test.
    page.clock.install()
    page.goto(dashboard.address)
    expect(page.get_by_role("status")).to_contain_text("4 networks")
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url))

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
    requested.clear()
    page.clock.run_for(60_000)
    assert requested == []
    with page.expect_request("**/api/networks"):
        hide(False)


@pytest.mark.parametrize(("scheme", "size"), [("light", WIDE), ("dark", NARROW)], ids=["light-wide", "dark-narrow"])
def test_page_has_no_accessibility_violations(
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


def test_files_are_shown_like_networks_of_a_server(page: browsers.Page, networks: dict[str, Any]) -> None:
    with dashboards.running(Files([("one.nr", networks["sums"]), ("two.nr", networks["customers"])])) as dashboard:
        open_network(page, dashboard, "two.nr")
        all_sections(page)
        expect(page.get_by_role("region", name="Ask it").get_by_role("row").first).to_contain_text("%")
        expect(page.get_by_role("button", name="Train…")).to_have_count(0)
        page.goto("about:blank")


# Reports.


@pytest.mark.parametrize(("scheme", "size"), [("light", WIDE), ("dark", NARROW)], ids=["light-wide", "dark-narrow"])
def test_report_works_without_a_server(
    browser: browsers.Browser, tmp_path: Path, networks: dict[str, Any], scheme: str, size: dict[str, int]
) -> None:
    (tmp_path / "net.html").write_text(report("customers", networks["customers"]), "utf-8")
    with browsers.tab(browser, color_scheme=scheme, viewport=size) as page:
        requested: list[str] = []
        page.on("request", lambda request: requested.append(request.url))
        page.goto((tmp_path / "net.html").as_uri())
        expect(page.get_by_role("heading", level=1)).to_have_text("customers")
        all_sections(page)
        expect(page.get_by_role("region", name="Reasons")).to_contain_text("The row is synthetic")
        expect(page.get_by_role("region", name="Rows with the largest errors")).to_have_count(0)
        expect(page.get_by_role("contentinfo")).to_contain_text("This file contains no stored rows")
        assert len(requested) == 1
        assert browsers.barriers(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def opened_report(page: browsers.Page, folder: Path, net: Any) -> Any:
    """Open the report of a network, and return its form."""
    (folder / "net.html").write_text(report("net", net), "utf-8")
    page.goto((folder / "net.html").as_uri())
    return section(page, "Ask it")


def answered(page: browsers.Page) -> None:
    """Wait until the input is answered, which is after the next timers have run."""
    page.evaluate("new Promise(done => setTimeout(() => setTimeout(done)))")


def prediction_in(form: Any, name: str) -> float:
    """Return the prediction in the form: the probability of a class in percent, or an output."""
    text = form.get_by_role("row", name=name).get_by_role("cell").first.inner_text()
    return float(text.removesuffix(" %").replace("\N{MINUS SIGN}", "-"))


def test_form_of_a_report_updates_the_answer_while_dragging(
    page: browsers.Page, tmp_path: Path, networks: dict[str, Any]
) -> None:
    net = networks["customers"]
    form = opened_report(page, tmp_path, net)
    for name in ("since", "news", "tags", "at"):
        form.get_by_label(f"{name} unknown").check()
    form.get_by_label("plan", exact=True).select_option("free")
    seen = []
    for age in (20, 40, 45, 75):
        form.get_by_label("age, slider").fill(str(age))
        expect(form.get_by_label("age", exact=True)).to_have_value(str(age))
        answered(page)
        seen.append(prediction_in(form, "yes"))
        assert seen[-1] == pytest.approx(net.run({"age": age, "plan": "free"})["yes"] * 100, abs=0.051)
    assert seen[0] > seen[-1] + 50
    form.get_by_label("age unknown").check()
    answered(page)
    assert prediction_in(form, "yes") == pytest.approx(net.run({"plan": "free"})["yes"] * 100, abs=0.051)


def test_form_of_a_report_takes_inputs_without_fields(
    page: browsers.Page, tmp_path: Path, networks: dict[str, Any]
) -> None:
    net = networks["sums"]
    form = opened_report(page, tmp_path, net)
    form.get_by_label("input 0", exact=True).fill("3")
    form.get_by_label("input 1", exact=True).fill("4")
    answered(page)
    assert [prediction_in(form, name) for name in ("output 0", "output 1")] == pytest.approx(net.run([3, 4]), rel=1e-3)
    form.get_by_label("input 1", exact=True).fill("")
    expect(form).to_contain_text("input 1 is null: expected a finite number")


def test_form_of_a_report_takes_events_in_sequence(
    page: browsers.Page, tmp_path: Path, networks: dict[str, Any]
) -> None:
    net = networks["visits"]
    form = opened_report(page, tmp_path, net)
    expect(form).to_contain_text("No events so far.")
    expect(form.get_by_role("button", name="Begin again")).to_be_disabled()
    seen: list[str] = []
    for word in ("home", "help", "pay"):
        form.get_by_label("page unknown").uncheck()
        form.get_by_label("page", exact=True).fill(word)
        seen.append(word)
        expected = net.run([seen])[0]
        best = net.classify([seen])[0]
        share = f"{max(expected) * 100:.1f}"
        expect(form.get_by_role("row").first).to_contain_text(best)
        expect(form.get_by_role("row").first).to_contain_text(share)
        form.get_by_role("button", name="Add this event").click()
        expect(form.get_by_role("status")).to_have_text(f"After {len(seen)} event{'s' * (len(seen) > 1)}.")
        expect(form.get_by_role("row").first).to_contain_text(share)
    form.get_by_role("button", name="Begin again").click()
    expect(form).to_contain_text("No events so far.")


def test_report_explains_why_a_network_has_no_form(page: browsers.Page, tmp_path: Path) -> None:
    net = nr.Network("classifier", fields={"age": "number"}, target="left", seed=1)
    form = opened_report(page, tmp_path, net)
    expect(form).to_contain_text(
        "No form, since the network cannot be exported to JavaScript: the network has seen no class yet"
    )
    expect(form.get_by_role("textbox")).to_have_count(0)


def test_report_with_rows_warns_and_escapes_names(
    page: browsers.Page, tmp_path: Path, networks: dict[str, Any]
) -> None:
    opened: list[str] = []
    page.on("dialog", lambda dialog: (opened.append(dialog.message), dialog.dismiss()))
    (tmp_path / "net.html").write_text(report(HOSTILE, networks[HOSTILE], rows=True), "utf-8")
    page.goto((tmp_path / "net.html").as_uri())
    expect(page.get_by_role("heading", level=1)).to_have_text(HOSTILE)
    expect(page.get_by_role("region", name="Rows with the largest errors")).to_be_visible()
    expect(page.get_by_role("contentinfo")).to_contain_text("This file contains stored rows")
    assert opened == []
