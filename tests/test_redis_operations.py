"""Operations: shutdown, configuration and loading."""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import inredis
import pytest
import redis

import kinds
import neuralredis
import servers

#: Seconds that the shutdown of a server may take during trainings; it takes a few hundredths.
AT_ONCE = 5.0


def busy(server: servers.Server) -> redis.Redis:
    """Keep all training threads busy, with more trainings queued."""
    client = server.client(protocol=2)
    client.config_set("neuralredis.max-trainings", 3)
    keys = [f"net{number}" for number in range(5)]
    for key in keys:
        inredis.create(client, key)
        client.execute_command("NR.TRAIN", key, "MAXCYCLES", 3, "MAXTIME", 0, "BLOCK", 0)
    for key in keys:
        inredis.train(client, key)
    servers.wait_until(lambda: inredis.section(client)["trainings_running"] == 3)
    return client


@pytest.mark.parametrize("how", ["SHUTDOWN SAVE", "SHUTDOWN NOSAVE", "SIGTERM", "SIGINT"])
def test_shutdown_during_trainings_is_immediate_and_keeps_results(
    kind: kinds.Kind, tmp_path: Path, figure: Callable[[str], None], how: str
) -> None:
    options = ["--save", "3600 1"]  # the usual setting; SHUTDOWN without options and signals then save
    with servers.running(kind, *options, module=neuralredis.module_path()) as server:
        client = busy(server)
        digest = client.execute_command("DEBUG", "DIGEST")
        start = time.monotonic()
        if how.startswith("SIG"):
            server.process.send_signal(getattr(signal, how))
        else:
            with pytest.raises(redis.ConnectionError):
                client.execute_command(*how.split())
        server.process.wait(servers.PATIENCE)
        took = time.monotonic() - start
        figure(f"{how} took {took:.3f} s")
        assert took < AT_ONCE
        assert server.process.returncode == 0
        saved = server.directory / "dump.rdb"
        assert saved.exists() == (how != "SHUTDOWN NOSAVE")
        if saved.exists():
            saved.rename(tmp_path / "dump.rdb")
    if how == "SHUTDOWN NOSAVE":
        return
    with servers.running(kind, "--dir", str(tmp_path), module=neuralredis.module_path()) as server:
        client = server.client(protocol=2)
        assert client.execute_command("DEBUG", "DIGEST") == digest
        assert [inredis.cycles(client, f"net{number}") for number in range(5)] == [3] * 5
        assert client.execute_command("NR.THREADS") == []


def test_shutdown_unblocks_clients_that_wait_for_a_training(server: servers.Server) -> None:
    client = busy(server)
    ends: list[Any] = []

    def wait() -> None:
        try:
            ends.append(server.client(protocol=2).execute_command("NR.WAIT", "net0"))
        except redis.ConnectionError as error:
            ends.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    servers.wait_until(lambda: client.info("clients")["blocked_clients"] == 1)
    with contextlib.suppress(redis.ConnectionError):
        client.execute_command("SHUTDOWN", "NOSAVE")
    thread.join(servers.PATIENCE)
    assert ends == ["dropped"] or isinstance(ends[0], redis.ConnectionError)


def test_module_does_not_change_process_settings(server: servers.Server) -> None:
    def traits() -> tuple[str, str, str, str]:
        process = Path(f"/proc/{server.process.pid}")
        of_main_thread = (process / "stat").read_text().rsplit(")", 1)[1].split()
        limits = (process / "limits").read_text()
        status = (process / "status").read_text()
        signals = "\n".join(line for line in status.splitlines() if line.startswith(("SigIgn", "SigCgt", "Umask")))
        return (process / "oom_score_adj").read_text(), of_main_thread[15] + of_main_thread[16], limits, signals

    before = traits()
    client = busy(server)
    client.flushall()
    servers.wait_until(lambda: inredis.section(client)["trainings_running"] == 0)
    assert traits() == before
    assert client.config_get("oom-score-adj") == {"oom-score-adj": "no"}


def test_config_rewrite_keeps_the_settings(kind: kinds.Kind, tmp_path: Path) -> None:
    file = tmp_path / "server.conf"
    file.write_text(
        f"loadmodule {neuralredis.module_path()} threads 3\n"
        "neuralredis.max-trainings 7\nneuralredis.enable-internal-commands yes\n"
    )

    def settings(client: redis.Redis) -> dict[str, str]:
        return {name.removeprefix("neuralredis."): value for name, value in client.config_get("neuralredis.*").items()}

    with servers.running(kind, config=file) as server:
        client = server.client()
        given = {
            "max-trainings": "7", "enable-internal-commands": "yes", "max-queued": "4000", "max-training-ms": "0",
            "max-blocking-ms": "100",
        }  # fmt: skip
        assert settings(client) == {"threads": "3", "max-network-bytes": "0", **given}
        client.config_set("neuralredis.threads", 2)
        client.config_set("neuralredis.max-network-bytes", "3mb")
        client.config_rewrite()
    for _ in range(2):
        # The rest belongs to the stopped server: its directory and its socket.
        kept = [line for line in file.read_text().splitlines() if line.startswith(("loadmodule ", "neuralredis."))]
        file.write_text("\n".join(kept) + "\n")
        with servers.running(kind, config=file) as server:
            client = server.client()
            assert settings(client) == {"threads": "2", "max-network-bytes": str(3 << 20), **given}
            client.config_rewrite()
    assert file.read_text().count("loadmodule") == 1


