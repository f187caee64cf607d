"""The suite on a machine that lacks servers or programs: it reports them, and runs the other tests."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import kinds

TESTS = Path(__file__).parent


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run Python with arguments, and only the programs of a folder in the PATH."""

    def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        usual = {name: value for name, value in os.environ.items() if name not in ("CI", "NEURALREDIS_ALL_SERVERS")}
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=TESTS,
            env={**usual, "PATH": str(tmp_path), "NEURALREDIS_SERVERS": "", **environment},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.fixture
def tried(run: Callable[..., subprocess.CompletedProcess[str]]) -> Callable[..., list[str]]:
    """Return the available servers, one a line, and the missing requirements."""
    program = "import kinds; print(*(kind.name for kind in kinds.TRIED), kinds.missing(), sep='\\n')"

    def tried(**environment: str) -> list[str]:
        done = run("-c", program, **environment)
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    return tried


def collected(run: Callable[..., subprocess.CompletedProcess[str]], **environment: str) -> Any:
    """Collect tests for each kind of server, for each pair of them, under valgrind, and without any server."""
    files = ["test_module_loads.py", "test_redis_moving.py", "test_redis_valgrind.py", "test_rprop.py"]
    return run("-m", "pytest", "--collect-only", "-p", "no:cacheprovider", *files, **environment)


def program(folder: Path, script: str) -> Path:
    """Write a redis-server that runs a shell script."""
    folder.mkdir(exist_ok=True)
    path = folder / "redis-server"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def test_tests_that_need_missing_programs_are_left_out(
    run: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    done = collected(run)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "redis-7.0" not in done.stdout
    assert "test_memcheck" not in done.stdout
    assert "test_server_has_the_expected_version[valkey-9]" in done.stdout
    assert "valkey-9 to valkey-8" in done.stdout
    assert "test_rprop.py" in done.stdout
    first, last = (line for line in done.stdout.splitlines() if "left out" in line)
    for line in (first, last):
        assert "Redis 7.0 (redis-server is not installed; apt install redis-server" in line
        for name, package in {
            "valgrind": "valgrind",
            "node": "nodejs",
            "clang": "clang",
            "chromium": "chromium",
        }.items():
            assert f"{name} ({name} is not installed; apt install {package})" in line
        # The file exists if it was built.
        assert kinds.WASM.missing is None or "neuralredis.wasm is not built; rustup target add" in line
    assert first.startswith("servers: ")
    assert f"({int(last.split()[0])} deselected)" in done.stdout


@pytest.mark.parametrize("everything", [{"CI": "true"}, {"NEURALREDIS_ALL_SERVERS": "1"}])
def test_missing_programs_are_an_error_if_all_are_required(
    run: Callable[..., subprocess.CompletedProcess[str]], everything: dict[str, str]
) -> None:
    done = collected(run, **everything)
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "ERROR: the tests need what is missing here: Redis 7.0 (" in done.stderr
    assert "apt install valgrind" in done.stderr
    assert "collected" not in done.stdout
    assert "Traceback" not in done.stderr


def test_missing_server_named_by_the_variable_is_an_error(
    run: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    done = collected(run, NEURALREDIS_SERVERS="/nowhere/redis-server")
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "/nowhere/redis-server is not installed; NEURALREDIS_SERVERS names it" in done.stderr


@pytest.mark.parametrize(
    ("version", "is_tried"), [("6.0.16", False), ("7.0.15", True), ("7.2.4", True), ("8.0.2", True), ("10.0.0", True)]
)
def test_server_of_the_system_is_tested_from_version_7_0(
    tried: Callable[..., list[str]], tmp_path: Path, version: str, is_tried: bool
) -> None:
    program(tmp_path, f"echo 'Redis server v={version} sha=00000000:0 malloc=libc bits=64 build=0'")
    *names, missing = tried()
    assert (("redis-7.0" if version == "7.0.15" else f"redis-{version}") in names) is is_tried
    assert (f"redis-server has version {version}; apt install" in missing) is (version != "7.0.15")


def test_server_named_by_the_variable_is_tested(tried: Callable[..., list[str]], tmp_path: Path) -> None:
    named = program(tmp_path / "elsewhere", "echo 'Valkey server v=8.0.1 sha=00000000:0 malloc=libc bits=64 build=0'")
    assert "valkey-8.0.1" in tried(NEURALREDIS_SERVERS=str(named))


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("echo 'version GLIBC_2.99 not found' >&2; exit 1", "cannot be started: version GLIBC_2.99 not found"),
        ("echo something else", "--version prints 'something else'"),
    ],
)
def test_unusable_program_is_reported_with_the_reason(tmp_path: Path, script: str, why: str) -> None:
    path = program(tmp_path, script)
    kind = kinds.Kind("redis-8.2", lambda: path, "pip install it", "8.2")
    assert kind.missing == f"Redis 8.2 ({path} {why}; pip install it)"


def test_missing_execute_bit_is_restored(tmp_path: Path) -> None:
    path = program(tmp_path, "echo 'Redis server v=8.2.3 sha=0'")
    path.chmod(0o644)
    assert kinds.Kind("redis-8.2", lambda: path, "pip install it", "8.2").missing is None
    assert os.access(path, os.X_OK)
