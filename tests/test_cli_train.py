"""``neuralredis train``: the network that it creates from a table, its reports of quality, and its errors."""

from __future__ import annotations

import json
import os
import random
import shlex
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import neuralredis as nr
import tables
from neuralredis.cli import extras


def shop(path: str = "shop.csv", rows: int = 400, **how: Any) -> Path:
    return tables.write(Path(path), *tables.shop(rows), **how)


def test_train_prints_columns_quality_and_next_steps(command: tables.Command) -> None:
    done = command("train", tables.TITANIC, "--target", "survived")
    assert (done.code, done.err) == (0, "")
    for text in (
        "titanic.csv: 891 rows, 7 columns",
        "Target: survived (0 or 1), classification.",
        "570 training rows, 143 validation rows for early stopping, 178 rows held out for evaluation.",
        "On the 178 held-out rows",
        "accuracy",
        "baseline: always 0     61.8 %",
        "Better than always predicting 0 (statistically significant).",
        "Column importance",
        "Saved as titanic.nr, with its 713 training and validation rows",
        "neuralredis ask titanic.nr",
        "neuralredis predict titanic.nr new.csv -o predictions.csv",
        f"neuralredis train {tables.TITANIC} --target survived --redis redis://localhost --key titanic",
    ):
        assert text in done.out, text
    lines = [line.split() for line in done.out.splitlines()]
    assert ["sex", "category", "male", "and", "female"] in lines
    assert ["age", "number", "0.67", "to", "80;", "177", "missing"] in lines
    assert ["siblings", "number", "0", "to", "8"] in lines
    after = done.out[done.out.index("Column importance") :].splitlines()
    assert after[1].split()[0] == "sex", "the sex is the most important column"


def test_kinds_of_columns_are_detected_and_useless_columns_left_out(command: tables.Command) -> None:
    shop()
    done = command("train", "shop.csv", "--target", "churned", "--json")
    found = json.loads(done.out)
    cities = len({row[2] for row in tables.shop()[1]})
    assert {column["name"]: column["kind"] for column in found["columns"]} == {
        "city": f"category {cities}",
        "age": "number",
        "newsletter": "flag",
        "joined": "time",
        "comment": "text 512",
    }
    assert found["left_out"] == {
        "customer_id": "it numbers the rows",
        "mail": "each row has a different text",
        "country": "it is always 'DE'",
        "empty": "it is empty",
    }
    assert found["classes"] == ["no", "yes"]
    assert found["rows"] == {"learnt": 320, "kept_back": 80, "without_target": 0}
    kept = found["kept_back"]
    assert kept["accuracy"] > 0.9 > kept["baseline"]
    assert sum(map(sum, kept["confusion"])) == 80
    assert list(found["importance"])[:2] == ["newsletter", "joined"]
    assert (done.code, done.err) == (0, "")


def test_network_has_the_columns_as_fields(command: tables.Command) -> None:
    shop()
    found = json.loads(command("train", "shop.csv", "--target", "churned", "--json", "--out", "my.nr").out)
    net = nr.load("my.nr")
    assert net.fields == {column["name"]: column["kind"] for column in found["columns"]}
    assert (net.target, net.classes) == ("churned", ("no", "yes"))
    assert list(net.info().layout) == found["layout"]
    assert net.notes == b"", "the network has its columns"
    assert net.classify({"newsletter": "no", "joined": "2019-05-05"}) == "yes"


def test_rows_that_are_held_out_are_not_in_the_network(command: tables.Command) -> None:
    rows = [[row + 0.5, "a" if row % 2 else "b", row % 7 < 3] for row in range(200)]
    tables.write(Path("x.csv"), ["value", "kind", "y"], rows)
    found = json.loads(command("train", "x.csv", "--target", "y", "--json").out)
    net = nr.load("x.nr")
    known = net._has(
        {"value": [row[0] for row in rows], "kind": [row[1] for row in rows]}, [str(row[2]) for row in rows]
    )
    assert (known.sum(), found["rows"]["kept_back"]) == (160, 40)


def test_seed_determines_the_network(command: tables.Command) -> None:
    shop()
    for name, seed in (("a", 5), ("b", 5), ("c", 6)):
        assert command("train", "shop.csv", "--target", "churned", "--seed", seed, "--out", f"{name}.nr").code == 0
    a, b, c = (nr.load(f"{name}.nr") for name in "abc")
    assert a == b != c


def test_train_keeps_the_better_half_of_an_ensemble(command: tables.Command) -> None:
    shop(rows=100)
    assert command("train", "shop.csv", "--target", "churned", "--ensemble", "3").code == 0
    found = json.loads(command("info", "shop.nr", "--json").out)
    assert (found["ensemble"], found["restarts"], found["members"]) == (3, 3, 2)


