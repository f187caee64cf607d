"""What there is to see of a network: a list, in which one more view is one more entry.

Each has a module of its name in ``page/views``, which shows it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from neuralredis.dashboard import asking, judging
from neuralredis.dashboard.subject import MissingError, Subject

__all__ = ["VIEWS", "View", "applying", "told"]

#: Fields that are told at most.
MOST_FIELDS = 200


@dataclass(frozen=True)
class View:
    """A view.

    Attributes
    ----------
    name : str
        Its name in addresses, and that of its module.
    data : callable
        Returns what it shows, or raises `MissingError`.
    applies : callable
        Whether a network can have it at all.
    answer : callable, optional
        Returns what it shows of what the user enters.
    cached : bool
        Whether what it shows stays the same until the network learns, or has other numbers of rows.
    in_report : callable, optional
        Returns what it shows in a report, where that is something else.
    holds_rows : bool
        Whether it shows stored rows; reports have it only on request.
    """

    name: str
    data: Callable[[Subject], Any]
    applies: Callable[[Subject], bool] = lambda _: True
    answer: Callable[[Subject, Mapping[str, Any]], Any] | None = None
    cached: bool = True
    in_report: Callable[[Subject], Any] | None = None
    holds_rows: bool = False


def curve(subject: Subject) -> dict[str, Any]:
    """Return the errors over the cycles of the training that runs, and of the last one."""
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
    """Return what the stored rows hold of each field, and how much each matters."""
    found = [vars(field) for field in subject.net.field_statistics()]
    return {"fields": found[:MOST_FIELDS], "more": max(len(found) - MOST_FIELDS, 0)}


def _of_rows(subject: Subject) -> bool:
    return not subject.of_sequences


#: In the order in which pages are made; where each stands is for ``page/views/all.js`` to say.
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
    """Return the views that a network has."""
    return [view for view in VIEWS if view.applies(subject)]


def told(subject: Subject) -> dict[str, Any]:
    """Return what the head of a page says of a network."""
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
