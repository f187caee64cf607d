"""From a table as it comes to a network that has learnt from it, and how good that is."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neuralredis.exceptions import DataError, OptionError
from neuralredis.network import Network
from neuralredis.options import Kind
from neuralredis.results import ClassifierEvaluation, Evaluation, Progress, Report
from neuralredis.statistics import hold_out
from neuralredis.table import frames
from neuralredis.table.column import Column
from neuralredis.table.conventions import Conventions
from neuralredis.table.schema import Schema
from neuralredis.table.target import Classes, target_of
from neuralredis.table.values import Words
from neuralredis.table.wishes import Wish

__all__ = ["Learnt", "learn"]

#: Rows with a value of the target that a table needs.
LEAST_ROWS = 10
#: Share of the rows that is kept back, and of the others that which decides when a training stops.
KEPT_BACK, VALIDATION = 0.2, 0.2
#: Rows that a network has room for at least, those that decide the stop among them.
DATASET, TEST = 10_000, 2_500


@dataclass(frozen=True, kw_only=True, eq=False)
class Learnt:
    """What `learn` has come to.

    Attributes
    ----------
    network : Network
        The network, with the rows that it has learnt from.
    report : Report
        How its training went.
    evaluation : ClassifierEvaluation or RegressorEvaluation or None
        How good it is on the rows that were kept back, with the figures of a baseline; None if there are none.
    left_out : dict of str to str
        Why columns were left out, by their names.
    remarks : tuple of str
        What was decided of the table although it could be otherwise, each in a sentence.
    """

    network: Network
    report: Report
    evaluation: Evaluation | None
    left_out: Mapping[str, str]
    remarks: tuple[str, ...]
    _schema: Schema = field(repr=False)

    def rows(self, data: Any) -> dict[str, Any]:
        """Return the rows of another table as the network takes them, with the columns that it goes by alone.

        A network knows numbers, words, dates as of ISO 8601; this reads what else was found in the table learnt from,
        such as dates with the day first, or prices with their currency, and leaves the other columns out.

        Parameters
        ----------
        data : path, frame, dict of columns, or iterable of dict
            The table, as for `learn`.

        Raises
        ------
        DataError
            If a column is not there.
        """
        columns, _ = _columns(data)
        return self._schema.rows(columns)

    def __repr__(self) -> str:
        """Return the network, how good it is, and what was left out."""
        lines = [f"<Learnt {self.network.info().title}: {self.report.summary}>"]
        if isinstance(self.evaluation, ClassifierEvaluation):
            found = self.evaluation
            lines.append(
                f"On {found.rows:,} rows kept back: {found.accuracy:.1%} right, "
                f"always answering the commonest class {found.baseline:.1%}"
            )
        elif self.evaluation is not None:
            numbers = self.evaluation
            lines.append(
                f"On {numbers.rows:,} rows kept back: off by {numbers.rmse:.4g} (RMSE), "
                f"always answering the mean by {numbers.baseline:.4g}"
            )
        lines += [f"Left out '{name}': {reason}" for name, reason in self.left_out.items()]
        lines += [f"Note: {remark}" for remark in self.remarks]
        return "\n".join([*lines, *(f"Warning: {warning}" for warning in self.report.warnings)])


def learn(
    data: Any,
    target: str,
    *,
    kind: Kind | None = None,
    fields: Mapping[str, str | None] | None = None,
    hidden: Sequence[int] | None = None,
    kept_back: float = KEPT_BACK,
    seed: int | None = None,
    max_time: float | None = 60.0,
    progress: bool | None = None,
    callback: Callable[[Progress], object] | None = None,
    **options: Any,
) -> Learnt:
    """Learn from a table to answer one of its columns, and tell how good that is.

    What each column holds is found out: numbers, also with units or decimal commas; dates and times in the forms that
    people use; yes and no; words; texts; lists of words and of numbers. Columns that number the rows, or have another
    word in nearly each, are left out. Words such as "NA" and "?" are gaps, and rows without an answer are left out.

    Parameters
    ----------
    data : path, frame, dict of columns, or iterable of dict
        A file with CSV, JSON lines, Parquet or Feather (for files there is ``neuralredis[cli]``), a frame of pandas or
        polars, a table of Arrow, a dict of columns, or rows as dicts.
    target : str
        The column to be answered. Texts, yes and no, and few different whole numbers are learnt as classes, others as a
        number.
    kind : {"classifier", "regressor"}, optional
        Whether to learn classes or a number, where it is not to be found out.
    fields : dict of str to str, optional
        The kind of some columns, where it is not to be found out: one of the kinds of a `Network`, also
        ``"date:dmy"``, ``"date:mdy"``, ``"number:comma"`` and ``"number:point"``; None leaves a column out.
    hidden : sequence of int, default (30, 30, 30)
        Units of the hidden layers.
    kept_back : float, default 0.2
        Share of the rows that the network never sees, for the figures; 0 for none. Of the others another fifth decides
        when the training stops.
    seed : int, optional
        Of all that is random: the same table, options and seed give the same network.
    max_time : float, default 60.0
        Seconds to train at most; 0 or None for no limit.
    progress, callback
        As for `Network.train`.
    **options
        More options of the `Network`, such as ``class_weight="balanced"``.

    Returns
    -------
    Learnt
        The network, the report of its training, and its evaluation on the rows kept back.

    Raises
    ------
    DataError
        If it is no table, there is no such column, or nothing to be learnt from it.
    OptionError
        If an option has no such value.

    Examples
    --------
    >>> import neuralredis as nr
    >>> plans, ages = ["free", "pro"] * 50, [20, 30, 40, 50] * 25
    >>> rows = {"id": range(100), "age": ages, "plan": plans, "left": [plan == "pro" for plan in plans]}
    >>> learnt = nr.learn(rows, target="left", seed=7)
    >>> dict(learnt.network.fields)
    {'age': 'number', 'plan': 'category 2'}
    >>> learnt.left_out
    {'id': 'it numbers the rows'}
    >>> learnt.evaluation.accuracy
    1.0
    >>> learnt.network.classify({"age": 40, "plan": "pro"})
    'true'
    """
    if kind not in (None, "classifier", "regressor"):
        raise OptionError(f"kind is {kind!r}: expected classifier or regressor")
    if not 0 <= kept_back < 1:
        raise OptionError(f"kept_back is {kept_back!r}: expected a share of the rows from 0 to less than 1")
    try:
        columns, delimiter = _columns(data)
        lot = prepare(
            columns,
            target,
            classify=None if kind is None else kind == "classifier",
            wishes=_wishes(fields or {}, columns, target),
            delimiter=delimiter,
            kept_back=kept_back,
            seed=seed,
        )
    except DataError as error:
        raise type(error)(_in_python(str(error))) from None
    network = lot.network(hidden=hidden, seed=seed, **options)
    report = network.train(autostop=True, backtrack=True, max_time=max_time, progress=progress, callback=callback)
    return Learnt(
        network=network,
        report=report,
        evaluation=lot.evaluate(network) if len(lot.kept) else None,
        left_out={one.name: one.reason for one in lot.schema.left_out},
        remarks=tuple(map(_in_python, lot.schema.remarks)),
        _schema=lot.schema,
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class Lot:
    """A table, ready to be learnt from.

    Attributes
    ----------
    schema : Schema
        How its columns are read.
    answered : numpy.ndarray of bool, shape (all rows,)
        Which rows of the table have an answer.
    rows : dict
        The values of each field in the rows that are used.
    answers : numpy.ndarray or Words
        What these rows have come to.
    train, test, kept : numpy.ndarray of int64
        Which of these rows are learnt from, which decide when a training stops, and which are kept back.
    """

    schema: Schema
    answered: NDArray[np.bool_]
    rows: dict[str, Any]
    answers: Any
    train: NDArray[np.int64]
    test: NDArray[np.int64]
    kept: NDArray[np.int64]

    def taken(self, places: NDArray[np.int64]) -> tuple[dict[str, Any], Any]:
        """Return some of the rows, and what they have come to."""
        return {name: taken(values, places) for name, values in self.rows.items()}, self.answers[places]

    def network(self, *, hidden: Sequence[int] | None = None, seed: int | None = None, **options: Any) -> Network:
        """Return a new network that has the rows to be learnt from, and those that decide the stop."""
        target = self.schema.target
        if isinstance(target, Classes):
            options.setdefault("classes", list(target.labels))
        network = Network(
            "classifier" if isinstance(target, Classes) else "regressor",
            fields=self.schema.kinds(),
            target=target.name,
            **{
                "hidden": hidden,
                "seed": seed,
                "dataset": max(len(self.train), DATASET),
                "test": max(len(self.test), TEST),
                **options,
            },
        )
        network.observe(*self.taken(self.train), into="train")
        network.observe(*self.taken(self.test), into="test")
        return network

    def evaluate(self, network: Network) -> Evaluation:
        """Return how good a network is on the rows kept back."""
        rows, answers = self.taken(self.kept)
        return network.evaluate(rows, answers)


def prepare(
    columns: dict[str, Column],
    target: str,
    *,
    classify: bool | None = None,
    wishes: Mapping[str, Wish] | None = None,
    delimiter: str = ",",
    kept_back: float = KEPT_BACK,
    seed: int | None = None,
    most: int | None = None,
) -> Lot:
    """Return a table, ready to be learnt from.

    Parameters
    ----------
    columns : dict of str to Column
        The table.
    target : str
        The column to be answered.
    classify : bool, optional
        Whether to learn classes, or numbers.
    wishes : mapping of str to Wish, optional
        What the user says that some columns are.
    delimiter : str
        What stands between the cells of the table.
    kept_back : float
        Share of the rows that is kept back.
    seed : int, optional
        Of how rows are chosen.
    most : int, optional
        Rows that are used at most.

    Raises
    ------
    DataError
        If there is no such column, or too little to learn from.
    """
    wishes = wishes or {}
    if target not in columns:
        there = ", ".join(f"'{name}'" for name in list(columns)[:30])
        raise DataError(f"the table has no column '{target}'; its columns are {there}")
    conventions = Conventions.of(columns.values(), delimiter)
    found = target_of(columns[target], classify, conventions, wishes.get(target))
    answers = found.encode(columns[target])
    answered = answers >= 0 if isinstance(found, Classes) else ~np.isnan(answers)
    used = np.flatnonzero(answered)
    if len(used) < LEAST_ROWS:
        rows = f"{len(used)} row{'' if len(used) == 1 else 's'}"
        raise DataError(f"the table has {rows} with a value of '{target}': expected at least {LEAST_ROWS}")
    if most is not None and most < len(used):
        used = np.sort(np.random.default_rng(seed).choice(used, most, replace=False))
    y = answers[used]
    classes = y.astype(np.int64) if isinstance(found, Classes) else None
    learnt, kept = np.arange(len(y)), np.array([], np.int64)
    if kept_back:
        learnt, kept = hold_out(classes, len(y), kept_back, seed)
    of_learnt = None if classes is None else classes[learnt]
    train, test = hold_out(of_learnt, len(learnt), VALIDATION, None if seed is None else seed + 1)
    # How a column is written is found out of all rows; what it holds only of those that are learnt from.
    others = [column for name, column in columns.items() if name != target]
    schema = Schema.of(others, found, wishes, rows=used[learnt], conventions=conventions)
    fields = {field.name: columns[field.name].take(used) for field in schema.fields}
    return Lot(
        schema=schema,
        answered=answered,
        rows=schema.rows(fields),
        answers=y if classes is None else Words.of(list(found.labels), classes),  # type: ignore[union-attr]
        train=learnt[train],
        test=learnt[test],
        kept=kept,
    )


def taken(values: Any, places: NDArray[np.int64]) -> Any:
    """Return some of the values of a column."""
    return [values[place] for place in places.tolist()] if isinstance(values, list) else values[places]


def _columns(data: Any) -> tuple[dict[str, Column], str]:
    """Return the columns of a table, and what stands between its cells."""
    if not isinstance(data, str | os.PathLike):
        return frames.columns_of(data), ","
    try:
        from neuralredis.table.reading import read
    except ImportError:
        raise ImportError("to read files install neuralredis[cli], which brings pyarrow") from None
    table = read(os.fspath(data))
    return {name: table.column(name) for name in table.names}, table.delimiter


def _wishes(fields: Mapping[str, str | None], columns: dict[str, Column], target: str) -> dict[str, Wish]:
    for name in fields:
        if name not in columns:
            there = ", ".join(f"'{name}'" for name in list(columns)[:30])
            raise DataError(f"fields has '{name}', and the table has no such column; its columns are {there}")
    if target in fields and fields[target] is None:
        raise OptionError(f"'{target}' cannot be both the target and left out")
    return {name: Wish("skip") if kind is None else Wish.of(kind) for name, kind in fields.items()}


def _in_python(message: str) -> str:
    """Return a message in which options of the command line are those of Python."""
    message = re.sub(r"--as (.*?)=([a-z:]+)", r"fields={'\1': '\2'}", message)
    return message.replace("--regress", "kind='regressor'").replace("--classify", "kind='classifier'")