def test_numeric_target_trains_a_regressor(command: tables.Command) -> None:
    rng = random.Random(2)
    rows = [
        [a := rng.random(), b := rng.random(), rng.choice("xy"), f"{100 + 50 * a - 30 * b:.3f}"] for _ in range(300)
    ]
    tables.write(Path("sums.csv"), ["a", "b", "c", "price"], rows)
    done = command("train", "sums.csv", "--target", "price", "--hidden", "15", "--seed", "3")
    assert done.code == 0
    assert "Target: price (a number, " in done.out
    assert "regression; --classify predicts classes instead." in done.out
    assert "Better than always predicting the mean." in done.out
    found = json.loads(command("train", "sums.csv", "--target", "price", "--json").out)
    assert found["kept_back"]["rmse"] < 0.1 * found["kept_back"]["baseline"]
    assert list(found["importance"])[2] == "c"


def test_noise_is_not_reported_as_better_than_the_baseline(command: tables.Command) -> None:
    rng = random.Random(4)
    tables.write(
        Path("noise.csv"), ["a", "b", "y"], [[rng.random(), rng.random(), rng.choice("pq")] for _ in range(300)]
    )
    found = json.loads(command("train", "noise.csv", "--target", "y", "--json").out)
    assert not found["kept_back"]["verdict"].startswith("Better")


def test_columns_that_leak_the_outcome_are_reported(command: tables.Command) -> None:
    rng = random.Random(5)
    rows = [[rng.random(), kind := rng.choice("pq"), f"is {kind}"] for _ in range(300)]
    tables.write(Path("leak.csv"), ["a", "after the fact", "y"], rows)
    done = command("train", "leak.csv", "--target", "y")
    assert (
        "Suspiciously good: does 'after the fact' leak 'y', because it is filled in later? "
        "If so: --ignore 'after the fact'" in " ".join(done.out.split())
    )
    done = command("train", "leak.csv", "--target", "y", "--ignore", "after the fact")
    assert "Suspiciously good" not in done.out
    assert "as asked" in done.out


def test_low_recall_of_a_rare_class_is_reported_and_balanced_raises_it(command: tables.Command) -> None:
    rng = random.Random(6)
    rows = [[x := rng.gauss(0, 1), "fraud" if x + rng.gauss(0, 1) > 2.3 else "fine"] for _ in range(2000)]
    tables.write(Path("rare.csv"), ["x", "y"], rows)
    assert "'fraud' is rare, and its recall is low: --balanced" in command("train", "rare.csv", "--target", "y").out
    done = command("train", "rare.csv", "--target", "y", "--balanced", "--json")
    (_, _), (missed, found) = json.loads(done.out)["kept_back"]["confusion"]
    assert found > missed


def test_copies_of_training_rows_in_held_out_rows_are_reported(command: tables.Command) -> None:
    rng = random.Random(8)
    rows = [[rng.random(), rng.random(), rng.choice("pq")] for _ in range(50)] * 8
    tables.write(Path("copies.csv"), ["a", "b", "y"], rows)
    done = command("train", "copies.csv", "--target", "y")
    assert "80 of the held-out rows are copies of training or validation rows" in " ".join(done.out.split())


def test_control_characters_of_names_are_escaped(command: tables.Command) -> None:
    names, rows = tables.shop(60)
    evil = "\x1b[2J\x1b[31mcity"
    tables.write(Path("evil.csv"), [evil if name == "city" else name for name in names], rows)
    assert command("train", "evil.csv", "--target", "churned").code == 0
    for arguments in (["info", "evil.nr"], ["ask", "evil.nr"], ["evaluate", "evil.nr", "evil.csv"]):
        done = command(*arguments, typed="x\n")
        assert done.code == 0
        assert "\x1b" not in done.out + done.err


def test_rows_without_a_target_are_left_out_and_counted(command: tables.Command) -> None:
    rows = [[row * row, "" if row % 10 == 0 else row % 2] for row in range(100)]
    tables.write(Path("gaps.csv"), ["a", "y"], rows)
    done = command("train", "gaps.csv", "--target", "y")
    assert "10 rows have no value of the target: left out." in done.out


