"""Keys that are moved or deleted during a training: the result reaches its network, and no other."""

from __future__ import annotations

import inredis
import pytest
import redis

import servers


@pytest.fixture
def client(server: servers.Server) -> redis.Redis:
    client = server.client(protocol=2)
    inredis.create(client, "net")
    inredis.train(client, "net")
    return client


def shows(client: redis.Redis, text: str) -> bool:
    """Return whether NR.THREADS shows this. Valkey 8 is left out, since its key events are harmful to modules."""
    version = str(client.info("server").get("valkey_version", "none"))
    return version.startswith("8.") or text in client.execute_command("NR.THREADS")[0]


def stop(client: redis.Redis, key: str) -> None:
    servers.wait_until(lambda: all(" cycle=0 " not in line for line in client.execute_command("NR.THREADS")))
    assert client.execute_command("NR.STOP", key) == 1
    servers.wait_until(lambda: not inredis.info(client, key)["training"])
    assert inredis.cycles(client, key) > 0


def test_renamed_network_receives_its_result(client: redis.Redis) -> None:
    client.execute_command("DEBUG", "POPULATE", 20_000)
    client.rename("net", "other")
    assert shows(client, " key=other ")
    stop(client, "other")


def test_rename_over_a_network_drops_its_training(client: redis.Redis) -> None:
    inredis.create(client, "other")
    inredis.train(client, "other")
    client.rename("net", "other")
    servers.wait_until(lambda: len(client.execute_command("NR.THREADS")) == 1)
    stop(client, "other")
    servers.wait_until(lambda: inredis.section(client)["trainings_dropped"] == 1)


def test_networks_that_swap_names_receive_their_own_results(client: redis.Redis) -> None:
    client.execute_command("NR.CREATE", "long", "CLASSIFIER", 2, 30, "->", 2, "DATASET", 100)
    client.execute_command("NR.OBSERVE", "long", "FP32", inredis.blob((0, 1, 0), (1, 0, 1)))
    inredis.train(client, "long")
    for old, new in (("net", "temporary"), ("long", "net"), ("temporary", "long")):
        client.rename(old, new)
    stop(client, "net")
    assert inredis.info(client, "net")["parameters"] == 152
    assert inredis.info(client, "long")["training"] == 1
    stop(client, "long")
    assert inredis.info(client, "long")["parameters"] == 42


def test_moved_network_receives_its_result(server: servers.Server, client: redis.Redis) -> None:
    client.move("net", 3)
    there = server.client(db=3, protocol=2)
    stop(there, "net")
    assert not client.exists("net")


def test_network_of_a_swapped_database_receives_its_result(server: servers.Server, client: redis.Redis) -> None:
    there = server.client(db=5, protocol=2)
    inredis.create(there, "net")
    client.swapdb(0, 5)
    assert shows(client, " db=5 ")
    stop(there, "net")
    assert inredis.cycles(client, "net") == 0


def test_copy_of_a_network_in_training_stays_unchanged(client: redis.Redis) -> None:
    before = client.execute_command("NR.RUN", "net", 0.3, 0.4)
    client.copy("net", "copy")
    assert inredis.info(client, "copy")["training"] == 0
    assert inredis.info(client, "copy")["id"] != inredis.info(client, "net")["id"]
    stop(client, "net")
    assert client.execute_command("NR.RUN", "copy", 0.3, 0.4) == before
    assert client.execute_command("NR.RUN", "net", 0.3, 0.4) != before


def test_recreated_key_does_not_receive_the_old_result(client: redis.Redis) -> None:
    client.delete("net")
    inredis.create(client, "net")
    servers.wait_until(lambda: inredis.section(client)["trainings_dropped"] == 1)
    assert inredis.cycles(client, "net") == 0
    inredis.train(client, "net")
    stop(client, "net")


def test_reset_network_can_be_trained_immediately(client: redis.Redis) -> None:
    client.execute_command("NR.RESET", "net")
    client.execute_command("NR.TRAIN", "net", "MAXCYCLES", 4)
    servers.wait_until(lambda: inredis.cycles(client, "net") == 4)


def test_import_replaces_a_network_in_training(server: servers.Server, client: redis.Redis) -> None:
    raw = server.client(protocol=2, decode_responses=False)
    exported = raw.execute_command("NR.EXPORT", "net")
    raw.execute_command("NR.IMPORT", "net", exported, "REPLACE")
    servers.wait_until(lambda: inredis.section(client)["trainings_dropped"] == 1)
    assert raw.execute_command("NR.EXPORT", "net") == exported


def test_dump_during_a_training_has_the_old_weights(server: servers.Server, client: redis.Redis) -> None:
    raw = server.client(protocol=2, decode_responses=False)
    raw.restore("restored", 0, raw.dump("net"))
    assert inredis.info(client, "restored")["training"] == 0
    assert raw.execute_command("NR.EXPORT", "restored") == raw.execute_command("NR.EXPORT", "net")


@pytest.mark.parametrize("name", [b"", b"a b", b"\x00\r\n%n%s", b"\xff\xfe", b"x" * 5000])
def test_key_may_be_any_bytes(server: servers.Server, client: redis.Redis, name: bytes) -> None:
    raw = server.client(protocol=2, decode_responses=False)
    with pytest.raises(redis.ResponseError, match="no network at key"):
        raw.execute_command("NR.INFO", name)
    inredis.create(raw, name)  # type: ignore[arg-type]
    raw.execute_command("NR.TRAIN", name, "MAXTIME", 0)
    assert len(raw.execute_command("NR.THREADS")) == 2
    with pytest.raises(redis.ResponseError, match="already"):
        raw.execute_command("NR.CREATE", name, "REGRESSOR", 1, "->", 1)
    raw.execute_command("NR.STOP", name)
    servers.wait_until(lambda: len(raw.execute_command("NR.THREADS")) == 1)


def test_copy_and_move_leave_the_client_in_its_database(server: servers.Server) -> None:
    client = server.client(protocol=2)
    for command in ("SET a 1", "COPY a b DB 3", "MOVE a 3", "SET c 1", "EVAL redis.call('MOVE','c',3) 0"):
        client.execute_command(*command.split())
        assert client.client_info()["db"] == 0, command
