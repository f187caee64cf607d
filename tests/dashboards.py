"""Dashboards for the tests, with networks to show."""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

import neuralredis as nr
from neuralredis.dashboard.app import application
from neuralredis.dashboard.places import Place
from neuralredis.dashboard.serving import listening, server

#: Timeout of an answer in seconds, on a busy machine.
PATIENCE = 60.0
TOKEN = "the-token"
#: A name that would change a page that did not escape it.
HOSTILE = "</script><img src=x onerror=alert(1)>&quot;\N{RIGHT-TO-LEFT OVERRIDE}${x}`"


@dataclass(frozen=True)
class Answer:
    """The response of a dashboard."""

    status: int
    headers: dict[str, str]
    body: str

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Dashboard:
    """A running dashboard."""

    port: int

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/#token={TOKEN}"

    def request(
        self, path: str, method: str = "GET", *, sent: Any = None, headers: dict[str, str] | None = None
    ) -> Answer:
        """Send a request with only these headers and Content-Length."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        with contextlib.closing(connection):
            given = headers or {}
            connection.putrequest(method, path, skip_host="Host" in given, skip_accept_encoding=True)
            for name, value in given.items():
                # Headers whose value is None are not sent.
                if value is not None:
                    connection.putheader(name, value)
            body = b"" if sent is None else sent if isinstance(sent, bytes) else json.dumps(sent).encode()
            if sent is not None:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            reply = connection.getresponse()
            received = {name.lower(): value for name, value in reply.getheaders()}
            return Answer(reply.status, received, reply.read().decode())

    def ask(self, path: str, sent: Any = None, *, status: int = 200) -> Any:
        """Send a request as the page does, and return the content of the response."""
        headers = {"Authorization": f"Bearer {TOKEN}"}
        answer = self.request(f"/api/{path}", "GET" if sent is None else "POST", sent=sent, headers=headers)
        assert answer.status == status, answer.body
        return answer.json

    def view(self, key: str | bytes, view: str, sent: Any = None) -> Any:
        return self.ask(f"networks/{name(key)}/views/{view}", sent)


def name(key: str | bytes) -> str:
    """Return a key as it is encoded in addresses."""
    return "k" + base64.urlsafe_b64encode(key if isinstance(key, bytes) else key.encode()).decode().rstrip("=")


@contextlib.contextmanager
def running(place: Place, *, write: bool = False) -> Iterator[Dashboard]:
    """Run a dashboard on a thread of this process."""
    listener = listening(0)
    answering = server(application(place, TOKEN, write=write))
    thread = threading.Thread(target=answering.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield Dashboard(listener.getsockname()[1])
    finally:
        answering.should_exit = True
        thread.join(PATIENCE)
        listener.close()
    assert not thread.is_alive()


def customers(create: Any = nr.Network, **options: Any) -> Any:
    """Return a network that predicts who leaves: the young customers of one plan."""
    fields = {"age": "number", "plan": "category", "since": "time", "news": "flag", "tags": "tags", "at": "vector 2"}
    net = create("classifier", fields=fields, target="left", dataset=400, test=200, seed=1, **options)
    random = np.random.default_rng(1)
    rows = [
        {
            "age": float(random.integers(18, 80)),
            "plan": ["free", "paid", None][random.integers(3)],
            "since": f"2024-{random.integers(1, 13):02}-01T10:30:00Z",
            "news": bool(random.integers(2)),
            "tags": ["a", "b"][: random.integers(3)],
            "at": [float(random.integers(5)), 1.5],
        }
        for _ in range(300)
    ]
    left = ["yes" if row["plan"] == "free" and row["age"] < 50 else "no" for row in rows]
    # A few outcomes are noise.
    for wrong in range(0, 300, 30):
        left[wrong] = "no" if left[wrong] == "yes" else "yes"
    net.observe(rows, left)
    net.train(autostop=True, backtrack=True, max_cycles=200, max_time=0)
    return net


def sums(create: Any = nr.Network, **options: Any) -> Any:
    """Return a network without fields that has learnt to add and subtract."""
    net = create("regressor", [2, 8, 2], normalize=True, dataset=300, test=100, seed=1, **options)
    rows = np.random.default_rng(1).uniform(0, 50, (400, 2)).round(1)
    net.observe(rows, np.stack([rows.sum(1), rows[:, 0] - rows[:, 1]], 1))
    net.train(autostop=True, backtrack=True, max_cycles=200, max_time=0)
    return net


def letters(create: Any = nr.Network) -> Any:
    """Return a network without fields that has many classes."""
    random = np.random.default_rng(1)
    centres, labels = random.normal(0, 1, (20, 5)), random.integers(0, 20, 600)
    net = create("classifier", [5, 20, 20], normalize=True, dataset=400, test=200, seed=1)
    net.observe(centres[labels] + random.normal(0, 0.5, (600, 5)), labels)
    net.train(autostop=True, max_cycles=60, max_time=0)
    return net


def visits(create: Any = nr.SequenceNetwork) -> Any:
    """Return a network of sequences."""
    net = create("classifier", fields={"page": "category"}, target="left", seed=1)
    pages = [["home", "help", "help"] if user % 2 else ["help", "home", "help"] for user in range(100)]
    left = ["yes" if user % 2 else "no" for user in range(100)]
    net.observe(pages, left, ids=[f"user:{user}" for user in range(100)])
    net.train(autostop=True, max_cycles=60, max_time=0)
    return net


def moves(create: Any = nr.SequenceNetwork) -> Any:
    """Return a network of sequences whose events have no fields."""
    net = create("regressor", [2, 4, 1], seed=1, dataset=100, test=50)
    random = np.random.default_rng(1)
    events = [random.uniform(0, 1, (5, 2)) for _ in range(60)]
    net.observe(events, [event[-1].sum() for event in events], ids=[str(number) for number in range(60)])
    net.train(autostop=True, max_cycles=40, max_time=0)
    return net


def comments(create: Any = nr.Network) -> Any:
    """Return a network with text fields, whose words are not stored."""
    net = create("classifier", fields={"comment": "text 64"}, target="good", dataset=60, test=20, seed=1)
    net.observe([{"comment": "very good" if number % 2 else "very bad"} for number in range(60)], ["yes", "no"] * 30)
    net.train(max_cycles=20)
    return net


def untrained(create: Any = nr.Network) -> Any:
    """Return a network without rows."""
    return create("classifier", [3, 4, 2], seed=1)


def hostile(create: Any = nr.Network) -> Any:
    """Return a network whose names contain markup."""
    net = create(
        "classifier", fields={HOSTILE: "category", "age": "number"}, target=f"{HOSTILE}?", dataset=60, test=20, seed=1
    )
    rows = [{HOSTILE: HOSTILE if number % 3 else "plain", "age": number} for number in range(60)]
    net.observe(rows, [HOSTILE if number % 3 else "<b>no</b>" for number in range(60)])
    net.train(max_cycles=20)
    return net