@pytest.mark.parametrize("extra", [["--classify"], ["--regress"], []])
def test_whole_numbers_are_classes_or_numbers_as_requested(command: tables.Command, extra: list[str]) -> None:
    tables.write(Path("stars.csv"), ["a", "stars"], [[row % 50, 1 + row % 50 // 10] for row in range(200)])
    done = command("train", "stars.csv", "--target", "stars", *extra)
    assert ("), regression" in done.out) == (extra == ["--regress"])
    assert ("--regress predicts numbers instead" in done.out) == (not extra)


def test_plot_draws_the_curve(command: tables.Command) -> None:
    shop()
    assert command("train", "shop.csv", "--target", "churned", "--plot", "curve.png").code == 0
    assert Path("curve.png").read_bytes().startswith(b"\x89PNG")


def test_train_reads_pipes_and_parquet(command: tables.Command) -> None:
    text = shop().read_text()
    assert command("train", "-", "--target", "churned", typed=text).code == 0
    assert nr.load("net.nr").target == "churned"
    assert command("predict", "net.nr", "shop.csv", "-o", "shop.parquet").code == 0
    assert command("train", "shop.parquet", "--target", "churned", "--out", "again.nr").code == 0


def test_train_stores_the_network_in_a_server(command: tables.Command, db: nr.NeuralRedis, monkeypatch: Any) -> None:
    monkeypatch.setattr("neuralredis.cli.servers.connect", lambda url: nr.NeuralRedis(db.client))
    arguments = ("train", tables.TITANIC, "--target", "survived", "--redis", "redis://localhost", "--key", "titanic")
    done = command(*arguments)
    assert done.code == 0
    (line,) = (line for line in done.out.splitlines() if "redis-cli NR.CLASS titanic" in line)
    words = shlex.split(line[line.index("NR.CLASS") :])
    assert db.client.execute_command(*words) in ("0", "1")
    assert db["titanic"].download() == nr.load("titanic.nr")
    assert "the key 'titanic' holds a network already: use --replace" in command(*arguments).err
    assert command(*arguments, "--replace").code == 0
    done = command("info", "redis://localhost", "--key", "titanic")
    assert "male or female" in done.out


EMPTY = "empty.csv is empty: expected a line with the names of the columns, and a line for each row"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", EMPTY),
        (b"\n\n", EMPTY),
        (b"a,y\n", "has the names of 2 columns and no rows"),
        (b"a,y\n1,x\n", "the column 'y' is always 'x'"),
        (b"a,y\n1,x\n2,z\n", "has 2 rows with a value of 'y': expected at least 10"),
        (b"a,y\n" + b"1,x\n" * 20, "the column 'y' is always 'x': there is nothing to distinguish"),
        (b"a,y\n" + b"1,\n" * 20, "the column 'y' is empty: there is nothing to learn"),
        (b"y\n" + b"1\n2\n" * 20, "there is no column to learn from: there is none but the target"),
        (b"a,y\n" + b"7,1\n7,2\n" * 20, "there is no column to learn from: 'a': it is always 7"),
        (b"a,y\n1,2\n3,4,5\n", "row 3 (3,4,5) has 3 cells, and the first line 2 names"),
        (b'a,"y\n1,2\n', "a quotation mark is not closed"),
        (b"\x00\x01\x02", "is not text: expected CSV, JSON lines, Parquet or Feather"),
        (bytes(range(256)), "is not text: expected CSV, JSON lines, Parquet or Feather"),
        (
            b"PK\x03\x04...",
            "looks like a workbook or an archive: expected CSV, JSON lines, Parquet or Feather; a spreadsheet",
        ),
        (b"PAR1 but no more", "cannot be read as Parquet"),
        (b"\x1f\x8b but no more", "cannot be unpacked"),
        (b"\xff\xfe\x00", "is not text"),
        (b"hello", "has a single line and no columns"),
        (b"b,c\n1,2\n", "has no column 'y': its columns are 'b', 'c'"),
    ],
)
def test_unusable_table_is_rejected_in_one_line(command: tables.Command, content: bytes, why: str) -> None:
    Path("empty.csv").write_bytes(content)
    done = command("train", "empty.csv", "--target", "y")
    assert (done.code, done.out) == (1, "")
    assert why in done.err
    assert done.err.count("\n") == 1
    assert not Path("empty.nr").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "why"),
    [
        (["nowhere.csv", "--target", "churned"], 1, "nowhere.csv: No such file or directory"),
        ([".", "--target", "churned"], 1, ".: Is a directory"),
        (["shop.csv"], 2, "expected --target, the column to predict: 'customer_id', 'mail', "),
        (["shop.csv", "--target", "Churned"], 1, "has no column 'Churned' (did you mean 'churned'?)"),
        (["shop.csv", "--target", "mail"], 1, "the column 'mail' has 400 different values in 400 rows"),
        (["shop.csv", "--target", "churned", "--regress"], 1, "has 'yes': expected numbers for --regress"),
        (["shop.csv", "--target", "churned", "--regress", "--classify"], 2, "not allowed with"),
        (["shop.csv", "--target", "churned", "--ignore", "ctiy"], 1, "has no column 'ctiy' (did you mean 'city'?)"),
        (["shop.csv", "--target", "churned", "--ignore", "churned"], 1, "'churned' is the target and is ignored"),
        (["shop.csv", "--target", "churned", "--out", "shop.csv"], 1, "shop.csv exists and is not a network"),
        (["shop.csv", "--target", "churned", "--out", "no/net.nr"], 1, "cannot save no/net.nr: there is no folder"),
        (["shop.csv", "--target", "churned", "--out", "."], 1, "it is a folder"),
        (["shop.csv", "--target", "churned", "--plot", "curve.doc"], 1, "expected a name with .png, .svg or .pdf"),
        (["shop.csv", "--target", "churned", "--hidden", "many"], 2, "many: expected the units of each layer"),
        (["shop.csv", "--target", "churned", "--hidden", "3,0"], 2, "3,0: expected the units of each layer"),
        (["shop.csv", "--target", "churned", "--hidden", "1000000,1000000"], 1, "parameters: expected at most"),
        (["shop.csv", "--target", "churned", "--ensemble", "65"], 2, "65: expected 1 to 64 networks"),
        (["shop.csv", "--target", "churned", "--ensemble", "auto"], 2, "auto: expected 1 to 64 networks"),
        (["shop.csv", "--target", "churned", "--seed", "-1"], 2, "argument --seed"),
        (["shop.csv", "--target", "churned", "--key", "k"], 2, "expected both --redis URL and --key KEY, or neither"),
        (
            ["shop.csv", "--target", "churned", "--redis", "redis://:secret@localhost:1", "--key", "k"],
            1,
            "cannot reach redis://…@localhost:1",
        ),
        (
            ["shop.csv", "--target", "churned", "--redis", "http://x", "--key", "k"],
            1,
            "http://x is not the URL of a server",
        ),
    ],
)
def test_invalid_arguments_are_rejected_before_the_training(
    command: tables.Command, arguments: list[str], code: int, why: str
) -> None:
    shop()
    before = Path("shop.csv").read_bytes()
    done = command("train", *arguments)
    assert done.code == code
    assert why in done.err
    assert "secret" not in done.err
    assert Path("shop.csv").read_bytes() == before
    assert list(Path().iterdir()) == [Path("shop.csv")]


