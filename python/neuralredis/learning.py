"""From a table as it comes to a network that has learnt from it, and how good that is."""

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
    """What `learn` has come to.

    Attributes
    ----------
    network : Network
        The network, with the rows that it has learnt from.
    report : Report
        How its training went.
    evaluation : ClassifierEvaluation or RegressorEvaluation or None
        How good it is on the rows that were held out, with the figures of a baseline; None if there are none.
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
        columns, delimiter = _columns(data)
        return self._schema.adapted(columns, delimiter).rows(columns)

    def __repr__(self) -> str:
        """Return the network, how good it is, and what was left out."""
        lines = [f"<Learnt {self.network.info().title}: {self.report.summary}>"]
        if isinstance(self.evaluation, ClassifierEvaluation):
            found = self.evaluation
            lines.append(
                f"On {found.rows:,} rows held out: {found.accuracy:.1%} right, "
                f"always answering the commonest class {found.baseline:.1%}"
            )
        elif self.evaluation is not None:
            numbers = self.evaluation
            lines.append(
                f"On {numbers.rows:,} rows held out: off by {numbers.rmse:.4g} (RMSE), "
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
        More options of the `Network`, such as ``class_weight="balanced"`` or ``monotone={"price": -1}``; classes are in
        the order of ``learnt.network.classes``.

    Returns
    -------
    Learnt
        The network, the report of its training, and its evaluation on the rows held out.

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
        raise OptionError(f"'{target}' is the target and is left out by fields: expected one of these")
    return {name: Wish("skip") if kind is None else Wish.of(kind) for name, kind in fields.items()}


def _in_python(message: str) -> str:
    """Return a message in which options of the command line are those of Python."""
    message = re.sub(r"--as (.*?)=([a-z:]+)", r"fields={'\1': '\2'}", message)
    return message.replace("--regress", "kind='regressor'").replace("--classify", "kind='classifier'")
