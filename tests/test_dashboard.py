"""The server of the dashboard: access, requests and responses."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import dashboards
import neuralredis as nr
import servers
from dashboards import HOSTILE, TOKEN, Dashboard
from neuralredis.dashboard import answers, asking, judging, plain, trainings
from neuralredis.dashboard.cache import Cache
from neuralredis.dashboard.places import Files, Server, of_file
from neuralredis.dashboard.scanning import Scan
from neuralredis.dashboard.views import VIEWS
from neuralredis.results import ListedTraining, Progress

#: Functions that create networks of all kinds.
KINDS = {
    "customers": dashboards.customers,
    "sums": dashboards.sums,
    "letters": dashboards.letters,
    "visits": dashboards.visits,
    "moves": dashboards.moves,
    "comments": dashboards.comments,
    "untrained": dashboards.untrained,
    HOSTILE: dashboards.hostile,
}
OURS = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture(scope="module")
def networks() -> dict[str, Any]:
    return {name: make() for name, make in KINDS.items()}


@pytest.fixture(scope="module")
def files(networks: dict[str, Any]) -> Iterator[Dashboard]:
    """Return a dashboard of files that no test changes."""
    with dashboards.running(Files(networks.items())) as dashboard:
        yield dashboard


def place_of(server: servers.Server) -> Server:
    return Server("redis://here", nr.NeuralRedis(server.client(decode_responses=False)))


@pytest.fixture
def shown(db: nr.NeuralRedis, any_server_for_all: servers.Server) -> Iterator[Dashboard]:
    """Return a dashboard of an empty server."""
    with dashboards.running(place_of(any_server_for_all)) as dashboard:
        yield dashboard


# Access.


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer "},
        {"Authorization": f"Bearer {TOKEN}x"},
        {"Authorization": f"Bearer {TOKEN[:-1]}"},
        {"Authorization": TOKEN},
        {"Authorization": "Bearer \xff"},
        {"Cookie": f"token={TOKEN}"},
    ],
)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "networks"),
        ("GET", f"networks/{dashboards.name('sums')}"),
        ("GET", f"networks/{dashboards.name('sums')}/views/surprises?token={TOKEN}"),
        ("POST", f"networks/{dashboards.name('sums')}/views/ask"),
        ("POST", f"networks/{dashboards.name('sums')}/train"),
        ("GET", "nothing"),
    ],
)
def test_requests_without_the_token_are_rejected(
    files: Dashboard, method: str, path: str, headers: dict[str, str]
) -> None:
    answer = files.request(f"/api/{path}", method, sent={}, headers=headers)
    assert (answer.status, answer.body) == (401, "The token is missing or wrong.")


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80", "", "10.0.0.1", "localhost:x", None]
)
@pytest.mark.parametrize("path", ["/", "/page/main.js", "/api/networks"])
def test_other_host_headers_are_rejected(files: Dashboard, path: str, host: str) -> None:
    answer = files.request(path, headers={"Host": host, **OURS})
    # HTTP requires the header Host.
    assert answer.status == (400 if host is None else 421)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:1", "localhost:8642", "[::1]:8642"])
def test_local_host_names_with_any_port_are_accepted(files: Dashboard, host: str) -> None:
    assert files.request("/api/networks", headers={"Host": host, **OURS}).status == 200


def test_other_origins_are_rejected(files: Dashboard) -> None:
    own = f"http://127.0.0.1:{files.port}"
    answers = [
        files.request("/api/networks", headers={"Origin": origin, **OURS})
        for origin in (own, "http://evil.example", "null", f"http://127.0.0.1:{files.port + 1}")
    ]
    assert [answer.status for answer in answers] == [200, 403, 403, 403]
    assert not [name for answer in answers for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize("method", ["OPTIONS", "PUT", "DELETE", "PATCH", "TRACE"])
@pytest.mark.parametrize("path", ["/", "/api/networks", f"/api/networks/{dashboards.name('sums')}/train"])
def test_other_methods_are_rejected(files: Dashboard, path: str, method: str) -> None:
    answer = files.request(path, method, headers=OURS)
    assert answer.status == 405
    assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize("path", ["/", "/page/views/ask.js", "/page/nothing.js", "/api/networks", "/api/nothing"])
def test_every_response_has_security_headers(files: Dashboard, path: str) -> None:
    for headers in ({}, OURS, {"Host": "evil.example"}):
        reply = files.request(path, headers=headers).headers
        policy = reply["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert (reply["x-content-type-options"], reply["cache-control"]) == ("nosniff", "no-store")
        assert reply["referrer-policy"] == "no-referrer"
        assert "server" not in reply


@pytest.mark.parametrize(
    "path",
    [
        "/page/../app.py",
        "/page/%2e%2e/app.py",
        "/page/..%2fapp.py",
        "/page//etc/passwd",
        "/page/views/",
        "/page/views/../../guard.py",
        "/page/index.html",
        "/etc/passwd",
        "/page/main.js%00.html",
    ],
)
def test_paths_outside_the_page_are_not_found(files: Dashboard, path: str) -> None:
    assert files.request(path).status == 404


def test_page_has_media_types_and_no_external_urls(files: Dashboard) -> None:
    index = files.request("/")
    assert index.headers["content-type"] == "text/html; charset=utf-8"
    assert "http" not in index.body
    assert files.request("/page/main.js").headers["content-type"] == "text/javascript; charset=utf-8"
    assert files.request("/page/icon.svg").headers["content-type"].startswith("image/svg+xml")
    for view in VIEWS:
        assert files.request(f"/page/views/{view.name}.js").status == 200


# Requests and responses.


@pytest.mark.parametrize(
    ("sent", "status", "words"),
    [
        (b"x" * ((1 << 20) + 1), 413, "at most 1048576 bytes"),
        (b"", 422, "Expected JSON"),
        (b"{", 422, "Expected JSON"),
        (b"\xff", 422, "Expected JSON"),
        (b"[" * 100_000, 422, "Expected JSON"),
        ([], 422, "Expected a JSON object"),
        ({}, 422, "expected an object of fields"),
        ({"row": [1]}, 422, "expected an object of fields"),
        ({"row": {"age": "old"}}, 422, "age"),
        ({"row": {"nothing": 1}}, 422, "nothing"),
        ({"row": {"at": [1, 2, 3]}}, 422, "at"),
        ({"row": {"age": {"a": 1}}}, 422, "age"),
        ({"row": {"age": [1, 2]}}, 422, "field age is [1, 2]: expected one value"),
        ({"row": {"age": [31, 32], "plan": ["free", "paid"]}}, 422, "expected one value"),
        ({"row": {"since": "no date"}}, 422, "since"),
    ],
)
def test_invalid_requests_are_rejected_with_a_reason(files: Dashboard, sent: Any, status: int, words: str) -> None:
    answer = files.request(f"/api/networks/{dashboards.name('customers')}/views/ask", "POST", sent=sent, headers=OURS)
    assert answer.status == status
    assert words.lower() in answer.json["error"].lower()


@pytest.mark.parametrize("row", [None, [1], [1, 2, 3], ["1", "2"], [1, None], [1, 1e300], {"a": 1}])
def test_rows_with_a_wrong_number_of_inputs_are_rejected(files: Dashboard, row: Any) -> None:
    answer = files.request(
        f"/api/networks/{dashboards.name('sums')}/views/ask", "POST", sent={"row": row}, headers=OURS
    )
    assert answer.status == 422
    assert answer.json["error"]


@pytest.mark.parametrize("label", ["nothing", 1, ["yes"], {}])
def test_reasons_of_an_unknown_label_are_rejected(files: Dashboard, label: Any) -> None:
    for name, row in (("customers", {"age": 31}), ("sums", [1, 2])):
        path = f"networks/{dashboards.name(name)}/views/reasons"
        assert "expected one of" in files.ask(path, {"row": row, "label": label}, status=422)["error"]
    assert files.view("sums", "reasons", {"row": [1, 2], "label": "output 1"})["label"] == "output 1"
    assert files.view("customers", "reasons", {"row": {"age": 31}, "label": "yes"})["label"] == "yes"


@pytest.mark.parametrize("path", ["networks/k", "networks/x", "networks/k!", "networks/kAAAA", "networks/"])
def test_missing_network_is_not_found(files: Dashboard, shown: Dashboard, path: str) -> None:
    for dashboard in (files, shown):
        assert dashboard.request(f"/api/{path}", headers=OURS).status == 404


def test_unknown_view_is_not_found(files: Dashboard) -> None:
    for view in ("nothing", "__class__", "confusion"):
        files.ask(f"networks/{dashboards.name('sums')}/views/{view}", status=404)
    files.ask(f"networks/{dashboards.name('sums')}/views/quality", {}, status=405)


# Changes.


def test_dashboard_is_read_only_by_default(db: nr.NeuralRedis, shown: Dashboard) -> None:
    net = dashboards.sums(lambda *args, **options: db.create("net", *args, **options))
    before = bytes(net)
    path = f"networks/{dashboards.name('net')}"
    for action in ("train", "stop"):
        reply = shown.ask(f"{path}/{action}", {"seconds": 1, "autostop": True}, status=403)
        assert "--write" in reply["error"]
    for view in shown.ask(path)["views"]:
        shown.view("net", view)
    shown.view("net", "ask", {"row": [1, 2]})
    shown.view("net", "reasons", {"row": [1, 2]})
    assert bytes(net) == before


def test_write_option_permits_starting_and_stopping_trainings(
    db: nr.NeuralRedis, any_server_for_all: servers.Server
) -> None:
    net = dashboards.sums(lambda *args, **options: db.create("net", *args, **options))
    path = f"networks/{dashboards.name('net')}"
    with dashboards.running(place_of(any_server_for_all), write=True) as dashboard:
        for wrong in (
            {},
            [],
            {"seconds": 0, "autostop": False},
            {"seconds": "1", "autostop": False},
            {"seconds": 3601, "autostop": False},
            {"seconds": 1, "autostop": 1},
        ):
            assert "expected" in dashboard.ask(f"{path}/train", wrong, status=422)["error"]
        assert dashboard.ask(f"{path}/stop", {}) == {"stopped": False}
        assert dashboard.ask(f"{path}/train", {"seconds": 60, "autostop": False}) == {"started": True}
        servers.wait_until(lambda: dashboard.view("net", "curve")["running"]["cycle"] > 0)
        assert dashboard.ask(path)["running"]["max_time"] == 60
        (listed,) = dashboard.ask("networks")["networks"]
        assert listed["running"]["cycle"] > 0
        assert "being trained" in dashboard.ask(f"{path}/train", {"seconds": 1, "autostop": True}, status=422)["error"]
        points = dashboard.view("net", "curve")["running"]["points"]
        assert points == sorted(points)
        assert dashboard.ask(f"{path}/stop", {}) == {"stopped": True}
        servers.wait_until(lambda: dashboard.ask(path)["running"] is None)
        assert "stopped on request" in dashboard.view("net", "curve")["last"]["summary"]
    report = net.report()
    assert report is not None
    assert report.reason == "stopped"


# Contents of replies.


@pytest.mark.parametrize("name", KINDS)
def test_views_of_files_and_servers_are_equal(
    db: nr.NeuralRedis, shown: Dashboard, files: Dashboard, networks: dict[str, Any], name: str
) -> None:
    db.upload(name, networks[name])
    head = shown.ask(f"networks/{dashboards.name(name)}")
    assert (head["name"], head["running"], head["write"]) == (name, None, False)
    assert head["views"] == files.ask(f"networks/{dashboards.name(name)}")["views"]
    for view in head["views"]:
        in_server, in_file = shown.view(name, view), files.view(name, view)
        if view == "ask" and in_file.get("sequence"):
            # A server does not list its sequences.
            assert in_file["sequence"].pop("ids")[0] in ("user:0", "0")
            assert in_server["sequence"].pop("ids") == []
        assert in_server == in_file, view


def test_list_shows_errors_and_baselines_of_networks(
    db: nr.NeuralRedis, shown: Dashboard, networks: dict[str, Any]
) -> None:
    assert shown.ask("networks")["networks"] == []
    for name, net in networks.items():
        db.upload(name, net)
    db.client.set("another", "thing")
    db.client.set(b"\xff", "thing")
    db.client.delete(b"\xff")
    db.create(b"\xff\n", "regressor", [1, 1])
    servers.wait_until(lambda: len(shown.ask("networks")["networks"]) == len(networks) + 1)
    servers.wait_until(lambda: all(each["quality"] for each in shown.ask("networks")["networks"]))
    reply = {each["name"]: each for each in shown.ask("networks")["networks"]}
    found = networks["customers"].evaluate()
    quality = reply["customers"]["quality"]
    assert (quality["wrong"], quality["baseline"]) == pytest.approx((1 - found.accuracy, 1 - found.baseline))
    assert quality["low"] < quality["wrong"] < quality["high"] < quality["baseline"]
    found = networks["sums"].evaluate()
    assert reply["sums"]["quality"]["wrong"] == pytest.approx(found.rmse)
    assert reply["sums"]["quality"]["baseline"] == pytest.approx(found.baseline)
    assert "has not been trained" in reply["untrained"]["quality"]["missing"]
    assert reply["\\xff\n"]["title"] == "regressor 1-1"
    assert shown.ask(f"networks/{reply[chr(92) + 'xff' + chr(10)]['key']}")["cycles"] == 0


def test_answers_and_reasons_match_the_network(files: Dashboard, networks: dict[str, Any]) -> None:
    row = {"age": 31, "plan": "free", "since": None, "news": "yes", "tags": "a, b", "at": [1, 1.5]}
    reply = files.view("customers", "ask", {"row": row})
    given = {field: value for field, value in row.items() if value is not None}
    expected = networks["customers"].run(given)
    assert {each["name"]: each["probability"] for each in reply["classes"]} == pytest.approx(expected)
    found = networks["customers"].explain(given)
    reply = files.view("customers", "reasons", {"row": row})
    assert (reply["label"], reply["odds"], reply["rows"]) == (found.label, True, found.rows)
    assert sum(each["share"] for each in reply["shares"]) == pytest.approx(reply["answer"] - reply["mean"])
    largest = max(found.shares.items(), key=lambda pair: abs(pair[1]))
    assert reply["shares"][0]["name"].startswith(largest[0])
    assert reply["shares"][0]["share"] == pytest.approx(largest[1])
    numbers = files.view("sums", "ask", {"row": [20, 5.5]})["numbers"]
    value, low, high = networks["sums"].interval([20, 5.5], 0.9)
    assert [each["value"] for each in numbers] == pytest.approx(value.tolist())
    assert [each["low"] for each in numbers] == pytest.approx(low.tolist())
    assert [each["high"] for each in numbers] == pytest.approx(high.tolist())


def test_form_starts_at_the_median_of_stored_values(files: Dashboard) -> None:
    fields = {field["name"]: field for field in files.view("customers", "ask")["fields"]}
    assert list(fields) == ["age", "plan", "since", "news", "tags", "at"]
    age = fields["age"]
    assert (age["low"], age["high"], age["whole"]) == (18, 79, True)
    assert 40 < age["start"] < 60
    assert set(fields["plan"]["words"]) == {"free", "paid"}
    assert fields["plan"]["start"] == fields["plan"]["words"][0]
    assert fields["plan"]["whole"] is True
    assert fields["since"]["start"].startswith("2024-")
    assert (fields["at"]["length"], fields["at"]["start"][1]) == (2, 1.5)
    row = {name: field["start"] for name, field in fields.items()}
    assert files.view("customers", "ask", {"row": row})["classes"]


@pytest.mark.parametrize("where", ["files", "shown"])
def test_ask_view_takes_the_id_of_a_sequence(
    request: pytest.FixtureRequest, db: nr.NeuralRedis, networks: dict[str, Any], where: str
) -> None:
    for name in ("visits", "moves"):
        db.upload(name, networks[name])
    dashboard: Dashboard = request.getfixturevalue(where)
    (field,) = dashboard.view("visits", "ask")["fields"]
    assert (field["name"], field["kind"], field["words"]) == ("page", "category", ["help"])
    session = networks["visits"].session("user:1")
    for page in (None, "home"):
        reply = dashboard.view("visits", "ask", {"row": {"page": page}, "sequence": "user:1"})
        expected = dict(zip(networks["visits"].classes, session.run(page).tolist(), strict=True))
        assert {each["name"]: each["probability"] for each in reply["classes"]} == pytest.approx(expected)
    reply = dashboard.view("moves", "ask", {"row": {"x": [0.5, 0.25]}, "sequence": "7"})
    assert reply["numbers"][0]["value"] == pytest.approx(float(networks["moves"].session("7").run([0.5, 0.25])[0]))
    assert "Enter the id of a sequence" in dashboard.view("visits", "ask", {"row": {"page": None}})["missing"]


def test_surprises_lists_rows_with_the_largest_errors(files: Dashboard, networks: dict[str, Any]) -> None:
    reply = files.view("customers", "surprises")
    net = networks["customers"]
    assert reply["looked"] == [
        {"set": set, "rows": len(net.rows(set)[1]), "of": len(net.rows(set)[1])} for set in ("test", "train")
    ]
    sure = [row["probability"] for row in reply["rows"]]
    assert sure == sorted(sure)
    for row in reply["rows"]:
        X, y = net.rows(row["set"])
        assert row["truth"] == y[row["place"]] != row["answer"]
        assert row["answer"] == net.classify(X[row["place"]])
        assert row["probability"] == pytest.approx(net.run(X[row["place"]])[row["truth"]])
        assert row["values"] == plain.value(list(X[row["place"]].values()))
    reply = files.view("sums", "surprises")
    X, y = networks["sums"].rows("train")
    misses = np.abs((networks["sums"].run(X) - y) / y.std(0)).max(1)
    first = next(row for row in reply["rows"] if row["set"] == "train")
    assert first["place"] == int(misses.argmax())


def test_large_sets_are_sampled_evenly_and_the_sample_is_reported(
    db: nr.NeuralRedis, shown: Dashboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    dashboards.customers(lambda *args, **options: db.create("net", *args, **options))
    monkeypatch.setattr(answers, "MOST", 10)
    reply = shown.view("net", "surprises")
    info = db["net"].info()
    assert [each["rows"] for each in reply["looked"]] == [10, 10]
    assert [each["of"] for each in reply["looked"]] == [info.test_dataset_len, info.training_dataset_len]
    spread = {number * info.training_dataset_len // 10 for number in range(10)}
    assert {row["place"] for row in reply["rows"] if row["set"] == "train"} <= spread
    assert shown.view("net", "calibration")["rows"] == 10


def test_calibration_compares_probabilities_with_frequencies() -> None:
    random = np.random.default_rng(1)
    probability = random.uniform(size=1000)
    outputs = np.stack([1 - probability, probability], 1)
    subject = of_file("net", nr.Network("classifier", [1, 2]))

    def reliability(right: Any) -> dict[str, Any]:
        found = answers.Answered(list(range(1000)), 1000, None, right.astype(int), outputs)
        return judging._reliability(subject, found)

    # Of rows with a predicted probability of 0.3, three in ten have the outcome.
    exact = reliability(random.uniform(size=1000) < probability)
    assert (exact["class"], len(exact["groups"])) == ("1", 10)
    assert exact["error"] < 0.05
    assert sum(group["rows"] for group in exact["groups"]) == 1000
    for group in exact["groups"]:
        assert group["low"] <= group["observed"] <= group["high"]
        assert abs(group["predicted"] - group["observed"]) < 0.2
    assert reliability(probability > 0.5)["error"] == pytest.approx(0.25, abs=0.02)


def test_threshold_decides_the_first_answer_and_wrong_rows() -> None:
    net = nr.Network("classifier", [1, 2], seed=1, dataset=10, threshold=0)
    net.observe([[0.0], [1.0]], [0, 1])
    net.train(max_cycles=1)
    subject = of_file("net", net)
    assert asking.answer(subject, {"row": [0.5]})["classes"][0]["name"] == "1"
    assert [row["truth"] for row in judging.surprises(subject)["rows"]] == ["0"]
    net.configure(threshold=1)
    subject = of_file("net", net)
    assert asking.answer(subject, {"row": [0.5]})["classes"][0]["name"] == "0"
    assert [(row["truth"], row["answer"]) for row in judging.surprises(subject)["rows"]] == [("1", "0")]


def test_rare_classes_are_merged_in_the_confusion_matrix(files: Dashboard, networks: dict[str, Any]) -> None:
    reply = files.view("letters", "confusion")
    assert len(reply["classes"]) == judging.MOST_CLASSES
    assert reply["classes"][-1] == "9 others"
    found = networks["letters"].evaluate()
    assert np.sum(reply["matrix"]) == found.confusion.sum() == found.rows
    at = reply["classes"].index(reply["classes"][0])
    number = int(reply["classes"][0])
    assert reply["matrix"][at][at] == found.confusion[number, number]


def test_names_of_any_bytes_are_sent_as_ascii_json(shown: Dashboard, db: nr.NeuralRedis) -> None:
    odd = b"\xff<b>\r\n\x00".decode(errors="surrogateescape")
    net = nr.Network("classifier", fields={odd: "category", "n": "number"}, target="y", seed=1, test=5, dataset=20)
    net.observe([{odd: odd, "n": n} for n in range(20)], [odd if n % 2 else "no" for n in range(20)])
    net.train(max_cycles=10)
    db.upload(b"\xfe\r\n", net)
    answer = shown.request(f"/api/networks/{dashboards.name(bytes([0xFE, 13, 10]))}/views/fields", headers=OURS)
    assert answer.body.isascii()
    assert "\n" not in answer.body
    assert answer.json["fields"][0]["name"] == odd
    with dashboards.running(Files([("net", net)])) as files:
        reply = files.view("net", "ask", {"row": {odd: odd, "n": 3}})
    assert {each["name"] for each in reply["classes"]} == {odd, "no"}


# Errors.


def test_unreachable_server_is_reported_until_it_is_back(any_server: servers.Server) -> None:
    url = f"redis://127.0.0.1:{any_server.port}"
    with nr.connect(url, retry=None) as db, dashboards.running(Server(url, db)) as dashboard:
        dashboards.untrained(lambda *args, **options: db.create("net", *args, **options))
        assert len(dashboard.ask("networks")["networks"]) == 1
        any_server.stop()
        for path in (
            "networks",
            f"networks/{dashboards.name('net')}",
            f"networks/{dashboards.name('net')}/views/curve",
        ):
            reply = dashboard.ask(path, status=503)
            assert reply["error"].startswith(f"Cannot reach {url}: ")


def test_server_without_the_module_is_reported() -> None:
    import kinds

    with servers.running(kinds.ANY) as server, dashboards.running(place_of(server)) as dashboard:
        reply = dashboard.ask("networks", status=503)
        assert "has not loaded the neuralredis module" in reply["error"]
        assert "neuralredis serve" in reply["error"]


def test_missing_permissions_are_reported_for_each_view(db: nr.NeuralRedis, any_server_for_all: servers.Server) -> None:
    dashboards.customers(lambda *args, **options: db.create("net", *args, **options))
    db.create("secret", "regressor", [1, 1])
    db.client.execute_command(
        "ACL", "SETUSER", "looks", "on", ">word", "~net", "+scan", "+nr.info", "+nr.evaluate", "+nr.report"
    )
    try:
        client = any_server_for_all.client(decode_responses=False, username="looks", password="word")
        with dashboards.running(Server("here", nr.NeuralRedis(client)), write=True) as dashboard:
            reply = dashboard.ask("networks")
            assert "Trainings are not shown" in reply["note"]
            listed = {each["name"]: each for each in reply["networks"]}
            assert listed["net"]["quality"]["measure"] == "wrong"
            assert "permission" in listed["secret"]["error"].lower()
            path = f"networks/{dashboards.name('net')}"
            assert "Trainings are not shown" in dashboard.ask(path)["note"]
            assert dashboard.view("net", "confusion")["rows"] > 0
            for view in ("fields", "surprises", "calibration", "ask"):
                error = dashboard.ask(f"{path}/views/{view}", status=403)["error"]
                assert error.startswith("This user lacks a permission: ")
            error = dashboard.ask(f"{path}/train", {"seconds": 1, "autostop": False}, status=403)["error"]
            assert "nr.train" in error.lower()
    finally:
        db.client.execute_command("ACL", "DELUSER", "looks")


def test_wrong_credentials_are_reported(any_server_for_all: servers.Server) -> None:
    client = any_server_for_all.client(decode_responses=False, username="nobody", password="wrong")
    with dashboards.running(Server("here", nr.NeuralRedis(client))) as dashboard:
        assert "rejects the user or password" in dashboard.ask("networks", status=503)["error"]


def test_network_deleted_during_a_request_is_left_out(db: nr.NeuralRedis, shown: Dashboard) -> None:
    for key in ("first", "second"):
        db.create(key, "regressor", [1, 1])
    assert [each["name"] for each in shown.ask("networks")["networks"]] == ["first", "second"]
    del db["first"]
    # The previous search is still cached, but the network is gone.
    assert [each["name"] for each in shown.ask("networks")["networks"]] == ["second"]
    assert "no network" in shown.ask(f"networks/{dashboards.name('first')}", status=404)["error"].lower()
    db.client.set("first", "a text")
    assert shown.ask(f"networks/{dashboards.name('first')}", status=404)["error"]


# Units.


class Keys:
    """A client whose server returns ten pages of keys."""

    def __init__(self) -> None:
        self.cursors: list[int] = []

    def scan(self, cursor: int, *, count: int, _type: str) -> tuple[int, list[bytes]]:
        self.cursors.append(cursor)
        return (cursor + 1) % 10, [b"key%d" % cursor]


def test_keys_are_scanned_in_steps() -> None:
    client = Keys()
    scan = Scan(client)
    assert scan.go_on(0.0) == ([b"key0"], True)
    assert scan.go_on(0.0) == ([b"key0", b"key1"], True)
    keys, more = scan.go_on(60.0)
    assert (len(keys), more, client.cursors) == (10, False, list(range(10)))
    # Results are cached for a while.
    assert scan.go_on(60.0) == (keys, False)
    assert len(client.cursors) == 10


class Runs:
    """A database with one training, which advances at every request."""

    def __init__(self) -> None:
        self.cycle = 0

    def threads(self) -> list[ListedTraining]:
        self.cycle += 1
        progress = Progress(
            cycle=self.cycle, train_error=1 / self.cycle, test_error=None, class_errors=None, seconds=1.0
        )
        return [ListedTraining(id=1, key="net", db=0, max_cycles=0, max_time=0.0, progress=progress)]


def test_curve_has_a_bounded_number_of_points_and_its_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trainings, "LOOK", 0.0)
    db: Any = Runs()
    watched = trainings.Trainings(db)
    for _ in range(3000):
        reply = watched.of(1)
    assert reply is not None
    cycles = [cycle for cycle, _, _ in reply["points"]]
    assert 200 < len(cycles) <= trainings.MOST_POINTS
    assert cycles == sorted(cycles)
    assert cycles[-1] == 3000
    db.cycle = 0
    restarted = watched.of(1)
    assert restarted is not None
    assert [cycle for cycle, _, _ in restarted["points"]] == [1]
    assert watched.of(2) is None


def test_cached_values_are_computed_once_and_errors_are_not_cached() -> None:
    cache, calls = Cache(), []

    def compute() -> int:
        calls.append(None)
        if len(calls) == 1:
            raise RuntimeError
        return len(calls)

    with pytest.raises(RuntimeError):
        cache.get("key", compute)
    assert [cache.get("key", compute) for _ in range(3)] == [2, 2, 2]
    for number in range(300):
        cache.get(number, lambda: 1)
    assert cache.known("key") is None


@pytest.mark.parametrize("content", [float("nan"), float("inf"), np.float32("nan"), {"a": [float("nan")]}])
def test_nonfinite_numbers_are_null(content: Any) -> None:
    assert "null" in plain.text(content)
    assert json.loads(plain.text(content)) is None or json.loads(plain.text(content)) == {"a": [None]}
