"""What all tests share: the servers, and the builds of the module."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import neuralredis
import servers

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(params=servers.KINDS, ids=lambda kind: kind.name)
def kind(request: pytest.FixtureRequest) -> servers.Kind:
    """Each kind of server in turn. One that is not there is a failure: a skipped server is an unknown one."""
    kind: servers.Kind = request.param
    try:
        kind.binary()
    except FileNotFoundError as error:
        pytest.fail(str(error), pytrace=False)
    return kind


@pytest.fixture
def server(kind: servers.Kind) -> Iterator[servers.Server]:
    """Run each kind of server with the module of the package."""
    with servers.running(kind, module=neuralredis.module_path()) as server:
        yield server


@pytest.fixture(scope="session")
def probe_module() -> Path:
    """Return the module with the commands of rust/redis/src/probe.rs, built if it is not yet."""
    command = [sys.executable, "rust/python/bindgen_env.py", "cargo", "build", "--locked", "--quiet"]
    command += ["--package", "neuralredis-redis", "--features", "probe", "--message-format", "json"]
    lines = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    messages = [json.loads(line) for line in lines]
    libraries = [
        Path(message["filenames"][0])
        for message in messages
        if message["reason"] == "compiler-artifact" and message["target"]["kind"] == ["cdylib"]
    ]
    assert len(libraries) == 1
    return libraries[0]
