"""What `help()` shows is there for everything public, and its examples run."""

from __future__ import annotations

import doctest
import importlib
import inspect
from typing import Any

import pytest

import neuralredis as nr
from neuralredis import _core
from programs import output_of

NATIVE = [test for test in doctest.DocTestFinder().find(_core, "_core", module=False) if test.examples]


IN_REDIS = [
    test
    for name in ("commands", "database", "job", "links", "network", "operations", "refusals", "replies")
    for test in doctest.DocTestFinder().find(importlib.import_module(f"neuralredis.remote.{name}"))
    if test.examples
]


def public(thing: Any) -> list[tuple[str, Any]]:
    return [(name, member) for name, member in inspect.getmembers(thing) if not name.startswith("_")]


@pytest.mark.parametrize("example", NATIVE, ids=lambda test: test.name)
def test_examples_of_native_functions_run(example: doctest.DocTest) -> None:
    # pytest looks into modules of Python only.
    assert doctest.DocTestRunner().run(example).failed == 0


@pytest.mark.parametrize("example", IN_REDIS, ids=lambda test: test.name)
def test_examples_of_networks_in_redis_run(example: doctest.DocTest, db: nr.NeuralRedis) -> None:
    example.globs["db"] = db
    assert doctest.DocTestRunner().run(example).failed == 0


def test_native_methods_that_answer_have_examples() -> None:
    named = {test.name.rpartition(".")[2] for test in NATIVE}
    assert named >= {"observe", "run", "classify", "rows", "configure", "from_bytes"}


@pytest.mark.parametrize("name", sorted(set(nr.__all__) - {"__version__"}))
def test_everything_public_is_documented(name: str) -> None:
    thing = getattr(nr, name)
    assert inspect.getdoc(thing), name
    if inspect.isclass(thing) and not issubclass(thing, Exception):
        for member_name, member in public(thing):
            if callable(member) or isinstance(member, property):
                assert inspect.getdoc(member), f"{name}.{member_name}"


@pytest.mark.parametrize("name", ["observe", "run", "classify", "configure", "train", "start_training", "evaluate"])
def test_every_parameter_is_documented(name: str) -> None:
    method = getattr(nr.Network, name)
    text = inspect.getdoc(method) or ""
    for parameter in list(inspect.signature(method).parameters)[1:]:
        assert parameter in text.partition("Parameters\n")[2], f"{name}({parameter})"
    for parameter in inspect.signature(nr.Network).parameters:
        assert parameter in (nr.Network.__doc__ or "")


def test_signatures_can_be_read() -> None:
    assert str(inspect.signature(nr.Network)).startswith("(kind, layout, *, normalize=False, dataset=None, test=None, ")
    assert str(inspect.signature(nr.Network.observe)) == "(self, /, X, y, *, into=None, weight=None)"


def test_importing_is_light() -> None:
    heavy = """
        import sys
        before = set(sys.modules)
        import neuralredis
        ours = {name.split(".")[0] for name in set(sys.modules) - before}
        print(sorted(ours - set(sys.stdlib_module_names)))
    """
    assert output_of(heavy) == "['neuralredis', 'numpy']\n"


def test_the_module_says_what_it_offers() -> None:
    assert sorted(nr.__all__) == nr.__all__
    assert not [name for name in nr.__all__ if not hasattr(nr, name)]
