"""Embedded networks of fields, and rows for them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import neuralredis as nr

SHOP = {
    "age": "number",
    "country": "category 20",
    "spent": "auto",
    "phone": "flag",
    "at": "time",
    "note": "text 64",
    "tags": "tags",
    "place": "vector 2",
}


def network(fields: dict[str, str] | None = None, target: Any = "taken", **options: Any) -> nr.Network:
    return nr.Network("classifier", fields=fields or SHOP, target=target, **{"seed": 7, "hidden": (8,), **options})


def stars(fields: dict[str, str], target: Any = "stars", **options: Any) -> nr.Network:
    return nr.Network("regressor", fields=fields, target=target, **{"seed": 7, "hidden": (8,), **options})


def shop(rows: int = 200) -> list[dict[str, Any]]:
    """Return rows of all kinds with gaps, whose outcome depends on the country."""
    rng = np.random.default_rng(3)
    countries = rng.choice(["IT", "FR", "DE"], rows)
    return [
        {
            "age": None if at % 7 == 0 else int(rng.integers(18, 80)),
            "country": country,
            "spent": ["unknown", 12.5, "", 3][at % 4],
            "phone": [True, False, None][at % 3],
            "at": dt.datetime(2026, 1, 1 + at % 28, at % 24),
            "note": ["a good film", "a bad film", None][at % 3],
            "tags": [["new", "red"], [], ["red"]][at % 3],
            "place": None if at % 5 == 0 else [float(rng.normal()), 1.0],
            "taken": {"IT": "yes", "FR": "no", "DE": "perhaps"}[country],
        }
        for at, country in enumerate(countries)
    ]


def learnt(**options: Any) -> nr.Network:
    net = network(**options)
    net.observe(shop(300))
    net.train(max_cycles=100)
    return net


def same(fields: dict[str, str], *forms: Any) -> None:
    """Check that rows mean the same in each form: the networks that observe them are equal."""
    networks = []
    for form in forms:
        net = stars(fields, dataset=100, test=0)
        net.observe(form, np.arange(3))
        networks.append(net)
    for form, net in zip(forms[1:], networks[1:], strict=True):
        assert net == networks[0], form


def error_of(error: type[Exception], call: Callable[[], object]) -> str:
    with pytest.raises(error) as caught:
        call()
    return str(caught.value)
