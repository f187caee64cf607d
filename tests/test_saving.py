"""Networks as bytes: files, pickles and copies preserve every bit, and damaged bytes are rejected."""

from __future__ import annotations

import contextlib
import copy
import gc
import multiprocessing
import os
import pickle
import random
import resource
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import forged
import neuralredis as nr
import saved


def trained(kind: Any = "classifier", **options: Any) -> nr.Network:
    rng = np.random.default_rng(0)
    net = nr.Network(kind, [3, 4, 2], normalize=True, dataset=30, test=10, seed=1, **options)
    X = rng.normal(size=(60, 3))
    net.observe(X, (X[:, 0] > 0).astype(int) if kind == "classifier" else X[:, :2], weight=rng.uniform(1, 2, 60))
    net.train(max_cycles=20)
    return net


def assert_same(net: nr.Network, other: nr.Network) -> None:
    """Check that two networks are equal, and stay equal after further calls."""
    assert bytes(net) == bytes(other)
    assert net == other
    X = np.random.default_rng(1).normal(size=(20, 3))
    assert np.array_equal(net.run(X), other.run(X))
    mine, theirs = net.info(), other.info()
    assert [getattr(mine, name) for name in vars(mine) if name != "id"] == [
        getattr(theirs, name) for name in vars(theirs) if name != "id"
    ]
    futures = [copy.copy(net), copy.copy(other)]
    for future in futures:
        future.observe(X, np.zeros((20, 2)) if mine.type == "regressor" else np.zeros(20))
        future.train(max_cycles=3)
    assert np.array_equal(futures[0].run(X), futures[1].run(X))
    for future in futures:
        future.reset()
    assert np.array_equal(futures[0].run(X), futures[1].run(X))


@pytest.mark.parametrize("kind", ["classifier", "regressor"])
def test_every_way_of_saving_preserves_the_network(kind: Any, tmp_path: Path) -> None:
    weights: Any = {"class_weight": [0.1, 3]} if kind == "classifier" else {}
    net = trained(kind, patience=9, **weights)
    net.notes = b"a, b, c"
    net.save(tmp_path / "net.nr")
    net.save(str(tmp_path / "again.nr"))
    assert (tmp_path / "net.nr").read_bytes() == bytes(net)
    for other in (
        nr.load(tmp_path / "net.nr"),
        nr.load(str(tmp_path / "again.nr")),
        nr.Network.from_bytes(bytes(net)),
        nr.Network.from_bytes(bytearray(bytes(net))),
        nr.Network.from_bytes(memoryview(bytes(net))),
        pickle.loads(pickle.dumps(net)),
        pickle.loads(pickle.dumps(net, protocol=0)),
        copy.copy(net),
        copy.deepcopy(net),
        copy.deepcopy({"net": [net]})["net"][0],
    ):
        assert type(other) is nr.Network
        assert other.notes == b"a, b, c"
        assert_same(net, other)


def test_report_of_the_last_training_is_saved() -> None:
    net = trained()
    for other in (net, nr.Network.from_bytes(bytes(net)), copy.copy(net), pickle.loads(pickle.dumps(net))):
        report = other.report()
        assert report is not None
        assert net.report() is not None
        assert (report.reason, report.cycles, report.seconds) == ("maxcycles", 20, net.report().seconds)
        assert np.array_equal(report.curve.test_error, net.report().curve.test_error)
    other.reset()
    assert other.report() is None
    assert nr.Network.from_bytes(bytes(other)).report() is None


def test_notes_are_bytes_of_limited_length() -> None:
    net = trained()
    before = bytes(net)
    assert net.notes == b""
    other = copy.copy(net)
    other.notes = b"\x00\xff"
    assert (net.notes, other.notes) == (b"", b"\x00\xff")
    assert other != net
    with pytest.raises(nr.OptionError, match="notes is 1048577 bytes long: expected at most 1048576"):
        other.notes = bytes((1 << 20) + 1)
    with pytest.raises(TypeError):
        other.notes = "text"  # type: ignore[assignment]
    assert other.notes == b"\x00\xff"
    other.train(max_cycles=1)
    other.reset()
    assert other.notes == b"\x00\xff"
    net.notes = b"x"
    net.notes = b""
    assert bytes(net) == before


