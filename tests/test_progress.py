"""Progress of trainings: a bar, or a callback."""

from __future__ import annotations

import fcntl
import io
import os
import re
import struct
import subprocess
import sys
import termios
import textwrap
import time
from typing import Any

import numpy as np
import pytest

import neuralredis as nr
from programs import output_of


def network() -> nr.Network:
    rng = np.random.default_rng(0)
    net = nr.Network("classifier", [4, 10, 2], dataset=200, test=100, seed=1)
    X = rng.normal(size=(300, 4))
    net.observe(X, (X[:, 0] * X[:, 1] > 0).astype(int))
    return net


def lines(text: str) -> list[str]:
    """Return the lines that a terminal shows, each in its last state."""
    return [line.rstrip().split("\r")[-1] for line in text.strip().split("\n")]


@pytest.mark.parametrize("limits", [{"max_cycles": 500, "max_time": 0}, {"max_time": 0.2}, {"autostop": True}])
def test_bar_shows_the_result_of_a_training(limits: Any, capfd: pytest.CaptureFixture[str]) -> None:
    report = network().train(progress=True, **limits)
    out, err = capfd.readouterr()
    assert out == ""
    assert err.endswith("\n")
    (line,) = lines(err)
    assert line.endswith(f"| {report.summary}")
    assert re.fullmatch(
        r"training 100%\|█{20}\| [a-z ]+ after [\d,]+ cycles and \d\.\d\d s(, weights of cycle [\d,]+)?: "
        r"error \d+\.\d{4}, validation \d+\.\d{4}, \d+\.\d % wrong",
        line,
    )


def test_bar_shows_errors_during_a_training(capfd: pytest.CaptureFixture[str]) -> None:
    network().train(progress=True, max_time=0.3)
    states = capfd.readouterr().err.split("\r")
    shown = re.compile(
        r"training +\d+%\|.{20}\| cycle [\d,]+, 0\.\d of 0\.3 s: "
        r"error \d+\.\d{4}, validation \d+\.\d{4}, \d+\.\d % wrong"
    )
    assert any(shown.fullmatch(state.rstrip()) for state in states)


def test_bar_works_without_limits(capfd: pytest.CaptureFixture[str]) -> None:
    end = time.monotonic() + 0.2
    network().train(progress=True, max_time=0, callback=lambda _: time.monotonic() < end)
    (line,) = lines(capfd.readouterr().err)
    assert line.startswith("training: stopped on request after ")


def test_bar_is_hidden_without_a_terminal_by_default(capfd: pytest.CaptureFixture[str]) -> None:
    network().train(max_time=0.6)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(("seconds", "shown"), [(0.05, False), (2.0, True)])
def test_bar_appears_on_a_terminal_for_long_trainings(seconds: float, shown: bool) -> None:
    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 120, 0, 0))
    try:
        code = f"""
            import os, sys
            sys.stderr = os.fdopen({theirs}, "w")
            import neuralredis as nr
            net = nr.Network("regressor", [2, 3, 1])
            net.observe([[1, 2]], [3], into="train")
            net.train(max_time={seconds})
        """
        subprocess.run([sys.executable, "-c", textwrap.dedent(code)], pass_fds=[theirs], check=True, timeout=60)
        os.set_blocking(ours, False)
        try:
            text = os.read(ours, 100_000).decode()
        except BlockingIOError:
            text = ""
    finally:
        os.close(theirs)
        os.close(ours)
    assert ("training 100%" in text) == shown


def test_callback_receives_the_progress_of_a_training() -> None:
    received: list[nr.Progress] = []
    report = network().train(max_time=0.5, callback=received.append)
    assert 3 <= len(received) <= 15, "about twenty times a second"
    cycles = [progress.cycle for progress in received]
    assert cycles == sorted(cycles)
    assert cycles[-1] == report.cycles
    assert received[-1].train_error is not None


def test_callback_that_returns_false_stops_the_training() -> None:
    net = network()
    calls = 0

    def enough(_: nr.Progress) -> bool:
        nonlocal calls
        calls += 1
        return calls < 3

    report = net.train(max_time=0, callback=enough)
    assert report.reason == "stopped"
    assert calls == 3
    assert net.info().training_total_cycles == report.cycles > 0


def test_raising_callback_stops_the_training_and_keeps_its_result(capfd: pytest.CaptureFixture[str]) -> None:
    net = network()

    def fault(_: nr.Progress) -> None:
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        net.train(max_time=0, callback=fault, progress=True)
    assert not net.info().training
    assert net.info().training_total_cycles > 0
    (line,) = lines(capfd.readouterr().err)
    assert line.startswith("training: interrupted at cycle ")


def test_callback_can_use_the_network() -> None:
    net = network()
    before = net.run([1, 2, 3, 4])
    answers: list[Any] = []

    def use(_: nr.Progress) -> None:
        answers.append(net.run([1, 2, 3, 4]))
        net.observe([1, 2, 3, 4], 0)
        assert net.info() is not None

    net.train(max_time=0.2, callback=use)
    assert len(answers) > 1
    assert np.array_equal(answers[0], before)


def test_tqdm_is_imported_only_for_a_bar() -> None:
    loaded = """
        import sys
        import neuralredis as nr
        net = nr.Network("regressor", [2, 1])
        net.observe([1, 2], 3, into="train")
        net.train(max_cycles=1, progress=False)
        print(sorted({"tqdm", "redis", "sklearn", "matplotlib"} & set(sys.modules)))
    """
    assert output_of(loaded) == "[]\n"


@pytest.mark.parametrize("streams", ["sys.stderr = None", "sys.stdout = sys.stderr = None", "sys.stderr.close()"])
@pytest.mark.parametrize("choice", [True, None])
def test_bar_is_omitted_without_an_output_stream(streams: str, choice: Any) -> None:
    program = """
        import os, sys
        import neuralredis as nr
        net = nr.Network("regressor", [2, 1])
        net.observe([1, 2], 3, into="train")
        %s
        os.write(1, net.train(max_cycles=5, progress=%s).reason.encode())
    """
    assert output_of(program % (streams, choice)) == "maxcycles"


@pytest.mark.parametrize("fault", [OSError(5, "Input/output error"), ValueError("I/O operation on closed file")])
def test_failing_stream_ends_the_bar_but_not_the_training(monkeypatch: pytest.MonkeyPatch, fault: Exception) -> None:
    class Broken(io.StringIO):
        def write(self, _: str) -> int:
            raise fault

    monkeypatch.setattr(sys, "stderr", Broken())
    assert network().train(max_time=0.2, progress=True).reason == "maxtime"
