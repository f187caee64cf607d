"""The contents of the installed package."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import neuralredis
from neuralredis import module


def test_version_matches_the_distribution() -> None:
    assert neuralredis.__version__ == importlib.metadata.version("neuralredis")


def test_module_exists_and_is_executable() -> None:
    assert os.access(neuralredis.module_path(), os.R_OK | os.X_OK)


def test_package_without_the_module_raises_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "__file__", str(tmp_path / "module.py"))
    with pytest.raises(FileNotFoundError, match="NEURALREDIS_BUILD_MODULE=1"):
        neuralredis.module_path()


def test_package_is_typed() -> None:
    assert Path(neuralredis.__file__).with_name("py.typed").exists()


def test_import_loads_neither_optional_packages_nor_parts_for_later() -> None:
    parts = ["aio", "remote", "table", "learning", "description", "export", "html"]
    names = {"asyncio", "redis", "sklearn", "pandas", *(f"neuralredis.{part}" for part in parts)}
    program = f"import sys, neuralredis; print({names} & set(sys.modules))"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout == "set()\n"


def test_every_public_name_can_be_imported() -> None:
    assert set(neuralredis.__all__) <= set(dir(neuralredis))
    for name in neuralredis.__all__:
        assert getattr(neuralredis, name) is getattr(neuralredis, name)
    with pytest.raises(AttributeError, match="module 'neuralredis' has no attribute 'Netwrok'"):
        neuralredis.Netwrok  # noqa: B018


def test_frozen_program_without_the_module_says_how_to_include_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "__file__", str(tmp_path / "module.py"))
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    with pytest.raises(FileNotFoundError, match=r"this program was frozen without .* --collect-binaries neuralredis"):
        neuralredis.module_path()


def test_module_beside_a_program_is_not_mistaken_for_the_package(tmp_path: Path) -> None:
    shutil.copy(neuralredis.module_path(), tmp_path)
    (tmp_path / "program.py").write_text("import neuralredis; print(neuralredis.__version__)")
    run = subprocess.run([sys.executable, "program.py"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert run.stdout == f"{neuralredis.__version__}\n"
