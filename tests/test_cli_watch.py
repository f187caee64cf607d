"""``neuralredis watch``: the networks of a server, and its trainings."""

from __future__ import annotations

import json
import signal
from typing import Any

import pytest

import kinds
import neuralredis as nr
import servers
import tables
from neuralredis.cli.chart import Line, chart

URL = "redis://localhost"


@pytest.fixture
def watched(db: nr.NeuralRedis, any_server_for_all: servers.Server, monkeypatch: pytest.MonkeyPatch) -> nr.NeuralRedis:
    """Return a server that replaces the server of the options."""
    client = any_server_for_all.client(decode_responses=False)
    monkeypatch.setattr("neuralredis.cli.servers.connect", lambda url: nr.NeuralRedis(client))
    return db


def network(db: nr.NeuralRedis, key: Any) -> nr.RedisNetwork:
    net = db.create(key, "classifier", [2, 5, 2], dataset=100, test=50, seed=1)
    net.observe([[a, b] for a in range(10) for b in range(10)], [a > b for a in range(10) for b in range(10)])
    return net


def test_watch_shows_all_networks(command: tables.Command, watched: nr.NeuralRedis) -> None:
    done = command("watch", URL)
    assert (done.code, done.err) == (0, "")
    assert "0 networks, 0 trainings" in done.out
    assert "No networks: create one" in done.out
    network(watched, "first").train(max_cycles=7)
    network(watched, b"\xff\n")
    watched.client.set("another", "thing")
    done = command("watch", URL)
    lines = [line.split() for line in done.out.splitlines()]
    assert ["first", "classifier", "2-5-2", "67", "+", "33", "7"] in [line[:7] for line in lines]
    assert "2 networks" in done.out
    assert ["\\xff\\n", "classifier", "2-5-2", "67", "+", "33", "0", "not", "trained"] in lines


def test_watch_shows_the_progress_of_trainings(command: tables.Command, watched: nr.NeuralRedis) -> None:
    training = network(watched, "net").start_training(max_cycles=0, max_time=60)
    servers.wait_until(lambda: training.progress().cycle > 0)
    done = command("watch", URL, "--once")
    assert "1 network, 1 training" in done.out
    assert " training " in done.out
    assert "of 60 s" in done.out
    found = json.loads(command("watch", URL, "--json").out)
    (network_found,), (running,) = found["networks"], found["trainings"]
    assert (network_found["key"], network_found["training"], running["key"]) == ("net", True, "net")
    assert network_found["restarts"] == network_found["ensemble"] == "auto"
    assert running["progress"]["cycle"] > 0
    training.stop()
    training.wait()
    assert json.loads(command("watch", URL, "--json").out)["trainings"] == []


def test_watch_draws_curves_on_a_terminal_until_ctrl_c(any_server: servers.Server) -> None:
    url = f"redis://127.0.0.1:{any_server.port}"
    db = nr.connect(url)
    training = network(db, "net").start_training(max_cycles=0, max_time=60)
    terminal = tables.Terminal("watch", url)
    terminal.until("validation rows")
    training.stop()
    terminal.until("stopped on request after")
    terminal.process.send_signal(signal.SIGINT)
    assert terminal.end()[0] == 0
    db.close()


def test_missing_server_or_module_is_reported(command: tables.Command, monkeypatch: pytest.MonkeyPatch) -> None:
    done = command("watch", "redis://localhost:1")
    assert (done.code, done.out) == (1, "")
    assert "cannot reach redis://localhost:1" in done.err
    assert "'neuralredis serve' starts a server" in done.err
    with servers.running(kinds.ANY) as bare:
        monkeypatch.setattr("neuralredis.cli.servers.connect", lambda url: nr.NeuralRedis(bare.client()))
        done = command("watch", URL)
        assert done.code == 1
        assert "module" in done.err


def test_chart_spans_the_first_to_the_last_point() -> None:
    falling = Line("blue", "*", [(1, 3.0), (2, 2.0), (3, 1.0)])
    assert chart([falling], 14, 3, ascii_only=True).plain.splitlines() == [
        "      3 |**   ",
        "        |  *  ",
        "      1 |   **",
    ]
    drawn = chart([falling], 14, 3).plain.splitlines()
    assert [len(line) for line in drawn] == [14, 14, 14]
    assert all(0x2800 <= ord(letter) < 0x2900 for letter in drawn[1][9:] if letter != " ")
    assert chart([Line("blue", "*", [(5, float("nan"))])], 14, 3).plain == "\n\n"
    assert "*" in chart([Line("blue", "*", [(5, 2.0)])], 14, 3, ascii_only=True).plain
