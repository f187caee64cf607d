"""HTML of a network for notebooks: a table and the last learning curve, without external resources."""

from __future__ import annotations

from html import escape

from neuralredis.curves import Scale, points
from neuralredis.results import Info, Report

__all__ = ["network"]

#: Size and margin of the chart, in pixels.
WIDTH, HEIGHT, MARGIN = 360, 130, 6
#: Most fields and classes that are listed.
SHOWN = 12


def network(info: Info, report: Report | None) -> str:
    """Return a network as HTML."""
    rows = [] if info.fields is None else [("fields", _fields(info)), ("target", _target(info))]
    rows += [
        ("layout", "-".join(map(str, info.layout)) + f" ({info.parameters:,} parameters)"),
        ("units", f"{info.activation}, {info.output} outputs, {info.loss}, {info.algorithm}"),
        ("training rows", f"{info.training_dataset_len:,} of {info.training_dataset_maxlen:,}"),
        ("validation rows", f"{info.test_dataset_len:,} of {info.test_dataset_maxlen:,}"),
        ("trained", f"{info.training_total_cycles:,} cycles, {info.training_total_seconds:.1f} s"),
    ]
    if info.training_total_cycles:
        rows.append(("training error", f"{info.dataset_error:.4f}"))
        if info.test_dataset_len:
            rows.append(("validation error", f"{info.test_error:.4f}"))
            if info.classification_errors_perc is not None:
                rows.append(("misclassified", f"{info.classification_errors_perc:.1f} %"))
    cells = "".join(
        f"<tr><th style='text-align:left'>{escape(name)}</th><td>{escape(text)}</td></tr>" for name, text in rows
    )
    training = ", training" if info.training else ""
    table = f"<table><caption style='text-align:left'>{escape(info.type)}{training}</caption>{cells}</table>"
    return f"<div>{table}{_curve(report) if report is not None and len(report.curve) > 1 else ''}</div>"


def _fields(info: Info) -> str:
    """Return the names and kinds of the first fields."""
    named = [f"{name} ({kind})" for name, kind in (info.fields or {}).items()]
    return ", ".join(named[:SHOWN]) + (f" and {len(named) - SHOWN:,} more" if len(named) > SHOWN else "")


def _target(info: Info) -> str:
    """Return the target and the first classes."""
    target = info.target if isinstance(info.target, str) else ", ".join(info.target or ())
    classes = info.classes or ()
    more = f" and {len(classes) - SHOWN:,} more" if len(classes) > SHOWN else ""
    return f"{target}: {', '.join(classes[:SHOWN])}{more}" if classes else target


def _curve(report: Report) -> str:
    """Return the learning curve as SVG with a legend."""
    cycles: list[int] = report.curve.cycles.tolist()
    lines = [
        ("#1f77b4", "training error", points(cycles, report.curve.train_error.tolist())),
        ("#d62728", "validation error", points(cycles, report.curve.test_error.tolist())),
    ]
    scale = Scale.of(*(line for _, _, line in lines))

    def across(cycle: float) -> float:
        return MARGIN + cycle / max(cycles[-1], 1) * (WIDTH - 2 * MARGIN)

    def down(error: float) -> float:
        return HEIGHT - MARGIN - scale.place(error) * (HEIGHT - 2 * MARGIN)

    drawn, legend = [], []
    for colour, name, line in lines:
        if line:
            places = " ".join(f"{across(cycle):.1f},{down(error):.1f}" for cycle, error in line)
            drawn.append(f"<polyline fill='none' stroke='{colour}' stroke-width='1.5' points='{places}'/>")
            legend.append(f"<span style='color:{colour}'>{name}</span>")
    best = across(report.best_cycle)
    drawn.append(
        f"<line x1='{best:.1f}' x2='{best:.1f}' y1='0' y2='{HEIGHT}' stroke='currentColor' stroke-dasharray='3'>"
        f"<title>the weights of cycle {report.best_cycle:,}</title></line>"
    )
    kind = ", logarithmic" if scale.logarithmic else ""
    span = f"{scale.low:.4g} to {scale.high:.4g}{kind}, {report.cycles:,} cycles"
    return (
        f"<svg width='{WIDTH}' height='{HEIGHT}' role='img' style='border:1px solid #8888'>{''.join(drawn)}</svg>"
        f"<div>{' '.join(legend)} <small>{span}</small></div>"
    )