def test_copy_is_independent() -> None:
    net = trained()
    other = copy.copy(net)
    assert other.info().id != net.info().id
    other.observe([1, 2, 3], 0, into="train")
    other.train(max_cycles=5)
    other.configure(dataset=5)
    assert other != net
    assert net.info().training_dataset_len == trained().info().training_dataset_len
    assert net.info().training_total_cycles == 20


def test_copy_during_a_training_is_not_trained() -> None:
    net = trained()
    training = net.start_training(max_time=0)
    other = copy.copy(net)
    assert not other.info().training
    assert pickle.loads(pickle.dumps(net)) == other
    other.train(max_cycles=1)
    while not training.progress().cycle:
        time.sleep(0.001)
    training.stop()
    training.wait()
    assert net.info().training_total_cycles > 20


@pytest.mark.parametrize("kind", ["classifier", "regressor"])
def test_networks_of_the_same_seed_rows_and_calls_are_equal(kind: str) -> None:
    net, other = trained(kind), trained(kind)
    net.train(autostop=True, backtrack=True, max_time=0)
    other.train(autostop=True, backtrack=True, max_time=0)
    assert net == other
    net.observe([1, 2, 3], 1 if kind == "classifier" else [1, 2])
    assert net != other
    other.observe([1, 2, 3], 1 if kind == "classifier" else [1, 2])
    assert net == other


@pytest.mark.parametrize(
    "change",
    [
        lambda net: net.observe([1, 2, 3], 0),
        lambda net: net.observe([1, 2, 3], 0, into="train", weight=2),
        lambda net: net.train(max_cycles=1),
        lambda net: net.configure(l2=0.5),
        lambda net: net.configure(patience=3),
        lambda net: net.configure(dataset=31),
        lambda net: net.configure(class_weight="balanced"),
        lambda net: net.reset(),
        lambda net: setattr(net, "notes", b"x"),
    ],
)
def test_networks_that_differ_in_anything_are_not_equal(change: Any) -> None:
    net, other = trained(), trained()
    assert net == other
    change(other)
    assert net != other
    assert other == other


def test_networks_are_equal_to_their_copies_and_have_no_hash() -> None:
    net = trained()
    assert net == nr.Network.from_bytes(bytes(net))
    assert net != trained(l2=0.1)
    assert net != trained(patience=9)
    assert len({bytes(trained(class_weight=weights))[-8:] for weights in ("none", "balanced", [1, 1], [1, 2])}) == 4
    assert net != "a network"
    assert net != bytes(net)
    with pytest.raises(TypeError, match="unhashable"):
        hash(net)


def test_network_can_be_passed_to_another_process() -> None:
    context = multiprocessing.get_context("spawn")
    net = trained()
    with context.Pool(1) as pool:
        assert pool.apply(copy.copy, [net]) == net


def test_save_replaces_a_file_atomically(tmp_path: Path) -> None:
    path = tmp_path / "net.nr"
    path.write_bytes(b"older")
    reader = path.open("rb")
    trained().save(path)
    assert reader.read() == b"older", "an open file keeps the old contents"
    reader.close()
    assert list(tmp_path.iterdir()) == [path], "no temporary file is left"


def test_save_respects_umask_and_keeps_permissions_of_replaced_files(tmp_path: Path) -> None:
    path = tmp_path / "net.nr"
    mask = os.umask(0o022)
    try:
        trained().save(path)
        assert stat.S_IMODE(path.stat().st_mode) == 0o644
        for mode in (0o600, 0o640, 0o666, 0o444):
            path.chmod(mode)
            trained().save(path)
            assert stat.S_IMODE(path.stat().st_mode) == mode
    finally:
        os.umask(mask)


