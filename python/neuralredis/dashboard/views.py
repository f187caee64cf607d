"""The views of a network. To add one, add an entry to `VIEWS`.

Each view has a module of the same name in ``page/views``, which draws its data.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from neuralredis.dashboard import asking, judging
from neuralredis.dashboard.subject import MissingError, Subject

__all__ = ["VIEWS", "View", "applying", "summary"]

#: Most fields of the view of fields.
MOST_FIELDS = 200


@dataclass(frozen=True)
class View:
    """A view of a network.

    Attributes
    ----------
    name : str
        Its name in URLs, and that of its module.
    data : callable
        Returns its data as JSON values, or raises `MissingError`.
    applies : callable
        Returns whether a network has this view at all.
    answer : callable, optional
        Returns the reply to values that the user entered.
    cached : bool
        Whether its data stay valid until the network is trained or its number of rows changes.
    in_report : callable, optional
        Returns its data in a report, if these differ.
    holds_rows : bool
        Whether it shows stored rows; reports include it only on request.
    """

    name: str
    data: Callable[[Subject], Any]
    applies: Callable[[Subject], bool] = lambda _: True
    answer: Callable[[Subject, Mapping[str, Any]], Any] | None = None
    cached: bool = True
    in_report: Callable[[Subject], Any] | None = None
    holds_rows: bool = False


def curve(subject: Subject) -> dict[str, Any]:
    """Return the learning curves of the running training and of the last one."""
    running, report = subject.running, subject.net.report()
    last = None
    if report is not None:
        points = zip(
            report.curve.cycles.tolist(),
            report.curve.train_error.tolist(),
            report.curve.test_error.tolist(),
            strict=True,
        )
        last = {
            "points": list(points),
            "summary": report.summary,
            "best": report.best_cycle,
            "cycles": report.cycles,
            "warnings": report.warnings,
        }
    if running is None and last is None:
        raise MissingError("The network has not been trained yet.")
    return {"running": running, "last": last}


def fields(subject: Subject) -> dict[str, Any]:
    """Return the statistics of each field over the stored rows, and its importance."""
    found = [vars(field) for field in subject.net.field_statistics()]
    return {"fields": found[:MOST_FIELDS], "more": max(len(found) - MOST_FIELDS, 0)}


def _of_rows(subject: Subject) -> bool:
    return not subject.of_sequences


#: All views. Their order on a page is that of ``page/views/all.js``.
VIEWS: tuple[View, ...] = (
    View("quality", judging.quality),
    View("curve", curve, cached=False),
    View("confusion", judging.confusion, lambda subject: subject.info.type == "classifier"),
    View("calibration", judging.calibration, _of_rows),
    View("fields", fields, lambda subject: subject.info.fields is not None),
    View("ask", asking.form, answer=asking.answer, in_report=asking.form_of_report),
    View("reasons", lambda _: {}, _of_rows, asking.reasons, in_report=asking.typical_reasons),
    View("surprises", judging.surprises, _of_rows, holds_rows=True),
)


def applying(subject: Subject) -> list[View]:
    """Return the views of a network."""
    return [view for view in VIEWS if view.applies(subject)]


def summary(subject: Subject) -> dict[str, Any]:
    """Return the facts for the head of a network's page."""
    info = subject.info
    return {
        "name": subject.name,
        "title": info.title,
        "type": info.type,
        "sequences": subject.of_sequences,
        "target": info.target,
        "train": info.training_dataset_len,
        "train_most": info.training_dataset_maxlen,
        "test": info.test_dataset_len,
        "test_most": info.test_dataset_maxlen,
        "cycles": info.training_total_cycles,
        "seconds": info.training_total_seconds,
        "parameters": info.parameters,
        "members": info.members,
        "memory": info.memory_bytes,
        "training": info.training,
        "warnings": info.training_warnings,
        "stamp": f"{info.id}-{info.training_total_steps}",
        "views": [view.name for view in applying(subject)],
    }
