"""Networks of the original module give the same answers, can be trained further, and are saved in our format."""

from __future__ import annotations

from typing import Any

import inredis
import pytest
import redis

import forged
import servers

NAMES = [network["name"] for network in forged.originals()]


@pytest.fixture(params=forged.originals(), ids=NAMES)
def original(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Return each network that the original module saved, with its replies."""
    network: dict[str, Any] = request.param
    return network


def restored(server: servers.Server, original: dict[str, Any]) -> redis.Redis:
    server.client(decode_responses=False).restore("net", 0, original["dump"])
    return server.client(protocol=3)


def test_original_network_gives_its_recorded_answers(
    any_server_for_all: servers.Server, original: dict[str, Any]
) -> None:
    any_server_for_all.client().flushall()
    client = restored(any_server_for_all, original)
    for inputs, answers in zip(original["asked"], original["answers"], strict=True):
        assert client.execute_command("NR.RUN", "net", *inputs) == pytest.approx(answers, rel=1e-5)


def test_original_network_keeps_its_rows_and_statistics(
    any_server_for_all: servers.Server, original: dict[str, Any]
) -> None:
    any_server_for_all.client().flushall()
    client = restored(any_server_for_all, original)
    info, expected = inredis.info(client, "net"), original["info"]
    for name in (
        "type", "layout", "training-dataset-maxlen", "training-dataset-len", "test-dataset-maxlen", "test-dataset-len",
        "training-total-steps", "training-total-cycles",
    ):  # fmt: skip
        assert info[name] == expected[name], name
    assert info["auto-normalization"] == bool(expected["auto-normalization"])
    # The original's error of a row is half the sum over its outputs, ours is the mean.
    for name in ("dataset-error", "test-error"):
        assert info[name] == pytest.approx(float(expected[name]) * 2 / info["layout"][-1], rel=1e-6)
    if info["type"] == "classifier":
        assert info["classification-errors-perc"] == pytest.approx(
            float(expected["classification-errors-perc"]), abs=0.01
        )
    for name, rows in original["data"].items():
        found = [client.execute_command("NR.GETDATA", "net", name, row) for row in range(len(rows))]
        assert found == rows
        assert client.execute_command("NR.GETDATA", "net", name, len(rows)) is None


def test_original_network_has_the_options_of_the_original_module(
    any_server_for_all: servers.Server, original: dict[str, Any]
) -> None:
    any_server_for_all.client().flushall()
    options = restored(any_server_for_all, original).execute_command("NR.INFO", "net")
    expected = {"activation": "sigmoid", "output": "sigmoid", "loss": "mse", "algorithm": "rprop+", "l2": 0.0}
    assert {name: options[name] for name in expected} == expected
    assert options["auto-normalization"] == original["info"]["auto-normalization"]


def test_saved_errors_match_an_evaluation_of_the_rows(
    any_server_for_all: servers.Server, original: dict[str, Any]
) -> None:
    any_server_for_all.client().flushall()
    client = restored(any_server_for_all, original)
    info = inredis.info(client, "net")
    if info["test-dataset-len"]:
        found = client.execute_command("NR.EVALUATE", "net", "TEST")
        assert found["error"] == pytest.approx(info["test-error"], rel=1e-3)


def test_original_network_continues_training_and_is_saved_in_our_format(server: servers.Server) -> None:
    for network in forged.originals():
        server.client().delete("net")
        client = restored(server, network)
        raw = server.client(decode_responses=False)
        before = inredis.info(client, "net")
        raw.restore("copy", 0, raw.dump("net"), replace=True)
        client.execute_command("DEBUG", "RELOAD")
        assert raw.execute_command("NR.EXPORT", "copy") == raw.execute_command("NR.EXPORT", "net")
        if not before["training-dataset-len"]:
            row = [0.5] * before["layout"][0]
            targets = [1] if before["type"] == "classifier" else [1] * before["layout"][-1]
            client.execute_command("NR.CONFIGURE", "net", "DATASET", 10)
            client.execute_command("NR.OBSERVE", "net", *row, "->", *targets)
        assert client.execute_command("NR.TRAIN", "net", "MAXCYCLES", 200, "BLOCK", 0) == "finished"
        after = inredis.info(client, "net")
        assert after["training-total-cycles"] == before["training-total-cycles"] + 200
        if before["training-dataset-len"]:
            assert after["dataset-error"] < before["dataset-error"], network["name"]
        answers = [client.execute_command("NR.RUN", "net", *inputs) for inputs in network["asked"]]
        client.execute_command("DEBUG", "RELOAD")
        assert [client.execute_command("NR.RUN", "net", *inputs) for inputs in network["asked"]] == answers


def test_truncated_or_damaged_original_dumps_are_rejected(any_server_for_all: servers.Server) -> None:
    client = any_server_for_all.client(decode_responses=False)
    client.flushall()
    network = forged.originals()[0]
    items = forged.items_of_original(network["dump"])
    version = network["dump"][-forged.FOOTER : -8]
    for end in range(len(items)):
        with pytest.raises(redis.ResponseError, match="Bad data format"):
            client.restore("net", 0, forged.dump(forged.head(2), items[:end], version))
    with pytest.raises(redis.ResponseError, match="Bad data format"):
        client.restore("net", 0, forged.dump(forged.head(2), [*items, (forged.UNSIGNED, 0)], version))
    items[4] = (forged.UNSIGNED, 6)
    with pytest.raises(redis.ResponseError, match="Bad data format"):
        client.restore("net", 0, forged.dump(forged.head(2), items, version))
    assert "the original module's values: its flags are 6" in any_server_for_all.log
