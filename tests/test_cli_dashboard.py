"""``neuralredis dashboard`` and ``neuralredis report`` on the command line."""

from __future__ import annotations

import http.client
import json
import re
import signal
import socket
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

import dashboards
import kinds
import neuralredis as nr
import programs
import servers
import tables
from dashboards import HOSTILE
from neuralredis.cli import extras
from neuralredis.dashboard.bundle import bundled
from neuralredis.dashboard.page_files import files

LISTENS = re.compile(r"http://127\.0\.0\.1:(\d+)/#token=([\w-]+)")


@pytest.fixture(scope="module")
def customers() -> nr.Network:
    net: nr.Network = dashboards.customers()
    return net


@pytest.fixture
def saved(customers: nr.Network, tmp_path: Path) -> Path:
    customers.save(tmp_path / "customers.nr")
    return tmp_path / "customers.nr"


def request(address: str, path: str) -> tuple[int, Any]:
    """Send a request to a dashboard with the token of its address."""
    found = LISTENS.search(address)
    assert found
    connection = http.client.HTTPConnection("127.0.0.1", int(found[1]), timeout=dashboards.PATIENCE)
    connection.request("GET", path, headers={"Authorization": f"Bearer {found[2]}"})
    reply = connection.getresponse()
    received = json.loads(reply.read())
    connection.close()
    return reply.status, received


def test_dashboard_serves_files_until_ctrl_c(saved: Path) -> None:
    terminal = tables.Terminal("dashboard", saved)
    output = terminal.until("Ctrl-C ends")
    assert f"neuralredis: serving {saved}" in output.replace("\r\n", "")
    status, reply = request(output, "/api/networks")
    assert (status, reply["write"], [each["name"] for each in reply["networks"]]) == (200, False, [str(saved)])
    terminal.process.send_signal(signal.SIGINT)
    code, rest = terminal.end()
    assert (code, "Traceback" in rest) == (0, False)


def test_dashboard_of_a_server_stops_despite_open_requests(any_server: servers.Server) -> None:
    url = f"redis://127.0.0.1:{any_server.port}"
    with nr.connect(url) as db:
        dashboards.untrained(lambda *args, **options: db.create("net", *args, **options))
    terminal = tables.Terminal("dashboard", url, "--write")
    output = terminal.until("Ctrl-C ends")
    status, reply = request(output, "/api/networks")
    assert (status, reply["place"], reply["write"]) == (200, url, True)
    assert [each["name"] for each in reply["networks"]] == ["net"]
    found = LISTENS.search(output)
    assert found
    with socket.create_connection(("127.0.0.1", int(found[1]))) as open_still:
        open_still.sendall(b"GET /api/networks HTTP/1.1\r\nHost: 127.0.0.1\r\n")
        terminal.process.send_signal(signal.SIGINT)
        assert terminal.end()[0] == 0


def test_each_start_has_a_new_token(saved: Path) -> None:
    tokens = set()
    for _ in range(2):
        terminal = tables.Terminal("dashboard", saved)
        found = LISTENS.search(terminal.until("Ctrl-C ends"))
        assert found
        assert len(found[2]) >= 32
        tokens.add(found[2])
        terminal.process.send_signal(signal.SIGTERM)
        terminal.end()
    assert len(tokens) == 2


def test_dashboard_listens_on_localhost_only(saved: Path) -> None:
    terminal = tables.Terminal("dashboard", saved)
    found = LISTENS.search(terminal.until("Ctrl-C ends"))
    assert found
    # All addresses that begin with 127 belong to this machine, but the dashboard listens at one only.
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.2", int(found[1])), timeout=5)
    terminal.process.send_signal(signal.SIGINT)
    terminal.end()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["redis://127.0.0.1:1"], "cannot reach redis://127.0.0.1:1: "),
        (["redis://:secret@127.0.0.1:1"], "cannot reach redis://…@127.0.0.1:1: "),
        (["http://127.0.0.1:1"], "is not the URL of a server"),
        (["nothing.nr"], "nothing.nr: No such file or directory"),
        (["text.nr"], "text.nr is "),
        (["redis://127.0.0.1:1", "net.nr"], "expected the URL of one server, or files"),
        (["--write", "net.nr"], "--write needs a server: networks in files cannot be trained"),
    ],
)
def test_invalid_dashboards_are_rejected_in_one_line(
    command: tables.Command, saved: Path, arguments: list[str], words: str
) -> None:
    Path("text.nr").write_text("a text")
    saved.rename("net.nr")
    done = command("dashboard", *arguments)
    assert (done.code, done.out) == (1, "")
    assert words in done.err
    assert "secret" not in done.err
    assert done.err.count("\n") == 1


def test_server_without_the_module_is_reported(command: tables.Command) -> None:
    with servers.running(kinds.ANY, tcp=True) as server:
        done = command("dashboard", f"redis://127.0.0.1:{server.port}")
    assert (done.code, done.out) == (1, "")
    assert "has not loaded the neuralredis module" in done.err


