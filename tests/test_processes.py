"""Ctrl-C, a fork and the exit of the interpreter, each during a training."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
import time

from programs import PATIENCE, output_of

NETWORK = """
import faulthandler, os, signal, sys, threading, time
import numpy as np
import neuralredis as nr

faulthandler.enable()

def network(rows=600):
    rng = np.random.default_rng(0)
    net = nr.Network("classifier", [9, 30, 2], normalize=True, dataset=rows, test=rows, seed=1)
    X = rng.normal(size=(rows, 9))
    net.observe(X, (X[:, 0] * X[:, 1] + rng.normal(size=rows) > 0).astype(int))
    return net
"""


def interrupted(code: str) -> str:
    """Run a program, send it Ctrl-C once it has printed `ready`, and return the rest of its output."""
    program = subprocess.Popen(
        [sys.executable, "-u", "-c", NETWORK + textwrap.dedent(code)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert program.stdout is not None
        assert program.stdout.readline() == "ready\n"
        time.sleep(0.3)
        start = time.monotonic()
        program.send_signal(signal.SIGINT)
        rest, _ = program.communicate(timeout=PATIENCE)
        assert time.monotonic() - start < 30
    finally:
        program.kill()
        program.wait()
    assert program.returncode == 0, rest
    return rest


def test_ctrl_c_stops_a_training_and_keeps_its_result() -> None:
    rest = interrupted("""
        net = network()
        print("ready")
        try:
            net.train(max_time=0, max_cycles=10**9)
        except KeyboardInterrupt:
            print("interrupted")
        info = net.info()
        assert not info.training
        assert info.training_total_cycles > 0
        assert net.report().reason == "stopped"
        assert net.report().train_error == info.dataset_error
        net.train(max_cycles=1)
    """)
    assert rest == "interrupted\n"


def test_ctrl_c_with_backtrack_keeps_the_best_weights() -> None:
    rest = interrupted("""
        net = network(6000)
        # Slow cycles, so that the interrupt comes before the training ends by itself.
        net = nr.Network("classifier", [9, 1000, 1000, 2], dataset=6000, test=6000, seed=1)
        rng = np.random.default_rng(0)
        net.observe(rng.normal(size=(12000, 9)), rng.integers(0, 2, 12000))
        print("ready")
        try:
            net.train(max_time=0, autostop=True, backtrack=True)
        except KeyboardInterrupt:
            print("interrupted")
        report = net.report()
        assert report.reason == "stopped", report
        assert report.test_error == np.nanmin(report.curve.test_error)
    """)
    assert rest == "interrupted\n"


def test_ctrl_c_interrupts_a_wait_and_leaves_the_training_running() -> None:
    rest = interrupted("""
        net = network()
        training = net.start_training(max_time=0)
        print("ready")
        try:
            training.wait()
        except KeyboardInterrupt:
            print("interrupted")
        assert training.running()
        training.stop()
        assert training.wait().reason == "stopped"
    """)
    assert rest == "interrupted\n"


def test_interpreter_exits_immediately_during_trainings() -> None:
    output = output_of(
        NETWORK
        + """
nets = [network() for _ in range(40)]
trainings = [net.start_training(max_time=0) for net in nets]
time.sleep(0.2)
import atexit
start = time.monotonic()
atexit._run_exitfuncs()
print(time.monotonic() - start < 1, any(training.running() for training in trainings))
"""
    )
    assert output == "True False\n"


def test_interpreter_exits_with_a_thread_waiting_for_a_training() -> None:
    start = time.monotonic()
    output = output_of(
        NETWORK
        + """
net = network()
for _ in range(3):
    threading.Thread(target=lambda: network().train(max_time=0), daemon=True).start()
training = net.start_training(max_time=0)
threading.Thread(target=training.wait, daemon=True).start()
time.sleep(0.2)
print("end")
"""
    )
    assert output == "end\n"
    assert time.monotonic() - start < 10


def test_uncaught_exception_exits_during_a_training() -> None:
    done = subprocess.run(
        [sys.executable, "-c", NETWORK + "training = network().start_training(max_time=0)\nraise SystemExit(7)"],
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 7


FORK = """
import warnings
# Python 3.12 warns of what this test is about.
warnings.simplefilter("ignore", DeprecationWarning)

def in_child(work):
    child = os.fork()
    if child == 0:
        faulthandler.dump_traceback_later(20, exit=True)
        try:
            work()
        except BaseException:
            import traceback
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
"""


def test_forked_child_loses_the_training_and_can_use_the_network() -> None:
    output = output_of(
        NETWORK
        + FORK
        + """
net = network()
before = net.run(np.eye(9))
training = net.start_training(max_time=0)
time.sleep(0.1)

def child():
    assert not training.running()
    assert training.report() is None
    try:
        training.wait()
    except nr.TrainingError as error:
        assert "lost" in str(error), error
    else:
        raise AssertionError("a lost training has a report")
    assert "lost" in repr(training)
    assert net.stop() is False
    assert not net.info().training
    assert np.array_equal(net.run(np.eye(9)), before)
    net.observe(np.eye(9), np.zeros(9))
    assert net.train(max_cycles=30).cycles == 30
    assert network().train(max_time=0.05).reason == "maxtime"

assert in_child(child) == 0
assert training.running()
training.stop()
assert training.wait().reason == "stopped"
print("done")
"""
    )
    assert output == "done\n"


def test_forked_child_never_inherits_a_held_lock() -> None:
    output = output_of(
        NETWORK
        + FORK
        + """
net = network()
ended = threading.Event()
rows = np.random.default_rng(0).normal(size=(2000, 9))

def use():
    while not ended.is_set():
        net.observe(rows, np.zeros(2000))
        net.run(rows)
        net.info()
        bytes(net)
        try:
            net.train(max_cycles=3)
        except nr.TrainingError:
            pass

threads = [threading.Thread(target=use) for _ in range(4)]
for thread in threads:
    thread.start()

def child():
    net.observe(rows[:10], np.zeros(10))
    net.train(max_cycles=2)
    net.run(rows)
    net.start_training(max_time=0)
    net.reset()

codes = [in_child(child) for _ in range(40)]
ended.set()
for thread in threads:
    thread.join()
print(set(codes))
"""
    )
    assert output == "{0}\n"


def test_forked_pool_can_train_networks_of_its_parent() -> None:
    output = output_of(
        NETWORK
        + FORK
        + """
import multiprocessing

def error(net):
    return net.train(max_cycles=50).train_error

net = network()
expected = nr.Network.from_bytes(bytes(net)).train(max_cycles=50).train_error
with multiprocessing.get_context("fork").Pool(2) as pool:
    print(set(pool.map(error, [net] * 4)) == {expected})
"""
    )
    assert output == "True\n"