def test_missing_extra_is_reported_with_the_command_to_install_it(
    command: tables.Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extras.importlib.util, "find_spec", lambda name: None)
    done = command("train", "shop.csv", "--target", "churned")
    assert done.code == 1
    assert done.err == "neuralredis: neuralredis train needs pyarrow: pip install 'neuralredis[cli]'\n"


def test_train_works_without_hidden_layers_on_a_narrow_ascii_screen(
    command: tables.Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    shop(rows=60)
    done = command("train", "shop.csv", "--target", "churned", "--hidden", "0")
    assert done.code == 0
    assert "Only 12 rows are held out" in done.out
    next_steps = done.out.index("Next:")
    assert max(map(len, done.out[:next_steps].splitlines())) <= 40


def test_ctrl_c_keeps_the_trained_network(tmp_path: Path) -> None:
    rng = random.Random(7)
    rows = [[rng.random() for _ in range(10)] + [rng.choice("pq")] for _ in range(20_000)]
    tables.write(tmp_path / "long.csv", [*"abcdefghij", "y"], rows)
    program = (
        "import os, signal, threading, neuralredis.network as network\n"
        "from neuralredis.cli import main\n"
        "start = network.Network._start\n"
        "def started(self, *arguments):\n"
        "    job = start(self, *arguments)\n"
        "    def interrupt():\n"
        "        while not job.progress()['cycle']: job.wait(0.01)\n"
        "        os.kill(os.getpid(), signal.SIGINT)\n"
        "    threading.Thread(target=interrupt).start()\n"
        "    return job\n"
        "network.Network._start = started\n"
        "main(['train', 'long.csv', '--target', 'y', '--hidden', '300,300', '--max-time', '0'])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "stopped by hand" in " ".join(done.stdout.split())
    assert nr.load(tmp_path / "long.nr").info().training_total_cycles >= 1


def test_terminal_shows_the_curves_during_and_after_training(tmp_path: Path) -> None:
    terminal = tables.Terminal("train", tables.TITANIC, "--target", "survived", columns=60, cwd=tmp_path)
    terminal.until("training: cycle ")
    terminal.until("Ctrl-C stops here")
    code, text = terminal.end()
    assert code == 0
    shown = text[: text.index("Trained ")]
    assert "validation rows" in shown
    assert any(0x2801 <= ord(letter) < 0x2900 for letter in shown)


def test_closed_pipe_is_no_error(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "neuralredis", "train", str(tables.TITANIC), "--target", "survived", "--out", "t.nr"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        restore_signals=True,
    )
    assert process.stdout is not None
    process.stdout.close()
    _, err = process.communicate(timeout=60)
    assert err == b""
    assert process.returncode in (1, -signal.SIGPIPE)