SAVES = """
import sys
import numpy as np
import neuralredis as nr

nets = [nr.Network("regressor", [300, 300, 1], seed=seed) for seed in (1, 2)]
for number in range(10**9):
    nets[number % 2].save(sys.argv[1])
    if number == 1:
        print("ready", flush=True)
"""


def test_killed_program_leaves_a_complete_file(tmp_path: Path) -> None:
    path = tmp_path / "net.nr"
    expected = {bytes(nr.Network("regressor", [300, 300, 1], seed=seed)) for seed in (1, 2)}
    source = random.Random(1)
    for _ in range(4):
        program = subprocess.Popen([sys.executable, "-c", SAVES, str(path)], stdout=subprocess.PIPE)
        assert program.stdout is not None
        assert program.stdout.readline() == b"ready\n"
        # At some point of a save, which takes about a millisecond.
        time.sleep(source.uniform(0, 0.02))
        program.kill()
        program.communicate()
        assert path.read_bytes() in expected
        # The incomplete file has another name, which no later save uses.
        for left in tmp_path.iterdir():
            assert left == path or left.name.startswith(".net.nr.")
        trained().save(path)


def test_save_is_consistent_while_other_threads_change_the_network(tmp_path: Path) -> None:
    net = nr.Network("regressor", [2, 20, 1], dataset=5_000, seed=1)
    net.observe([0, 0], 0)
    ended = threading.Event()

    def observe() -> None:
        number = 0
        while not ended.is_set():
            rows = np.full((10, 2), number)
            net.observe(rows, rows[:, 0])
            number += 1

    def train() -> None:
        while not ended.is_set():
            with contextlib.suppress(nr.NeuralRedisError):
                net.train(max_cycles=3)

    threads = [threading.Thread(target=job) for job in (observe, train)]
    for thread in threads:
        thread.start()
    try:
        for number in range(15):
            path = tmp_path / f"{number % 3}.nr"
            net.save(path)
            X, y = nr.load(path).rows("train")
            assert np.array_equal(X, np.column_stack([y, y])), "no row mixes two rows"
    finally:
        ended.set()
        for thread in threads:
            thread.join()


def test_save_through_a_symlink_writes_its_target(tmp_path: Path) -> None:
    (tmp_path / "link.nr").symlink_to(tmp_path / "real.nr")
    trained().save(tmp_path / "link.nr")
    assert (tmp_path / "link.nr").is_symlink()
    assert nr.load(tmp_path / "real.nr") is not None


