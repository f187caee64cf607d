"""Long commands run on threads while the server serves others, with the same results."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import redis

import kinds
import neuralredis
import servers

MODULE = neuralredis.module_path()
#: 841,401 parameters, so many that weights are drawn, read and written on threads.
LAYOUT = [1200, 700, 1]
CHOSEN = {"normalize": True, "dataset": 4000, "test": 1000, "seed": 3}
OPTIONS = ("NORMALIZE", "DATASET", 4000, "TEST", 1000, "SEED", 3)
CREATE = ("NR.CREATE", "net", "REGRESSOR", 1200, 700, "->", 1, *OPTIONS)

Rows = npt.NDArray[np.float32]


def rows(count: int, seed: int = 1) -> Rows:
    """Return rows of 1200 inputs and an output, as NR.OBSERVE takes them after FP32."""
    values = np.random.default_rng(seed).normal(size=(count, 1201)).astype("<f4")
    values[:, 1200] = values[:, 0] + 2 * values[:, 1]
    return values


def split(values: Rows) -> tuple[Rows, Rows]:
    return values[:, :1200], values[:, 1200]


@pytest.fixture
def client(server: servers.Server) -> redis.Redis:
    return server.client(decode_responses=False, protocol=2)


@pytest.fixture
def embedded() -> neuralredis.Network:
    return neuralredis.Network("regressor", LAYOUT, **CHOSEN)


def exported(client: redis.Redis, key: str = "net") -> bytes:
    blob: bytes = client.execute_command("NR.EXPORT", key)
    return blob


@contextlib.contextmanager
def pending(server: servers.Server, *command: Any) -> Iterator[Callable[[], Any]]:
    """Send a command without waiting for the reply, which the yielded function returns."""
    client = server.client(decode_responses=False, protocol=2)
    connection = client.connection_pool.get_connection()
    connection.send_command(*command)
    try:
        yield connection.read_response
    finally:
        client.connection_pool.release(connection)


def blocked(client: redis.Redis) -> int:
    count: int = client.info("clients")["blocked_clients"]
    return count


def workers(server: servers.Server) -> int:
    """Return the threads that work on commands."""
    names = []
    for task in Path(f"/proc/{server.process.pid}/task").iterdir():
        with contextlib.suppress(OSError):
            names.append((task / "comm").read_text().strip())
    return names.count("nr-work")


def test_run_of_many_rows_matches_an_embedded_network(client: redis.Redis, embedded: neuralredis.Network) -> None:
    client.execute_command(*CREATE)
    inputs, _ = split(rows(300))
    answer = client.execute_command("NR.RUN", "net", "FP32", np.ascontiguousarray(inputs).tobytes())
    assert answer == embedded.run(inputs).tobytes()
    one = client.execute_command("NR.RUN", "net", *map(repr, inputs[0].tolist()))
    assert [float(number) for number in one] == pytest.approx(embedded.run(inputs[0]).tolist(), rel=1e-6)


def test_class_and_evaluate_of_many_rows_match_an_embedded_network(client: redis.Redis) -> None:
    client.execute_command("NR.CREATE", "net", "CLASSIFIER", 40, 300, 300, "->", 3, "DATASET", 4000, "SEED", 5)
    embedded = neuralredis.Network("classifier", [40, 300, 300, 3], dataset=4000, test=0, seed=5)
    values = np.random.default_rng(2).normal(size=(3000, 41)).astype("<f4")
    values[:, 40] = np.arange(3000) % 3
    client.execute_command("NR.OBSERVE", "net", "FP32", values.tobytes())
    embedded.observe(values[:, :40], values[:, 40].astype(int))
    classes = client.execute_command("NR.CLASS", "net", "FP32", np.ascontiguousarray(values[:, :40]).tobytes())
    assert classes == embedded.classify(values[:, :40]).tolist()
    expected = embedded.evaluate("train")
    for arguments in (["TRAIN"], ["FP32", values.tobytes()]):
        reply = client.execute_command("NR.EVALUATE", "net", *arguments)
        found = dict(zip(reply[::2], reply[1::2], strict=True))
        assert float(found[b"error"]) == expected.error
        assert float(found[b"accuracy"]) == expected.accuracy
        assert found[b"confusion"] == expected.confusion.tolist()


def test_error_in_a_large_batch_names_the_row(client: redis.Redis) -> None:
    client.execute_command(*CREATE)
    inputs = np.ascontiguousarray(rows(300)[:, :1200])
    inputs[250, 7] = np.nan
    with pytest.raises(redis.ResponseError, match="row 250: input 7 is NaN"):
        client.execute_command("NR.RUN", "net", "FP32", inputs.tobytes())
    values = rows(600)
    values[599, 1200] = np.inf
    with pytest.raises(redis.ResponseError, match="row 599: output 0 is inf"):
        client.execute_command("NR.OBSERVE", "net", "FP32", values.tobytes())
    assert client.execute_command("NR.GETDATA", "net", "TRAIN", 0) is None, "none was stored"


def test_long_command_blocks_only_its_client_and_keeps_order(server: servers.Server) -> None:
    client = server.client(protocol=2)
    client.execute_command("NR.CREATE", "net", "REGRESSOR", 16, 1000, 1000, "->", 1)
    inputs = np.ones((6000, 16), "<f4").tobytes()
    with pending(server, "NR.RUN", "net", "FP32", inputs) as answer:
        servers.wait_until(lambda: blocked(client) == 1)
        # Another client's commands on the same network while the first client waits.
        assert client.execute_command("NR.OBSERVE", "net", *[1] * 16, "->", 1) == [1, 0]
        assert len(client.execute_command("NR.RUN", "net", *[1] * 16)) == 1
        assert blocked(client) == 1, "the long reply has not arrived yet"
        assert len(answer()) == 4 * 6000
    pipe = server.client(decode_responses=False, protocol=2).pipeline(transaction=False)
    pipe.execute_command("SET", "order", 1)
    pipe.execute_command("NR.RUN", "net", "FP32", inputs[: 64 * 500])
    pipe.execute_command("GET", "order")
    pipe.execute_command("NR.RUN", "net", "FP32", inputs[:64])
    replies = pipe.execute()
    assert [len(reply) if isinstance(reply, bytes) else reply for reply in replies] == [True, 2000, 1, 4]


def test_work_is_cancelled_when_its_client_disconnects(server: servers.Server) -> None:
    client = server.client(protocol=2)
    client.execute_command("NR.CREATE", "net", "REGRESSOR", 16, 2000, 2000, "->", 1)
    client.execute_command("NR.CREATE", "data", "REGRESSOR", 1, 4000, 4000, "->", 1, "DATASET", 100_000)
    client.execute_command("NR.OBSERVE", "data", "FP32", np.ones((100_000, 2), "<f4").tobytes())
    create_of_texts(client, "texts", 2000, 2000)
    client.execute_command("NR.OBSERVE", "texts", "at", 1, "->", "class 0")
    # Each takes minutes.
    for command in (
        ["NR.RUN", "net", "FP32", np.ones((1_000_000, 16), "<f4").tobytes()],
        ["NR.EVALUATE", "data", "TRAIN"],
        ["NR.RUN", "texts", "JSON", f"[{','.join(['{}'] * 500_000)}]"],
    ):
        with pending(server, "CLIENT", "ID") as answer:
            number = answer()
        with pending(server, *command):
            servers.wait_until(lambda: blocked(client) == 1)
            for line in client.client_list():
                if line["cmd"] == command[0].lower() and line["id"] != str(number):
                    client.client_kill_filter(_id=line["id"])
            servers.wait_until(lambda: workers(server) == 0)
        assert blocked(client) == 0


@pytest.mark.parametrize("how", ["transaction", "script"])
def test_long_commands_are_rejected_in_transactions_and_scripts(server: servers.Server, how: str) -> None:
    client = server.client(decode_responses=False, protocol=2)
    client.execute_command("NR.CREATE", "net", "REGRESSOR", 16, 1000, 1000, "->", 1)

    def run(count: int) -> Any:
        command = ["NR.RUN", "net", "FP32", np.ones((count, 16), "<f4").tobytes()]
        if how == "script":
            return client.eval("return redis.call(unpack(ARGV))", 0, *command)
        pipe = client.pipeline(transaction=True)
        pipe.execute_command(*command)
        return pipe.execute()[0]

    assert len(run(50)) == 200, "short work is done at once"
    with pytest.raises(redis.ResponseError, match=r"about 5\d\d ms: expected at most 100, the limit neuralredis.max-"):
        run(2000)
    client.config_set("neuralredis.max-blocking-ms", 10_000)
    assert len(run(2000)) == 8000


def test_large_network_has_the_initial_weights_of_an_embedded_network(
    server: servers.Server, client: redis.Redis, embedded: neuralredis.Network
) -> None:
    assert client.execute_command(*CREATE) == 841_401
    assert client.execute_command("NR.INFO", "net")[1::2].count(841_401) == 1
    assert exported(client) == bytes(embedded)
    client.execute_command("NR.RESET", "net")
    embedded.reset()
    # Copies, digests and snapshots of weights that are not drawn yet have the weights that will be drawn.
    client.copy("net", "copy")
    assert exported(client, "copy") == bytes(embedded)
    client.execute_command("NR.RESET", "net")
    client.execute_command("SAVE")
    embedded.reset()
    client.execute_command("DEBUG", "RELOAD", "NOSAVE")
    assert exported(client) == bytes(embedded)
    for _ in range(40):
        client.execute_command("NR.RESET", "net")
        embedded.reset()
    assert exported(client) == bytes(embedded)


def test_bgsave_contains_weights_that_are_being_drawn(kind: kinds.Kind) -> None:
    with servers.running(kind, module=MODULE) as server:
        client = server.client(decode_responses=False, protocol=2)
        for number in range(5):
            client.execute_command(*CREATE[:1], f"net{number}", *CREATE[2:])
        client.execute_command("BGSAVE")
        expected = [exported(client, f"net{number}") for number in range(5)]
        servers.wait_until(lambda: not client.info("persistence")["rdb_bgsave_in_progress"])
        client.execute_command("DEBUG", "RELOAD", "NOSAVE")
        assert [exported(client, f"net{number}") for number in range(5)] == expected


@pytest.mark.parametrize("preamble", ["yes", "no"])
def test_aof_and_replicas_receive_effects_of_long_commands(kind: kinds.Kind, preamble: str) -> None:
    options = ["--appendonly", "yes", "--appendfsync", "no", "--aof-use-rdb-preamble", preamble]
    strict = ["--propagation-error-behavior", "panic"]
    with (
        servers.running(kind, *options, module=MODULE, tcp=True) as server,
        servers.replica_of(server, kind, *strict, module=MODULE) as replica,
    ):
        client, reader = (each.client(decode_responses=False, protocol=2) for each in (server, replica))
        client.execute_command(*CREATE)
        client.execute_command("NR.OBSERVE", "net", "FP32", rows(1100).tobytes())
        client.execute_command("NR.TRAIN", "net", "MAXCYCLES", 2, "BLOCK", 0)
        client.execute_command("NR.IMPORT", "other", exported(client))
        client.execute_command("NR.CONFIGURE", "net", "DATASET", 100)
        client.execute_command("NR.RESET", "other")
        client.execute_command("NR.TRAIN", "net", "MAXCYCLES", 1, "BLOCK", 0)
        assert client.execute_command("WAIT", 1, 30_000) == 1
        # The replica predicts with weights that it may not have decoded completely.
        inputs = np.ascontiguousarray(rows(4)[:, :1200]).tobytes()
        for key in ("net", "other"):
            command = ["NR.RUN", key, "FP32", inputs]
            assert reader.execute_command(*command) == client.execute_command(*command)
        digest = client.execute_command("DEBUG", "DIGEST")
        assert reader.execute_command("DEBUG", "DIGEST") == digest
        if preamble == "no":
            client.execute_command("BGREWRITEAOF")
            servers.wait_until(lambda: not client.info("persistence")["aof_rewrite_in_progress"])
        server.kill()
        with servers.reopened(kind, server, *options, module=MODULE) as again:
            assert again.client(decode_responses=False).execute_command("DEBUG", "DIGEST") == digest


def test_large_batch_is_stored_as_in_an_embedded_network(
    server: servers.Server, client: redis.Redis, embedded: neuralredis.Network
) -> None:
    client.execute_command(*CREATE)
    for seed in (1, 2):  # the second time rows are replaced
        values = rows(4000, seed)
        counts = client.execute_command("NR.OBSERVE", "net", "FP32", values.tobytes())
        assert tuple(counts) == embedded.observe(*split(values))
    assert exported(client) == bytes(embedded)
    counts = client.execute_command("NR.OBSERVE", "net", "FP32", rows(500, 3).tobytes(), "TEST")
    assert tuple(counts) == embedded.observe(*split(rows(500, 3)), into="test")
    assert exported(client) == bytes(embedded)
    with pytest.raises(redis.ResponseError, match="WEIGHT is for one row"):
        client.execute_command("NR.OBSERVE", "net", "FP32", values.tobytes(), "WEIGHT", 1)
    with pytest.raises(redis.ResponseError, match="expected a multiple of 4804"):
        client.execute_command("NR.OBSERVE", "net", "FP32", values.tobytes()[:-4])


def test_deleting_the_network_during_a_batch_reports_the_stored_rows(server: servers.Server) -> None:
    client = server.client(protocol=2)
    client.execute_command("NR.CREATE", "net", "REGRESSOR", 1200, "->", 1, "DATASET", 100_000)
    with pending(server, "NR.OBSERVE", "net", "FP32", rows(20_000).tobytes()) as answer:
        servers.wait_until(lambda: blocked(client) == 1)
        client.delete("net")
        with pytest.raises(redis.ResponseError, match="no network at key 'net'"):
            answer()


def test_smaller_limit_drops_the_same_rows_as_an_embedded_network(
    server: servers.Server, client: redis.Redis, embedded: neuralredis.Network
) -> None:
    client.execute_command(*CREATE)
    values = rows(4000)
    client.execute_command("NR.OBSERVE", "net", "FP32", values.tobytes())
    embedded.observe(*split(values))
    for limits in ({"dataset": 2900}, {"dataset": 700, "test": 300, "normalize": False}):
        words = {"normalize": ["NORMALIZE", "no"]}
        options = [words.get(name, [name, value]) for name, value in limits.items()]
        client.execute_command("NR.CONFIGURE", "net", *(word for option in options for word in option))
        embedded.configure(**limits)
        assert exported(client) == bytes(embedded)


def test_rows_observed_while_a_limit_shrinks_are_kept(server: servers.Server) -> None:
    client = server.client(protocol=2)
    client.execute_command("NR.CREATE", "net", "REGRESSOR", 1200, "->", 1, "DATASET", 20_000, "TEST", 1000)
    client.execute_command("NR.OBSERVE", "net", "FP32", rows(20_000).tobytes(), "TRAIN")
    row = [*range(1200), "->", 5]
    with pending(server, "NR.CONFIGURE", "net", "DATASET", 9000) as answer:
        stored = 0
        while blocked(client) == 1:
            client.execute_command("NR.OBSERVE", "net", *row, "TEST")
            stored += 1
        assert answer() == b"OK"
    found = dict(zip(*[iter(client.execute_command("NR.INFO", "net"))] * 2, strict=True))
    assert (found["training-dataset-len"], found["training-dataset-maxlen"]) == (9000, 9000)
    assert found["test-dataset-len"] == min(stored, 1000)


def test_import_checks_the_key_after_it_was_decoded(server: servers.Server) -> None:
    client = server.client(decode_responses=False, protocol=2)
    client.execute_command("NR.CREATE", "net", "REGRESSOR", 1200, "->", 1, "DATASET", 20_000)
    client.execute_command("NR.OBSERVE", "net", "FP32", rows(10_000).tobytes())
    blob = exported(client)
    with pending(server, "NR.IMPORT", "key", blob) as answer:
        servers.wait_until(lambda: blocked(client) == 1)
        client.set("key", "a string")
        with pytest.raises(redis.ResponseError, match="WRONGTYPE"):
            answer()
    assert client.get("key") == b"a string"
    with pytest.raises(redis.ResponseError, match="there is a network at key 'net'"):
        client.execute_command("NR.IMPORT", "net", blob)
    damaged = blob[:-1] + bytes([blob[-1] ^ 1])
    with pytest.raises(redis.ResponseError, match="its checksum is"):
        client.execute_command("NR.IMPORT", "net", damaged, "REPLACE")
    assert exported(client) == blob
    assert client.execute_command("NR.IMPORT", "copy", blob) == b"OK"
    assert exported(client, "copy") == blob


TEXT = "word{} of a text that goes on for quite a while, as the texts of people do, who have {} things to tell "


def texts(count: int) -> tuple[str, list[Any]]:
    """Return rows of fields as JSON, with more and more new words, and their outcomes."""
    found = [
        {"at": row, "plan": f"plan {row % 300}", "text": 4 * TEXT.format(row % 100, row % 7)} for row in range(count)
    ]
    return json.dumps(found), [f"class {row % 5}" for row in range(count)]


def create_of_texts(client: redis.Redis, key: str, *hidden: int) -> None:
    schema = ("SCHEMA", "at", "NUMBER", "plan", "CATEGORY", 200, "text", "TEXT", 64, "->", "kind")
    limits = ("DATASET", 15_000, "TEST", 3000, "SEED", 3)
    client.execute_command("NR.CREATE", key, "CLASSIFIER", *schema, "HIDDEN", *hidden, *limits)


def test_storing_json_rows_does_not_block_other_clients(server: servers.Server) -> None:
    client = server.client(decode_responses=False, protocol=2)
    create_of_texts(client, "net", 4)
    create_of_texts(client, "parts", 4)
    text, outcomes = texts(20_000)
    with pending(server, "NR.OBSERVE", "net", "JSON", text, "->", *outcomes) as answer:
        servers.wait_until(lambda: blocked(client) == 1)
        assert client.execute_command("NR.INFO", "net")[:2]
        assert client.execute_command("NR.OBSERVE", "parts", "JSON", "[]", "->") == [0, 0]
        assert blocked(client) == 1, "the long reply has not arrived yet"
        assert answer() == [15_000, 3000]
    # Parts of the rows have the same effect.
    rows_of_json = json.loads(text)
    for first in range(0, 20_000, 50):
        part = json.dumps(rows_of_json[first : first + 50])
        client.execute_command("NR.OBSERVE", "parts", "JSON", part, "->", *outcomes[first : first + 50])
    assert len(set(client.execute_command("DEBUG", "DIGEST-VALUE", "net", "parts"))) == 1


def test_json_rows_with_an_invalid_last_row_are_not_stored(server: servers.Server) -> None:
    client = server.client(decode_responses=False, protocol=2)
    create_of_texts(client, "net", 4)
    before = client.execute_command("DEBUG", "DIGEST")
    text, outcomes = texts(3000)
    wrong = text[:-1] + ', {"at": "late", "plan": "a new one"}]'
    for more in (["new"], []):
        with pytest.raises(redis.ResponseError, match=r"row 3000: field at is 'late'|expected 3001 outputs"):
            client.execute_command("NR.OBSERVE", "net", "JSON", wrong, "->", *outcomes, *more)
    assert client.execute_command("DEBUG", "DIGEST") == before
    with pending(server, "NR.OBSERVE", "net", "JSON", text, "->", *outcomes) as answer:
        servers.wait_until(lambda: blocked(client) == 1)
        client.rename("net", "other")
        with pytest.raises(redis.ResponseError, match="no network at key 'net'"):
            answer()


def test_ranking_many_hashes_does_not_block_other_clients(server: servers.Server) -> None:
    client = server.client(decode_responses=False, protocol=2)
    schema = ("SCHEMA", "user.age", "NUMBER", "item.price", "NUMBER", "item.kind", "CATEGORY")
    client.execute_command("NR.CREATE", "net", "REGRESSOR", *schema, "->", "worth", "HIDDEN", 1000, 1000, "SEED", 2)
    client.hset("user", "age", 30)
    pipe = client.pipeline(transaction=False)
    for number in range(6000):
        pipe.hset(f"item:{number}", mapping={"price": number % 997, "kind": f"kind {number % 7}"})
    pipe.execute()
    keys = [f"item:{number}" for number in range(6000)]
    with pending(server, "NR.RANK", "net", 6001, "user", *keys, "->", "WITHSCORES") as answer:
        servers.wait_until(lambda: blocked(client) == 1)
        client.hset("item:5", "price", 5000)
        client.delete("item:6")
        assert client.execute_command("NR.INFO", "net")[:2]
        assert blocked(client) == 1, "the long reply has not arrived yet"
        found = answer()
    scores = [float(score) for score in found[1::2]]
    assert scores == sorted(scores, reverse=True)
    assert {key.decode() for key in found[::2]} == set(keys)
    field = dict(zip(found[::2], found[1::2], strict=True))
    for number in (0, 5, 6, 5999):
        words = ["user.age", 30, "item.price", number % 997, "item.kind", f"kind {number % 7}"]
        assert client.execute_command("NR.RUN", "net", *words) == [field[f"item:{number}".encode()]], (
            "as of the request"
        )
    with pytest.raises(redis.ResponseError, match="in a transaction or a script, where the client cannot wait"):
        client.pipeline(transaction=True).execute_command("NR.RANK", "net", 6001, "user", *keys).execute()


def test_commands_on_too_many_hashes_are_rejected(server: servers.Server) -> None:
    client = server.client(protocol=2)
    schema = [word for number in range(1000) for word in (f"field{number}", "NUMBER")]
    client.execute_command("NR.CREATE", "net", "REGRESSOR", "SCHEMA", *schema, "->", "sum", "HIDDEN", 0, "SEED", 1)
    client.hset("hash", "field7", 1)
    for command, more in (("NR.RANK", []), ("NR.HRUN", []), ("NR.HOBSERVE", ["->", 1])):
        few = client.execute_command(command, "net", 20, *["hash"] * 20, *more)
        assert len(few) == (20 if command == "NR.RANK" else len(few))
        with pytest.raises(redis.ResponseError, match=r"limit neuralredis\.max-blocking-ms, of fewer hashes"):
            client.execute_command(command, "net", 4000, *["hash"] * 4000, *more)


def test_field_statistics_do_not_block_other_clients(server: servers.Server) -> None:
    client = server.client(protocol=2)
    client.execute_command(
        "NR.CREATE", "net", "CLASSIFIER", "SCHEMA", "at", "NUMBER", "plan", "CATEGORY", "->", "kind",
        "HIDDEN", 1000, 1000, "DATASET", 20_000, "TEST", 2000, "SEED", 3,
    )  # fmt: skip

    def observe(first: int, end: int) -> None:
        found = json.dumps([{"at": row, "plan": f"plan {row % 300}"} for row in range(first, end)])
        outcomes = [f"class {row % 5}" for row in range(first, end)]
        client.execute_command("NR.OBSERVE", "net", "JSON", found, "->", *outcomes)

    observe(0, 1000)
    client.execute_command("NR.TRAIN", "net", "MAXCYCLES", 1, "MAXTIME", 0, "BLOCK", 0)
    observe(1000, 20_000)
    with pending(server, "NR.FIELDS", "net") as answer:
        servers.wait_until(lambda: blocked(client) == 1)
        assert client.execute_command("NR.OBSERVE", "net", "at", 1_000_000, "->", "class 0")
        assert blocked(client) == 1, "the long reply has not arrived yet"
        at, plan = ({part[0]: part[1] for part in zip(field[::2], field[1::2], strict=True)} for field in answer())
    assert (at[b"values"], at[b"max"]) == (20_000, b"19999"), "as of the request"
    assert (plan[b"words"], plan[b"other"]) == (100, 13_300)
    assert plan[b"importance"] is not None
    with pytest.raises(redis.ResponseError, match="where the client cannot wait"):
        client.pipeline(transaction=True).execute_command("NR.FIELDS", "net").execute()


def test_json_batch_returns_the_answers_of_single_rows(server: servers.Server) -> None:
    client = server.client(decode_responses=False, protocol=2)
    create_of_texts(client, "net", 50, 50)
    text, outcomes = texts(4000)
    client.execute_command("NR.OBSERVE", "net", "JSON", text, "->", *outcomes)
    client.execute_command("NR.TRAIN", "net", "MAXCYCLES", 2, "MAXTIME", 0, "BLOCK", 0)
    found = client.execute_command("NR.RUN", "net", "JSON", text)
    classes = client.execute_command("NR.CLASS", "net", "JSON", text, "->", "WITHSCORES")
    assert len(found) == len(classes) == 4000
    rows_of_json = json.loads(text)
    for row in range(0, 4000, 397):
        one = json.dumps(rows_of_json[row])
        assert client.execute_command("NR.RUN", "net", "JSON", one) == found[row]
        assert client.execute_command("NR.CLASS", "net", "JSON", one, "->", "WITHSCORES") == classes[row]


def test_info_with_many_class_names_runs_on_a_thread(server: servers.Server) -> None:
    client = server.client(decode_responses=False, protocol=2)
    names = [f"class {number}" for number in range(100_000)]
    schema = ("SCHEMA", "at", "NUMBER", "->", "kind", "CLASSES", len(names), *names)
    client.execute_command("NR.CREATE", "net", "CLASSIFIER", *schema, "HIDDEN", 0, "SEED", 1)
    reply = client.execute_command("NR.INFO", "net")
    assert reply[reply.index(b"classes") + 1] == [name.encode() for name in names]
    found = client.execute_command("NR.RUN", "net", "at", 5)
    assert found[::2] == [name.encode() for name in names]
    best = max(range(len(names)), key=lambda number: float(found[2 * number + 1]))
    assert client.execute_command("NR.CLASS", "net", "at", 5) == names[best].encode()
    client.config_set("neuralredis.max-blocking-ms", 1)
    for words in (["NR.INFO", "net"], ["NR.RUN", "net", "at", 5], ["NR.RUN", "net", "at", 5, "->", "TOP", 1]):
        with pytest.raises(redis.ResponseError, match="where the client cannot wait"):
            client.pipeline(transaction=True).execute_command(*words).execute()
