"""Add fields as inputs of an ONNX graph, and the inputs of the first layer that follow from them.

A value is packed into a few columns in which a missing value is all zeros, so that the state of a sequence without
events is all zeros: a number is (number, 1), a word its index in the vocabulary, from 2 on, and 1 an unknown word.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from neuralredis.export.intermediate import FieldInputs
from neuralredis.export.onnx_graph import DOUBLE, FLOAT, INT64, STRING, Graph
from neuralredis.export.packing import unpacked

__all__ = ["NOTHING", "Inputs", "given", "inputs_of", "width"]

#: In place of an input's number: an input without weights.
NOTHING = -1


def width(own: FieldInputs) -> int:
    """Return the number of columns of a packed value."""
    if own["kind"] == "vector":
        return own["length"] + 1
    if own["kind"] == "tags":
        return 1 + len(own["words"])
    return {"number": 2, "flag": 2, "auto": 3, "category": 1, "time": 3}[own["kind"]]


def given(graph: Graph, own: FieldInputs) -> str:
    """Add the input of a field, and return its packed values."""
    name, kind = own["name"], own["kind"]
    if kind == "category":
        return graph.cast(_codes(graph, graph.input(name, STRING, "rows", 1), own["words"]))
    if kind == "tags":
        codes = _codes(graph, graph.input(name, STRING, "rows", graph.fresh("tags")), own["words"])
        depth = graph.constant([2 + len(own["words"])], np.int64)
        hot = graph.add("OneHot", codes, depth, graph.constant([0, 1]), axis=-1)
        return graph.columns(graph.add("ReduceMax", hot, axes=[1], keepdims=0), 1, 2 + len(own["words"]))
    if kind == "time":
        return _moment(graph, graph.input(name, DOUBLE, "rows", 1))
    columns = own["length"] if kind == "vector" else 1
    packed = _numbers(graph, graph.input(name, FLOAT, "rows", columns), columns)
    if kind == "auto":
        word = graph.input(f"{name} (word)", STRING, "rows", 1)
        return graph.side_by_side([packed, graph.cast(_codes(graph, word, own["words"]))])
    return packed


def _codes(graph: Graph, words: str, known: list[str]) -> str:
    # Strings of ONNX are UTF-8: words with other bytes never occur.
    readable = {
        word: at for at, word in enumerate(known, 2) if not any("\ud800" <= letter <= "\udfff" for letter in word)
    }
    keys, values = ["", *readable], [0, *readable.values()]
    return graph.add(
        "LabelEncoder", words, domain="ai.onnx.ml", keys_strings=keys, values_int64s=values, default_int64=1
    )


def _numbers(graph: Graph, values: str, columns: int) -> str:
    gaps = graph.add("IsNaN", values)
    if columns > 1:
        is_gap = graph.add("ReduceMax", graph.cast(gaps), axes=[1], keepdims=1)
        gaps = graph.add("Greater", graph.add("Add", graph.cast(gaps), is_gap), 0)
        present = graph.add("Sub", 1, is_gap)
    else:
        present = graph.add("Sub", 1, graph.cast(gaps))
    return graph.side_by_side([graph.add("Where", gaps, 0, values), present])


def _moment(graph: Graph, seconds: str) -> str:
    """Return days since 1970, seconds of the day, and 1 where there is a time, 0 where it is missing."""

    def double(value: float) -> str:
        return graph.constant(value, np.float64)

    gap = graph.add("IsNaN", seconds)
    whole = graph.add("Where", gap, double(0), seconds)
    in_milliseconds = graph.add("GreaterOrEqual", graph.add("Abs", whole), double(1e11))
    whole = graph.add("Where", in_milliseconds, graph.add("Div", whole, double(1000)), whole)
    days = graph.add("Floor", graph.add("Div", whole, double(86_400)))
    rest = graph.add("Sub", whole, graph.add("Mul", days, double(86_400)))
    return graph.side_by_side([graph.cast(days), graph.cast(rest), graph.add("Sub", 1, graph.cast(gap))])


@dataclass
class Inputs:
    """Collect the inputs of the first layer.

    Attributes
    ----------
    computed : dict of int to str
        Columns of computed inputs, by the index of the first.
    present : dict of int to (str, int)
        For the same keys, 1 where the values are present and 0 where they are missing, and the number of columns.
    looked_up : list of (str, list of int)
        Columns of values, and the indices of their inputs.
    chosen : list of (str, list of int)
        A column of positions in a list of inputs.
    """

    computed: dict[int, str] = field(default_factory=dict)
    present: dict[int, tuple[str, int]] = field(default_factory=dict)
    looked_up: list[tuple[str, list[int]]] = field(default_factory=list)
    chosen: list[tuple[str, list[int]]] = field(default_factory=list)

    def add(self, first: int, values: str, present: str, count: int) -> None:
        """Add ``count`` computed inputs, beginning at index ``first``."""
        self.computed[first], self.present[first] = values, (present, count)

    def scaled(self, graph: Graph, mean: Any, scale: Any, limit: float) -> str:
        """Add the scaling of all computed inputs; missing values become 0, the mean."""
        if not self.computed:
            # A column of zeros, which has no effect.
            value, _ = (self.looked_up or self.chosen)[0]
            only = graph.add("Mul", graph.columns(value, 0, 1), 0)
            self.add(0, only, graph.add("Add", only, 1), 1)
        order = sorted(self.computed)
        x = graph.side_by_side([self.computed[first] for first in order])
        ones = [graph.add("Mul", self.present[first][0], np.ones((1, self.present[first][1]))) for first in order]
        if mean is not None:
            far = np.finfo(np.float32).max
            x = graph.add("Mul", graph.add("Clip", graph.add("Sub", x, mean), *_ends(far)), scale)
        if limit < np.inf:
            x = graph.add("Clip", x, *_ends(limit))
        return graph.add("Mul", x, graph.side_by_side(ones))

    def dense(self, graph: Graph, x: str) -> tuple[str, list[int]]:
        """Add a column for each input that a row may have, and return them and the numbers of the inputs."""
        computed = sum(count for _, count in self.present.values()) or 1
        columns, numbers = [x], list(range(computed))
        for values, own in self.looked_up:
            columns.append(values)
            numbers += own
        for code, own in self.chosen:
            depth = graph.constant([len(own)], np.int64)
            hot = graph.add("OneHot", graph.cast(code, INT64), depth, graph.constant([0, 1]), axis=-1)
            columns.append(graph.add("Squeeze", hot, graph.constant([1], np.int64)))
            numbers += own
        return graph.side_by_side(columns), numbers

    def weighed(self, graph: Graph, x: str, weights: Any, biases: Any) -> str:
        """Add the weighted sums of units, of the weights of all inputs."""
        computed = sum(count for _, count in self.present.values()) or 1
        values = graph.side_by_side([x, *(column for column, _ in self.looked_up)])
        numbers = [*range(computed), *(number for _, own in self.looked_up for number in own)]
        sums = graph.add("Gemm", values, weights[numbers], biases)
        for code, own in self.chosen:
            own_weights = np.where(np.array(own)[:, None] == NOTHING, 0, weights[own])
            rows = graph.add("Gather", graph.constant(own_weights), graph.cast(code, INT64), axis=0)
            sums = graph.add("Add", sums, graph.sum_of_columns(rows, keep=0))
        return sums


def _ends(limit: float) -> tuple[float, float]:
    return -limit, limit


def inputs_of(graph: Graph, found: Inputs, own: FieldInputs, packed: str, words: list[int], inputs: int) -> None:
    """Add the inputs of a packed value.

    ``words`` has the input of each word; words whose input is not below ``inputs``, the network's number of inputs,
    are treated as unknown.
    """
    kind, first, gap = own["kind"], own["computed"], own["gap"]
    known = [number if number < inputs else gap + 1 for number in words]
    if kind == "category":
        found.chosen.append((packed, [gap, gap + 1, *known]))
        return
    if kind == "tags":
        _tags(graph, found, packed, gap, known)
        return
    last = width(own) - (2 if kind == "auto" else 1)
    value, present = graph.columns(packed, 0, last), graph.columns(packed, last, last + 1)
    if kind in ("number", "auto"):
        found.add(first, graph.side_by_side([value, _place(graph, value, unpacked(own["knots"]))]), present, 2)
    elif kind == "time":
        found.add(first, _circles(graph, value), present, 7)
    else:
        found.add(first, value, present, last)
    if kind == "auto":
        absent = graph.add("Sub", 1, present)
        code = graph.add("Mul", graph.columns(packed, 2, 3), absent)
        found.looked_up.append((graph.add("Mul", absent, graph.add("Sub", 1, graph.add("Min", code, 1))), [gap]))
        found.chosen.append((code, [NOTHING, gap + 1, *known]))
    else:
        found.looked_up.append((graph.add("Sub", 1, present), [gap]))


def _tags(graph: Graph, found: Inputs, packed: str, gap: int, known: list[int]) -> None:
    """Add the inputs of tags: each tag adds its own weights, and so does each unknown tag, as one."""
    has_any = graph.add("ReduceMax", packed, axes=[1], keepdims=1)
    found.looked_up += [(graph.add("Sub", 1, has_any), [gap]), (packed, [gap + 1, *known])]


def _place(graph: Graph, value: str, knots: Any) -> str:
    """Return the number of knots below plus the fraction of the way to the next: a sum of terms clipped to [0, 1]."""
    if not len(knots):
        return graph.add("Mul", value, 0)
    apart = graph.add("Div", graph.add("Sub", value, knots[None, :-1]), np.diff(knots)[None])
    return graph.sum_of_columns(graph.add("Clip", apart, 0, 1))


def _circles(graph: Graph, moment: str) -> str:
    """Return sine and cosine of the time of day, of the week and of the year, and the years since 2000."""
    days, seconds = graph.columns(moment, 0, 1), graph.columns(moment, 1, 2)
    apart = graph.add("Sub", graph.cast(days, DOUBLE), graph.constant(10_957, np.float64))
    years = graph.add("Div", apart, graph.constant(365.2425, np.float64))
    weeks = graph.add("Div", graph.add("Mod", graph.add("Sub", days, 10_959), 7, fmod=1), 7)
    of_year = graph.cast(graph.add("Sub", years, graph.add("Floor", years)))
    columns = []
    for turns in (graph.add("Div", seconds, 86_400), weeks, of_year):
        angle = graph.add("Mul", turns, 2 * np.pi)
        columns += [graph.add("Sin", angle), graph.add("Cos", angle)]
    return graph.side_by_side([*columns, graph.cast(years)])
