"""Everything public is documented, examples in docstrings run, and pages show the real output."""

from __future__ import annotations

import doctest
import importlib
import inspect
import re
import runpy
import textwrap
from pathlib import Path
from typing import Any

import pages
import pytest

import kinds
import neuralredis as nr
import servers
from neuralredis import _core
from programs import output_of

NATIVE = [test for test in doctest.DocTestFinder().find(_core, "_core", module=False) if test.examples]


IN_REDIS = [
    test
    for name in (
        "commands",
        "database",
        "database_steps",
        "events",
        "job",
        "links",
        "named",
        "network",
        "network_steps",
        "positions",
        "refusals",
        "replies",
        "sequence_steps",
        "sequences",
        "session_steps",
    )
    for test in doctest.DocTestFinder().find(importlib.import_module(f"neuralredis.remote.{name}"))
    if test.examples
]

DOCS = pages.ROOT / "docs"
PAGES = [pages.ROOT / "CONTRIBUTING.md", *(p for p in sorted(DOCS.glob("*.md")) if p.name != "command-notes.md")]


def public(thing: Any) -> list[tuple[str, Any]]:
    return [(name, member) for name, member in inspect.getmembers(thing) if not name.startswith("_")]


@pytest.mark.parametrize("example", NATIVE, ids=lambda test: test.name)
def test_examples_of_native_functions_run(example: doctest.DocTest) -> None:
    # pytest only searches Python modules for doctests.
    assert doctest.DocTestRunner().run(example).failed == 0


@pytest.mark.parametrize("example", IN_REDIS, ids=lambda test: test.name)
def test_examples_of_networks_in_redis_run(example: doctest.DocTest, db: nr.NeuralRedis) -> None:
    example.globs["db"] = db
    assert doctest.DocTestRunner().run(example).failed == 0


def test_native_methods_with_results_have_examples() -> None:
    named = {test.name.rpartition(".")[2] for test in NATIVE}
    assert named >= {"observe", "run", "classify", "rows", "gradient", "configure", "from_bytes"}


@pytest.mark.parametrize("name", sorted(set(nr.__all__) - {"__version__"}))
def test_every_public_name_is_documented(name: str) -> None:
    thing = getattr(nr, name)
    assert inspect.getdoc(thing), name
    if inspect.isclass(thing) and not issubclass(thing, Exception):
        for member_name, member in public(thing):
            if callable(member) or isinstance(member, property):
                assert inspect.getdoc(member), f"{name}.{member_name}"


def test_the_reference_has_every_public_name() -> None:
    text = (Path(__file__).resolve().parents[1] / "docs" / "python.rst").read_text()
    listed = {
        name if name.startswith("neuralredis.") else f"neuralredis.{name}"
        for name in re.findall(r"^\.\. auto(?:class|function):: (\S+)$", text, re.MULTILINE)
    }
    modules = ("neuralredis.aio", "neuralredis.exceptions", "neuralredis.plot", "neuralredis.sklearn")
    public = {module: set(importlib.import_module(module).__all__) for module in modules}
    # The package has the names of the errors, too, and these are listed in their module.
    public["neuralredis"] = set(nr.__all__) - public["neuralredis.exceptions"] - {"__version__", "aio"}
    for module in re.findall(r"^\.\. automodule:: (\S+)$", text, re.MULTILINE):
        # A module is listed with all its members.
        listed |= {f"{module}.{name}" for name in public[module]}
    assert not {f"{module}.{name}" for module, names in public.items() for name in names} - listed


METHODS = ["observe", "run", "classify", "configure", "train", "start_training", "evaluate"]
METHODS += ["gradient", "weights", "set_weights", "rank"]


@pytest.mark.parametrize("name", METHODS)
def test_every_parameter_is_documented(name: str) -> None:
    method = getattr(nr.Network, name)
    text = inspect.getdoc(method) or ""
    for parameter in list(inspect.signature(method).parameters)[1:]:
        assert parameter in text.partition("Parameters\n")[2], f"{name}({parameter})"
    for parameter in inspect.signature(nr.Network).parameters:
        assert parameter in (nr.Network.__doc__ or "")


def test_signatures_of_native_functions_are_available() -> None:
    assert str(inspect.signature(nr.Network)).startswith(
        "(kind, layout=None, *, fields=None, target=None, hidden=None, classes=None, normalize=None, activation=None, "
    )
    assert str(inspect.signature(nr.Network.observe)) == "(self, /, X, y=None, *, into=None, weight=None)"


def test_import_loads_no_heavy_packages() -> None:
    heavy = """
        import sys
        before = set(sys.modules)
        import neuralredis
        ours = {name.split(".")[0] for name in set(sys.modules) - before}
        print(sorted(ours - set(sys.stdlib_module_names)))
    """
    assert output_of(heavy) == "['neuralredis', 'numpy']\n"


def test_public_names_are_sorted_and_exist() -> None:
    assert sorted(nr.__all__) == nr.__all__
    assert not [name for name in nr.__all__ if not hasattr(nr, name)]


#: The page on access shows errors in the words of Redis 7.0, which differ from those of later servers.
SHOWN = [pytest.param(page, marks=pytest.mark.needs(kinds.REDIS_7) if page.stem == "access" else ()) for page in PAGES]


@pytest.mark.parametrize("page", SHOWN, ids=lambda page: page.stem)
def test_snippets_of_a_page_print_the_shown_output(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pages.run(page, tmp_path, monkeypatch)


def test_program_for_asyncio_runs(
    any_server_for_all: servers.Server,
    db: nr.NeuralRedis,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    pages.reach(any_server_for_all, monkeypatch)
    program = textwrap.dedent((nr.aio.__doc__ or "").partition("::\n")[2])
    exec(compile(program, "aio.py", "exec"), {})
    assert capsys.readouterr().out == "[5.]\n"
    assert "sums" in db


def test_figures_of_the_docs_can_be_drawn(tmp_path: Path) -> None:
    draw = runpy.run_path(str(DOCS / "images" / "draw.py"))
    draw["main"](tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {path.name for path in (DOCS / "images").glob("*.png")}


def test_pages_have_snippets_of_every_language() -> None:
    runs = {page.stem: {language for language, _ in pages.blocks(page.read_text("utf-8"))} for page in PAGES}
    assert {stem for stem, languages in runs.items() if "redis" in languages} >= {"commands", "tutorial"}
    assert {stem for stem, languages in runs.items() if "python" in languages} >= {"tutorial", "troubleshooting"}


def test_commands_page_matches_the_server(server: servers.Server) -> None:
    page = runpy.run_path(str(DOCS / "commands.py"))["page"]
    assert page(server.client(protocol=3)) == (DOCS / "commands.md").read_text(encoding="utf-8"), "run `make pages`"


def test_tables_of_pages_match_the_benchmarks() -> None:
    figures = runpy.run_path(str(DOCS / "figures.py"))
    for page in figures["PAGES"]:
        text = page.read_text(encoding="utf-8")
        assert figures["filled"](text) == text, f"{page.name}: run `make pages`"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_of_a_page_resolve(page: Path) -> None:
    # Sphinx checks links of the site; pages are read in the repository, too.
    places = [place for place in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text("utf-8")) if "://" not in place]
    assert [place for place in places if not (page.parent / place).exists()] == []
