"""Train a network on a table in one call, and evaluate it on rows that are held out."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from neuralredis.exceptions import DataError, OptionError
from neuralredis.network import Network
from neuralredis.options import Kind
from neuralredis.results import ClassifierEvaluation, Evaluation, Progress, Report
from neuralredis.table import frames
from neuralredis.table.column import Column
from neuralredis.table.prepared import KEPT_BACK, prepare
from neuralredis.table.schema import Schema
from neuralredis.table.wishes import Wish

__all__ = ["Learnt", "learn"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Learnt:
    """The result of `learn`.

    Attributes
    ----------
    network : Network
        The network, with its training and validation rows.
    report : Report
        The report of its training.
    evaluation : ClassifierEvaluation or RegressorEvaluation or None
        Errors and baseline on the held-out rows; None if there are none.
    left_out : dict of str to str
        The reasons why columns were left out, by name.
    remarks : tuple of str
        Ambiguous decisions on how to read the table, each a sentence.
    """

    network: Network
    report: Report
    evaluation: Evaluation | None
    left_out: Mapping[str, str]
    remarks: tuple[str, ...]
    _schema: Schema = field(repr=False)

    def rows(self, data: Any) -> dict[str, Any]:
        """Return the rows of another table as values of the network's fields, without other columns.

        A network takes numbers, categories and dates of ISO 8601. This method also reads the forms of the training
        table, such as dates with the day first, or prices with a currency.

        Parameters
        ----------
        data : path, frame, dict of columns, or iterable of dict
            The table, as for `learn`.

        Raises
        ------
        DataError
            If a column of the network's fields is missing.
        """
        columns, delimiter = _columns(data)
        return self._schema.adapted(columns, delimiter).rows(columns)

    def __repr__(self) -> str:
        """Return the network, its errors, and what was left out, in lines."""
        lines = [f"<Learnt {self.network.info().title}: {self.report.summary}>"]
        if isinstance(self.evaluation, ClassifierEvaluation):
            found = self.evaluation
            lines.append(
                f"On {found.rows:,} held-out rows: accuracy {found.accuracy:.1%}, "
                f"baseline {found.baseline:.1%} (the most common class)"
            )
        elif self.evaluation is not None:
            numbers = self.evaluation
            lines.append(
                f"On {numbers.rows:,} held-out rows: RMSE {numbers.rmse:.4g}, "
                f"baseline {numbers.baseline:.4g} (the mean)"
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
    """Train a network to predict one column of a table from the others, and evaluate it.

    The kind of each column is detected: numbers, also with units or decimal commas; dates and times in common forms;
    yes and no; categories; texts; lists of categories or of numbers. Columns of row numbers, or with another text in
    nearly each row, are left out. Texts such as "NA" and "?" are missing values, and rows without an outcome are
    left out.

    Parameters
    ----------
    data : path, frame, dict of columns, or iterable of dict
        A file with CSV, JSON lines, Parquet or Feather (files need ``neuralredis[cli]``), a frame of pandas or polars,
        a table of Arrow, a dict of columns, or rows as dicts.
    target : str
        The column to predict. Texts, yes and no, and few different integers give a classifier, others a regressor.
    kind : {"classifier", "regressor"}, optional
        The kind of network, to override that choice.
    fields : dict of str to str, optional
        Kinds of columns that override the detection: a kind of `Network`, or ``"date:dmy"``, ``"date:mdy"``,
        ``"number:comma"`` or ``"number:point"``; None leaves a column out.
    hidden : sequence of int, default (30, 30, 30)
        Units of the hidden layers.
    kept_back : float, default 0.2
        Share of the rows to hold out for the evaluation, 0 for none. A fifth of the others are validation rows.
    seed : int, optional
        Seed for the split and the network: the same table, options and seed give the same network.
    max_time : float, default 60.0
        Time limit of the training in seconds; 0 or None for no limit.
    progress, callback
        As for `Network.train`.
    **options
        Further options of `Network`, such as ``class_weight="balanced"`` or ``monotone={"price": -1}``. Class weights
        are in the order of ``learnt.network.classes``.

    Returns
    -------
    Learnt
        The network, the report of its training, and its evaluation on the held-out rows.

    Raises
    ------
    DataError
        If the data is not a table, has no such column, or has nothing to learn from.
    OptionError
        If an option is invalid.

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
        prepared = prepare(
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
    network = prepared.network(hidden=hidden, seed=seed, **options)
    report = network.train(autostop=True, backtrack=True, max_time=max_time, progress=progress, callback=callback)
    return Learnt(
        network=network,
        report=report,
        evaluation=prepared.evaluate(network) if len(prepared.kept) else None,
        left_out={one.name: one.reason for one in prepared.schema.left_out},
        remarks=tuple(map(_in_python, prepared.schema.remarks)),
        _schema=prepared.schema,
    )


def _columns(data: Any) -> tuple[dict[str, Column], str]:
    """Return the columns of a table, and the separator of its cells."""
    if not isinstance(data, str | os.PathLike):
        return frames.columns_of(data), ","
    try:
        from neuralredis.table.reading import read
    except ImportError:
        raise ImportError("reading files needs pyarrow: pip install 'neuralredis[cli]'") from None
    table = read(os.fspath(data))
    return {name: table.column(name) for name in table.names}, table.delimiter


def _wishes(fields: Mapping[str, str | None], columns: dict[str, Column], target: str) -> dict[str, Wish]:
    for name in fields:
        if name not in columns:
            there = ", ".join(f"'{name}'" for name in list(columns)[:30])
            raise DataError(f"fields has '{name}', which is not a column of the table: its columns are {there}")
    if target in fields and fields[target] is None:
        raise OptionError(f"'{target}' is the target and is left out by fields: expected one of these")
    return {name: Wish("skip") if kind is None else Wish.of(kind) for name, kind in fields.items()}


def _in_python(message: str) -> str:
    """Return a message with options of the command line replaced by those of Python."""
    message = re.sub(r"--as (.*?)=([a-z:]+)", r"fields={'\1': '\2'}", message)
    return message.replace("--regress", "kind='regressor'").replace("--classify", "kind='classifier'")