def test_module_load_takes_settings_and_arguments(kind: kinds.Kind) -> None:
    with servers.running(kind) as server:
        client = server.client(protocol=2)
        path = str(neuralredis.module_path())
        # The server rejects an unknown setting after loading the module. Redis 7.0 then keeps the module loaded,
        # and Valkey 8 and 9 crash, as with any module that has a type of its own.
        with pytest.raises(redis.ResponseError):
            client.execute_command("MODULE", "LOADEX", path, "CONFIG", "neuralredis.threads", "0")
        assert "neuralredis" not in [module["name"] for module in client.module_list()]
        assert client.ping()
        given = ("CONFIG", "neuralredis.threads", "3", "ARGS", "max-trainings", "5")
        assert client.execute_command("MODULE", "LOADEX", path, *given) == "OK"
        assert client.config_get("neuralredis.*") == {
            "neuralredis.threads": "3", "neuralredis.max-trainings": "5", "neuralredis.max-network-bytes": "0",
            "neuralredis.enable-internal-commands": "no", "neuralredis.max-blocking-ms": "100",
            "neuralredis.max-queued": "4000", "neuralredis.max-training-ms": "0",
        }  # fmt: skip
        inredis.create(client, "net")
        assert client.execute_command("NR.TRAIN", "net", "MAXCYCLES", 2, "BLOCK", 0) == "finished"


def test_io_threads_do_not_change_results(kind: kinds.Kind) -> None:
    options = ["--io-threads", "4", *(["--io-threads-do-reads", "yes"] if kind.name == "redis" else [])]
    with servers.running(kind, *options, module=neuralredis.module_path()) as server:
        faults: list[object] = []

        def use(number: int) -> None:
            try:
                client = server.client(protocol=3)
                key = f"net{number}"
                client.execute_command(
                    "NR.CREATE", key, "REGRESSOR", 50, 5, "->", 1, "DATASET", 500, "SEED", 1, "NORMALIZE"
                )
                rows = inredis.blob(*([(row * column) % 11 for column in range(51)] for row in range(100)))
                for _ in range(20):
                    with client.pipeline(transaction=False) as pipeline:
                        pipeline.execute_command("NR.OBSERVE", key, "FP32", rows)
                        pipeline.execute_command("NR.RUN", key, *range(50))
                        pipeline.execute_command("NR.TRAIN", key, "MAXCYCLES", 1, "BLOCK", 0)
                        assert pipeline.execute()[-1] == "finished"
            except Exception as fault:
                faults.append(fault)

        threads = [threading.Thread(target=use, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert faults == []
        client = server.client()
        digests = client.execute_command("DEBUG", "DIGEST-VALUE", *(f"net{number}" for number in range(8)))
        assert [inredis.cycles(client, f"net{number}") for number in range(8)] == [20] * 8
        # Equal except for the durations of their trainings.
        assert len({str(client.execute_command("NR.RUN", f"net{number}", *range(50))) for number in range(8)}) == 1
        assert len(digests) == 8


def test_user_data_is_not_logged(server: servers.Server) -> None:
    client = server.client(protocol=2)
    raw = server.client(protocol=2, decode_responses=False)
    if "hide-user-data-from-log" in client.config_get("hide-user-data-from-log"):
        client.config_set("hide-user-data-from-log", "yes")
    client.config_set("loglevel", "debug")
    inredis.create(client, "secret:name")
    client.execute_command("NR.TRAIN", "secret:name", "MAXCYCLES", 1, "BLOCK", 0)
    dumped, exported = raw.dump("secret:name") or b"", raw.execute_command("NR.EXPORT", "secret:name")
    for command in (
        ["NR.RUN", "secret:name", "secret:input", 1],
        ["NR.CREATE", "secret:name", "REGRESSOR", 1, "->", 1],
        ["NR.INFO", "secret:other"],
        ["NR.IMPORT", "secret:other", exported[:-1] + b"?"],
        ["RESTORE", "secret:other", 0, dumped[:50] + b"?" + dumped[51:]],
    ):
        with pytest.raises(redis.ResponseError):
            raw.execute_command(*command)
    client.execute_command("DEBUG", "RELOAD")
    client.flushall()
    assert "secret:" not in server.log