def test_failed_save_leaves_the_file_unchanged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "net.nr"
    trained().save(path)
    before = path.read_bytes()

    def full(_: int) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="no space left"):
        trained("regressor").save(path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_missing_file_or_folder_raises_file_not_found(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        nr.load(tmp_path / "none.nr")
    with pytest.raises(FileNotFoundError):
        trained().save(tmp_path / "none" / "net.nr")


@pytest.mark.parametrize("data", [b"", b"x", b"neural", bytes(8), bytes(1000), b"neural\1\0" + bytes(12)])
def test_other_bytes_are_rejected(data: bytes) -> None:
    with pytest.raises(nr.FormatError, match="not a network: "):
        nr.Network.from_bytes(data)


def test_later_format_is_rejected_by_number() -> None:
    data = bytearray(bytes(trained())[:-8])
    data[6:8] = (8).to_bytes(2, "little")
    with pytest.raises(nr.FormatError, match="saved in format 8: this version reads formats up to 7"):
        nr.Network.from_bytes(saved.with_checksum(bytes(data)))


@pytest.mark.parametrize("data", ["text", 5, None, [1, 2]])
def test_objects_other_than_bytes_are_a_type_error(data: Any) -> None:
    with pytest.raises(TypeError):
        nr.Network.from_bytes(data)


def test_checksum_is_the_crc_64_of_redis() -> None:
    assert saved.checksum(b"123456789") == 0xE9C6D914C4B8D9CA
    data = bytes(trained())
    assert saved.with_checksum(data[:-8]) == data


def assert_obeys_the_rules(net: nr.Network) -> None:
    """Check that a forged network is a valid network, if another one."""
    info = net.info()
    assert info.training_dataset_len <= 10_000
    assert not np.isnan(info.dataset_error)
    answer = net.run(np.ones(info.layout[0]))
    assert answer.shape == (info.layout[-1],)
    assert bytes(nr.Network.from_bytes(bytes(net))) == bytes(net)
    X, _ = net.rows("train")
    assert np.isfinite(X).all()


@pytest.mark.torture
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("kind", ["classifier", "regressor"])
@pytest.mark.parametrize("how", ["damaged", "with a right checksum", "forged"])
def test_damaged_bytes_are_rejected_or_valid(kind: Any, how: str, effort: int) -> None:
    data = bytes(trained(kind))
    frames = saved.in_frames(data)
    source = random.Random(1)
    gc.collect()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    accepted = 0
    for _ in range(3_000 * effort):
        match how:
            case "damaged":
                bad = forged.damaged(data, source)
            case "forged":
                bad = saved.of_frames(forged.frames(frames, frames[1:], source))
            case _:
                bad = saved.with_checksum(forged.damaged(data[:-8], source))
        if bad == data:
            continue
        try:
            net = nr.Network.from_bytes(bad)
        except nr.FormatError:
            continue
        accepted += 1
        assert_obeys_the_rules(net)
    # The checksum detects all such damage; behind a valid checksum many changes are valid, such as another weight.
    assert accepted == 0 if how == "damaged" else accepted > 100
    # Kilobytes on Linux.
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000


@given(st.binary(max_size=400))
def test_random_bytes_are_rejected(body: bytes) -> None:
    for data in (body, saved.with_checksum(body), saved.with_checksum(b"neural\1\0" + body)):
        with pytest.raises(nr.FormatError):
            nr.Network.from_bytes(data)


@given(st.data())
def test_random_networks_survive_saving(data: st.DataObject) -> None:
    draw = data.draw
    kind = draw(st.sampled_from(["classifier", "regressor"]))
    layout = draw(st.lists(st.integers(1, 6), min_size=2, max_size=5))
    if kind == "classifier":
        layout[-1] += 1
    options = {
        "normalize": draw(st.booleans()),
        "activation": draw(st.sampled_from(["tanh", "sigmoid", "relu"])),
        "algorithm": draw(st.sampled_from(["auto", "irprop+", "irprop-", "rprop+", "lbfgs", "adam"])),
        "l2": draw(st.sampled_from([0.0, 0.125])),
        "dataset": draw(st.integers(0, 40)),
        "test": draw(st.integers(0, 40)),
        "patience": draw(st.sampled_from(["auto", 1, 2**31 - 1])),
    }
    if kind == "classifier":
        weights = st.lists(st.floats(2.0**-100, 2.0**100, width=32), min_size=layout[-1], max_size=layout[-1])
        options["class_weight"] = draw(st.sampled_from(["none", "balanced"]) | weights)
    net = nr.Network(kind, layout, seed=draw(st.integers(0, 2**64 - 1)), **options)
    if options["dataset"] + options["test"]:
        rng = np.random.default_rng(draw(st.integers(0, 1000)))
        rows = draw(st.integers(1, 50))
        X = rng.normal(size=(rows, layout[0])) * 10.0 ** rng.integers(-30, 30)
        y = rng.integers(0, layout[-1], rows) if kind == "classifier" else rng.normal(size=(rows, layout[-1]))
        weight = draw(st.sampled_from([None, 2.5]))
        net.observe(X, y, weight=weight)
        if net.info().training_dataset_len:
            net.train(max_cycles=draw(st.integers(1, 5)), max_time=0)
    other = nr.Network.from_bytes(bytes(net))
    assert bytes(other) == bytes(net)
    assert other.info().layout == net.info().layout
    assert other.configure() == net.configure()