def test_port_in_use_is_reported(command: tables.Command, saved: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = command("dashboard", saved, "--port", port)
    assert (done.code, done.err) == (1, f"neuralredis: port {port} is in use: expected another --port\n")


def test_missing_package_is_reported(command: tables.Command, saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras.importlib.util, "find_spec", lambda name: None)
    done = command("dashboard", saved)
    expected = "neuralredis: neuralredis dashboard needs starlette: pip install 'neuralredis[dashboard]'\n"
    assert (done.code, done.err) == (1, expected)


# Reports.


class Elements(HTMLParser):
    """The elements of a page with their attributes, and the text of scripts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attributes)))

    def handle_data(self, text: str) -> None:
        if self.found and self.found[-1][0] == "script" and text.strip():
            self.scripts.append(text)


def test_report_is_one_file_without_stored_rows(command: tables.Command, saved: Path, customers: nr.Network) -> None:
    done = command("report", saved, "-o", "net.html")
    assert (done.code, done.err) == (0, "neuralredis: report written to net.html, without stored rows\n")
    page = Path("net.html").read_text()
    elements = Elements(page)
    assert not [reply for _, reply in elements.found if {"src", "href"} & set(reply)]
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", page)
    data = json.loads(elements.scripts[0])
    assert data["network"]["views"] == ["quality", "curve", "confusion", "calibration", "fields", "ask", "reasons"]
    assert set(data["views"]) == set(data["network"]["views"])
    assert data["rows"] is False
    assert data["views"]["quality"]["wrong"] == pytest.approx(1 - customers.evaluate().accuracy)
    assert data["views"]["reasons"]["typical"] is True
    done = command("report", saved, "-o", "net.html", "--rows")
    assert done.err == "neuralredis: report written to net.html, with stored rows\n"
    data = json.loads(Elements(Path("net.html").read_text()).scripts[0])
    assert data["rows"] is True
    assert data["views"]["surprises"]["rows"]


@pytest.mark.parametrize("kind", ["sums", "letters", "visits", "moves", "comments", "untrained"])
def test_each_kind_of_network_has_a_report(command: tables.Command, kind: str) -> None:
    getattr(dashboards, kind)().save("net.nr")
    assert command("report", "net.nr", "-o", "net.html", "--rows").code == 0
    data = json.loads(Elements(Path("net.html").read_text()).scripts[0])
    assert all(data["views"].values())


def test_names_are_escaped_in_a_report(command: tables.Command) -> None:
    net = dashboards.hostile()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("neuralredis.cli.servers.network", lambda place, key: net)
        assert command("report", "redis://here", "--key", HOSTILE, "-o", "net.html", "--rows").code == 0
    page = Path("net.html").read_text()
    elements = Elements(page)
    assert [tag for tag, _ in elements.found] == [
        *("html", "head", *["meta"] * 5, "title", "style", "body", "div", "noscript", "script", "script")
    ]
    data = json.loads(elements.scripts[0])
    assert data["network"]["name"] == HOSTILE
    assert HOSTILE in [field["name"] for field in data["views"]["fields"]["fields"]]


def test_report_of_a_network_in_a_server(command: tables.Command, any_server: servers.Server) -> None:
    url = f"redis://127.0.0.1:{any_server.port}"
    with nr.connect(url) as db:
        dashboards.sums(lambda *args, **options: db.create("net", *args, **options))
    assert command("report", url, "--key", "net", "-o", "net.html").code == 0
    assert json.loads(Elements(Path("net.html").read_text()).scripts[0])["network"]["name"] == "net"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["net.nr", "-o", "net.nr"], "-o net.nr is the network, which would be overwritten"),
        (["net.nr", "-o", "nowhere/net.html"], "cannot write nowhere/net.html: there is no folder"),
        (["nothing.nr", "-o", "net.html"], "nothing.nr: No such file or directory"),
        (["net.nr", "--key", "net", "-o", "net.html"], "--key needs the URL of a server"),
        (["redis://127.0.0.1:1", "-o", "net.html"], "expected --key, the key of a network in redis://127.0.0.1:1"),
    ],
)
def test_failed_report_writes_no_file(command: tables.Command, saved: Path, arguments: list[str], words: str) -> None:
    saved.rename("net.nr")
    before = Path("net.nr").read_bytes()
    done = command("report", *arguments)
    assert done.code == 1
    assert words in done.err
    assert not Path("net.html").exists()
    assert Path("net.nr").read_bytes() == before


def test_report_needs_no_extra(saved: Path, tmp_path: Path) -> None:
    code = f"""
        import sys
        sys.modules.update(dict.fromkeys(["pyarrow", "rich", "starlette", "uvicorn", "pandas"]))
        from neuralredis.cli import main
        main(["report", {str(saved)!r}, "-o", {str(tmp_path / "net.html")!r}])
    """
    assert programs.output_of(code) == ""
    assert (tmp_path / "net.html").exists()


# The script of a report.


def test_files_of_the_page_contain_no_closing_tags() -> None:
    for path, text in files().items():
        if not path.endswith(".html"):
            assert "</" not in text.replace("</g>", "").replace("</svg>", ""), path
            assert "<!--" not in text


def test_modules_of_the_page_are_bundled_into_one_script() -> None:
    script = bundled(files(), "report.js")
    assert "const report = JSON.parse" in script
    # In order: imported modules come first, each once.
    assert script.count("export ") == script.count("import ") == 0
    assert script.count('name: "surprises"') == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"a.js": 'import b from "./b.js";', "b.js": ""},
        {"a.js": 'import * as b from "./b.js";', "b.js": ""},
        {"a.js": "export default 1;"},
        {"a.js": 'import { b } from "./b.js";', "b.js": 'import { a } from "./a.js";'},
    ],
)
def test_bundling_rejects_unsupported_imports_and_cycles(wrong: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"is unsupported|circular import"):
        bundled(wrong, "a.js")
