"""The examples, run as people type them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import servers

ROOT = Path(__file__).resolve().parents[1]
NAMES = ["iris", "sum", "titanic"]


def run(name: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, f"examples/{name}.py", *arguments],
        cwd=ROOT,
        env={**os.environ, "MPLBACKEND": "Agg"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def output(name: str, *arguments: str | Path) -> str:
    """Return what an example prints, which must end well and without a word of warning."""
    done = run(name, *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def percentage(text: str, line: str) -> float:
    """Return the percentage at the end of the line that begins so."""
    found = re.search(rf"^ *{re.escape(line)} .*?([\d.]+)%$", text, re.MULTILINE)
    assert found, f"no line {line!r} in\n{text}"
    return float(found[1])


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_titanic_beats_both_baselines_on_passengers_it_never_saw(seed: int) -> None:
    text = output("titanic", "--seed", str(seed))
    assert "601 passengers observed: 401 to learn from, 200 " in text
    assert "the 290 passengers that it never saw" in text
    nobody, women = percentage(text, "who says that nobody"), percentage(text, "who says that only women")
    assert (nobody, women) == (36.2, 22.4)
    assert percentage(text, "the network") < women


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_titanic_answers_that_class_mattered(seed: int) -> None:
    text = output("titanic", "--seed", str(seed))
    assert percentage(text, "30 years old, first class,") > 80
    assert percentage(text, "70 years old, third class,") < percentage(text, "70 years old, first class,")


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_iris_tells_the_species_of_flowers_it_never_saw(seed: int) -> None:
    text = output("iris", "--seed", str(seed))
    assert "120 flowers observed: 80 to learn from, 40 " in text
    assert percentage(text, "of the 40 testing flowers") <= 14
    assert percentage(text, "of the 30 flowers never seen") <= 14
    assert percentage(text, "by who always says the same") >= 50
    table = [
        [int(count) for count in row.split()[1:]] for row in text.splitlines() if re.match(r"  \w+ +\d+ +\d+", row)
    ]
    assert sum(map(sum, table)) == 30
    assert all(max(row) == row[species] for species, row in enumerate(table))


def test_sum_adds_numbers_it_never_saw_and_owns_up_to_its_limits() -> None:
    text = output("sum", "--no-progress")
    sums = {
        (int(a), int(b)): (float(said), bool(remark))
        for a, b, said, remark in re.findall(r"^ +(\d+) \+ +(\d+) = +(-?[\d.]+)( .*)?$", text, re.MULTILINE)
    }
    assert {(1, 1), (3, 2), (10, 10), (150, 150)} < sums.keys()
    for (a, b), (said, beyond) in sums.items():
        assert beyond == (a > 99)
        assert beyond or said == pytest.approx(a + b, abs=1)
    found = re.search(r"off by ([\d.]+) on average", text)
    assert found
    assert float(found[1]) < 0.3


@pytest.mark.parametrize("name", ["iris", "titanic"])
def test_in_a_server_they_say_the_same(name: str, redis7_for_all: servers.Server) -> None:
    def said(*options: str) -> str:
        return re.sub(r"[\d.]+ ms", "", output(name, "--seed", "5", *options))

    url = f"unix://{redis7_for_all.socket}"
    assert said("--redis", url) == said("--redis", url) == said()
    assert redis7_for_all.client().exists(f"example:{name}")


def test_sum_runs_in_a_server(redis7_for_all: servers.Server, tmp_path: Path) -> None:
    text = output("sum", "--redis", f"unix://{redis7_for_all.socket}", "--no-progress", "--plot", tmp_path / "a.png")
    assert "On 300 fresh sums" in text


def test_a_server_that_is_not_there_is_told_in_a_line(tmp_path: Path) -> None:
    done = run("sum", "--redis", f"unix://{tmp_path}/nowhere")
    assert done.returncode == 1
    assert done.stderr.startswith(f"--redis unix://{tmp_path}/nowhere: ")
    assert "Traceback" not in done.stderr


# The third trains for two seconds, and what that makes depends on the machine.
@pytest.mark.parametrize("name", ["iris", "titanic"])
def test_the_same_seed_gives_the_same_lines_and_another_seed_others(name: str) -> None:
    def said(seed: str) -> str:
        return re.sub(r"[\d.]+ ms", "", output(name, "--seed", seed))

    assert said("5") == said("5") != said("6")


@pytest.mark.parametrize("name", NAMES)
def test_plot_draws_a_picture(name: str, tmp_path: Path) -> None:
    path = tmp_path / "curves.png"
    assert str(path) in output(name, "--no-progress", "--plot", path)
    picture = path.read_bytes()
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = (int.from_bytes(picture[at : at + 4], "big") for at in (16, 20))
    assert width >= 640
    assert height >= 400


def test_a_picture_that_cannot_be_written_is_refused_before_anything_is_learnt(tmp_path: Path) -> None:
    done = run("titanic", "--plot", tmp_path / "nowhere" / "curves.png")
    assert done.returncode == 2
    assert done.stdout == ""
    assert "there is no folder" in done.stderr


def test_a_picture_without_matplotlib_is_refused_with_a_remedy(tmp_path: Path) -> None:
    code = "import sys, runpy; sys.modules['matplotlib'] = None; sys.path.insert(0, 'examples'); "
    code += f"sys.argv = ['titanic.py', '--plot', {str(tmp_path / 'a.png')!r}]; "
    code += "runpy.run_path('examples/titanic.py', run_name='__main__')"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "pip install matplotlib" in done.stderr


@pytest.mark.parametrize("name", NAMES)
def test_progress_is_shown_when_asked_for(name: str) -> None:
    done = run(name, "--progress")
    assert done.returncode == 0
    assert "training 100%" in done.stderr


@pytest.mark.parametrize("name", NAMES)
def test_help_tells_what_it_is_and_takes(name: str) -> None:
    text = output(name, "--help")
    assert "A network learns" in text
    for option in ("--seed", "--plot FILE", "--progress", "--redis URL"):
        assert option in text


@pytest.mark.parametrize("seed", ["x", "-1", "1.5", str(2**64)])
@pytest.mark.parametrize("name", NAMES)
def test_a_seed_that_is_none_is_refused(name: str, seed: str) -> None:
    done = run(name, "--seed", seed)
    assert done.returncode == 2
    assert f"argument --seed: invalid seed value: '{seed}'" in done.stderr
