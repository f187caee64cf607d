"""The module in the package can be loaded by every server."""

from __future__ import annotations

import re

import pytest
import redis

import kinds
import neuralredis
import servers


def the_module(client: redis.Redis) -> dict[str, object]:
    found = [module for module in client.module_list() if module["name"] == "neuralredis"]
    return found[0] if found else {}


def test_server_has_the_expected_version(kind: kinds.Kind, server: servers.Server) -> None:
    info = server.client().info("server")
    assert info.get("valkey_version", info["redis_version"]).startswith(kind.version)


def test_module_list_shows_name_and_version(server: servers.Server) -> None:
    major, minor, patch = (int(part) for part in neuralredis.__version__.split("."))
    assert the_module(server.client())["ver"] == major * 10_000 + minor * 100 + patch


def test_log_reports_that_the_module_is_ready(server: servers.Server) -> None:
    assert re.search(rf"<neuralredis> neuralredis {neuralredis.__version__} is ready", server.log)


def test_loading_the_module_twice_is_rejected(server: servers.Server) -> None:
    client = server.client()
    with pytest.raises(redis.ResponseError, match="Error loading the extension"):
        client.module_load(str(neuralredis.module_path()))
    assert the_module(client)


def test_unloading_the_module_is_rejected(server: servers.Server) -> None:
    client = server.client()
    with pytest.raises(redis.ResponseError, match="Error unloading module"):
        client.module_unload("neuralredis")
    assert the_module(client)
    assert client.execute_command("NR.CREATE", "net", "REGRESSOR", 1, "->", 1) == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("cores", "4"),
            "the argument 'cores': expected threads, max-trainings, max-queued,",
        ),
        (("threads", "0"), "the argument threads is '0': expected an integer from 1 to 65536"),
        (("threads",), "the argument threads is '': expected an integer from 1 to 65536"),
    ],
)
def test_unknown_argument_is_named_in_the_log(kind: kinds.Kind, arguments: tuple[str, ...], message: str) -> None:
    with servers.running(kind) as server:
        with pytest.raises(redis.ResponseError, match="Error loading the extension"):
            server.client().module_load(str(neuralredis.module_path()), *arguments)
        assert message in server.log
