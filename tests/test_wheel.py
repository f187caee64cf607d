"""The wheel that users install, with the package, the extension and the module."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import kinds
import neuralredis
import servers

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the wheel that ``NEURALREDIS_WHEEL`` names; build one if it names none."""
    if named := os.environ.get("NEURALREDIS_WHEEL"):
        return (ROOT / named).resolve(strict=True)
    directory = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*command, "--wheel-dir", str(directory), "."], cwd=ROOT, check=True, stdin=subprocess.DEVNULL)
    [built] = directory.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def unpacked(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Unpack as installers do: of the permissions in the archive, only the execute bit is kept."""
    directory = tmp_path_factory.mktemp("unpacked")
    with zipfile.ZipFile(wheel) as archive:
        for member in archive.infolist():
            path = Path(archive.extract(member, directory))
            if member.external_attr >> 16 & 0o111:
                path.chmod(0o755)
    return directory


def test_wheel_contains_libraries_and_types(wheel: Path) -> None:
    files = zipfile.ZipFile(wheel).namelist()
    package = {name.removeprefix("neuralredis/") for name in files if name.startswith("neuralredis/")}
    assert {"_core.abi3.so", "libneuralredis.so", "_core.pyi", "py.typed", "__init__.py"} <= package
    pages = ROOT / "python" / "neuralredis" / "web"
    assert {f"web/{path.relative_to(pages)}" for path in pages.rglob("*.*")} <= package
    assert {name for name in package if ".so" in name} == {"_core.abi3.so", "libneuralredis.so"}


def test_wheel_supports_every_python_version(wheel: Path) -> None:
    assert "-cp310-abi3-" in wheel.name


def test_unpacked_wheel_imports_and_finds_its_module(unpacked: Path) -> None:
    program = "import neuralredis; print(neuralredis.__version__, neuralredis.module_path())"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": str(unpacked)},
        cwd=unpacked,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == [neuralredis.__version__, str(unpacked / "neuralredis" / "libneuralredis.so")]


def test_module_of_the_wheel_loads(kind: kinds.Kind, unpacked: Path) -> None:
    with servers.running(kind, module=unpacked / "neuralredis" / "libneuralredis.so") as server:
        assert "is ready" in server.log
