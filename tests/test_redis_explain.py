"""NR.EXPLAIN: replies, long computations on threads, replicas, and errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import redis
from test_redis_long_commands import blocked, pending, workers

import kinds
import neuralredis
import servers

MODULE = neuralredis.module_path()
SCHEMA = ("SCHEMA", "age", "NUMBER", "plan", "CATEGORY", "->", "stays", "HIDDEN", 4, "DATASET", 50, "SEED", 1)


def prepare(client: redis.Redis) -> None:
    """Create a classifier with fields and fifty training rows, and a regressor with twelve inputs."""
    client.execute_command("NR.CREATE", "net", "CLASSIFIER", *SCHEMA)
    for at in range(50):
        age, plan = 20 + at, "paid" if at % 2 else "free"
        client.execute_command("NR.OBSERVE", "net", "age", age, "plan", plan, "->", "yes" if at % 2 else "no")
    client.execute_command("NR.TRAIN", "net", "MAXCYCLES", 50, "BLOCK", 0)
    client.execute_command("NR.CREATE", "sum", "REGRESSOR", 12, 3, "->", 1, "DATASET", 20, "SEED", 1)
    rows = np.random.default_rng(1).normal(size=(20, 13)).astype("<f4")
    client.execute_command("NR.OBSERVE", "sum", "FP32", rows.tobytes())


def as_dict(reply: Any) -> dict[str, Any]:
    """Return a dict from a reply in RESP2."""
    return dict(zip(reply[::2], reply[1::2], strict=True))


def test_explain_reply_has_names_and_values(client: redis.Redis, newer: redis.Redis) -> None:
    prepare(client)
    found = as_dict(client.execute_command("NR.EXPLAIN", "net", "plan", "paid", "age", 31))
    assert list(found) == ["class", "answer", "mean", "rows", "shares", "values"]
    assert (found["class"], found["rows"]) == ("yes", 50)
    assert found["values"] == ["age", "31", "plan", "paid"]
    shares = as_dict(found["shares"])
    assert list(shares) == ["age", "plan"]
    assert sum(map(float, shares.values())) == float(found["answer"]) - float(found["mean"])
    assert float(shares["plan"]) > abs(float(shares["age"]))
    maps = newer.execute_command("NR.EXPLAIN", "net", "plan", "paid", "age", 31)
    assert maps["answer"] == float(found["answer"])
    assert maps["shares"] == ["age", float(shares["age"]), "plan", float(shares["plan"])]
    assert maps["values"] == ["age", 31.0, "plan", "paid"]
    for json in ('{"age":31,"plan":"paid"}', '[{"age":31,"plan":"paid"}]'):
        assert as_dict(client.execute_command("NR.EXPLAIN", "net", "JSON", json)) == found
    for json, count in (("[]", 0), ("[{},{}]", 2)):
        with pytest.raises(redis.ResponseError, match=f"^NRSHAPE {count} rows: expected one"):
            client.execute_command("NR.EXPLAIN", "net", "JSON", json)
    gaps = as_dict(client.execute_command("NR.EXPLAIN", "net", "->", "FOR", "no"))
    assert (gaps["class"], gaps["values"]) == ("no", ["age", None, "plan", None])


def test_explain_numbers_inputs_without_fields(client: redis.Redis) -> None:
    prepare(client)
    found = as_dict(client.execute_command("NR.EXPLAIN", "sum", *range(12), "->", "SEED", 3, "samples", 4))
    assert list(found) == ["output", "answer", "mean", "rows", "shares", "values", "standard-errors"]
    assert (found["output"], found["rows"]) == (0, 20)
    for name in ("shares", "values", "standard-errors"):
        assert found[name][::2] == list(range(12))
    assert [float(value) for value in found["values"][1::2]] == list(range(12))
    assert all(float(error) >= 0 for error in found["standard-errors"][1::2])
    again = client.execute_command("NR.EXPLAIN", "sum", *range(12), "->", "SAMPLES", 4, "SEED", 3)
    assert as_dict(again) == found


def test_explain_want_returns_changes_to_another_class(client: redis.Redis, newer: redis.Redis) -> None:
    prepare(client)
    row = ("plan", "paid", "age", 31)
    assert client.execute_command("NR.EXPLAIN", "net", *row, "->", "WANT", "no") == [
        "class", "yes", "want", "no", "changes", ["plan", "paid", "free"]
    ]  # fmt: skip
    assert newer.execute_command("NR.EXPLAIN", "net", *row, "->", "want", "yes") == {
        "class": "yes", "want": "yes", "changes": []
    }  # fmt: skip
    client.execute_command("NR.CREATE", "three", "CLASSIFIER", 1, "->", 3, "DATASET", 10, "SEED", 1)
    for x in range(10):
        client.execute_command("NR.OBSERVE", "three", x, "->", x // 5)
    client.execute_command("NR.TRAIN", "three", "MAXCYCLES", 200, "BLOCK", 0)
    found = as_dict(client.execute_command("NR.EXPLAIN", "three", 1, "->", "WANT", 2))
    assert (found["class"], found["want"], found["changes"]) == (0, 2, None)
    at, old, new = as_dict(client.execute_command("NR.EXPLAIN", "three", 1, "->", "WANT", 1))["changes"]
    assert (at, old) == (0, "1")
    assert client.execute_command("NR.CLASS", "three", new) == 1


def long_question(client: redis.Redis, inputs: int = 64, hidden: int = 200) -> list[Any]:
    """Create a network whose explanations take seconds or minutes."""
    client.execute_command("NR.CREATE", "long", "REGRESSOR", inputs, hidden, hidden, "->", 1, "DATASET", 200, "SEED", 1)
    rows = np.random.default_rng(1).normal(size=(200, inputs + 1)).astype("<f4")
    client.execute_command("NR.OBSERVE", "long", "FP32", rows.tobytes())
    return ["NR.EXPLAIN", "long", *rows[0, :inputs].tolist()]


def test_explain_uses_a_snapshot_and_does_not_block_other_clients(
    server: servers.Server,
) -> None:
    client = server.client(protocol=2)
    question = [*long_question(client), "->", "SAMPLES", 4]
    expected = client.execute_command(*question)
    with pending(server, *question) as answer:
        servers.wait_until(lambda: blocked(client) == 1)
        client.execute_command("NR.OBSERVE", "long", *[1] * 64, "->", 1)
        client.execute_command("NR.RESET", "long")
        client.delete("long")
        assert blocked(client) == 1, "the long reply has not arrived yet"
        reply = answer()
    assert [item.decode() if isinstance(item, bytes) else item for item in reply[:6]] == expected[:6]


def test_work_is_cancelled_when_its_client_disconnects(server: servers.Server) -> None:
    client = server.client(protocol=2)
    question = long_question(client, 500, 1000)
    with pending(server, *question, "->", "SAMPLES", 1000):
        servers.wait_until(lambda: blocked(client) == 1)
        for line in client.client_list():
            if line["cmd"] == "nr.explain":
                client.client_kill_filter(_id=line["id"])
        servers.wait_until(lambda: workers(server) == 0)
    assert blocked(client) == 0


@pytest.mark.parametrize("how", ["transaction", "script"])
def test_long_commands_are_rejected_in_transactions_and_scripts(server: servers.Server, how: str) -> None:
    client = server.client(protocol=2)

    def run(command: list[Any]) -> Any:
        if how == "script":
            return client.eval("return redis.call(unpack(ARGV))", 0, *command)
        pipe = client.pipeline(transaction=True)
        pipe.execute_command(*command)
        return pipe.execute()[0]

    prepare(client)
    assert as_dict(run(["NR.EXPLAIN", "net", "age", 31]))["class"] in ("yes", "no"), "short work is done at once"
    question = long_question(client)
    with pytest.raises(redis.ResponseError, match="this would hold up the server for about"):
        run(question)


def test_replica_returns_the_same_explanations(kind: kinds.Kind) -> None:
    with (
        servers.running(kind, module=MODULE, tcp=True) as server,
        servers.replica_of(server, kind, module=MODULE) as replica,
    ):
        client, reader = server.client(protocol=2), replica.client(protocol=2)
        prepare(client)
        assert client.execute_command("WAIT", 1, 30_000) == 1
        for question in (
            ["net", "age", 31],
            ["net", "age", 31, "plan", "free", "->", "WANT", "yes"],
            ["sum", *range(12), "->", "SEED", 5],
        ):
            assert reader.execute_command("NR.EXPLAIN", *question) == client.execute_command("NR.EXPLAIN", *question)


def test_explain_changes_nothing(client: redis.Redis) -> None:
    prepare(client)
    before = client.execute_command("DEBUG", "DIGEST")
    client.execute_command("NR.EXPLAIN", "net", "plan", "never-seen")
    client.execute_command("NR.EXPLAIN", "sum", *range(12))
    assert client.execute_command("DEBUG", "DIGEST") == before
