"""The module of the package loads on every server."""

from __future__ import annotations

import re

import pytest
import redis

import neuralredis
import servers


def the_module(client: redis.Redis) -> dict[str, object]:
    found = [module for module in client.module_list() if module["name"] == "neuralredis"]
    return found[0] if found else {}


def test_the_server_is_the_one_meant(kind: servers.Kind, server: servers.Server) -> None:
    info = server.client().info("server")
    assert info.get("valkey_version", info["redis_version"]).startswith(f"{kind.version}.")


def test_module_list_shows_name_and_version(server: servers.Server) -> None:
    major, minor, patch = (int(part) for part in neuralredis.__version__.split("."))
    assert the_module(server.client())["ver"] == major * 10_000 + minor * 100 + patch


def test_the_log_says_that_it_is_ready(server: servers.Server) -> None:
    assert re.search(rf"<neuralredis> neuralredis {neuralredis.__version__} is ready", server.log)


def test_loading_it_twice_is_refused_and_harmless(server: servers.Server) -> None:
    client = server.client()
    with pytest.raises(redis.ResponseError, match="Error loading the extension"):
        client.module_load(str(neuralredis.module_path()))
    assert the_module(client)


def test_it_can_be_unloaded_and_loaded_again(server: servers.Server) -> None:
    client = server.client()
    client.module_unload("neuralredis")
    assert not the_module(client)
    client.module_load(str(neuralredis.module_path()))
    assert the_module(client)
