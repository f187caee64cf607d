"""A report on a network: its views in one HTML file that works offline."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
from html import escape
from typing import Any

from neuralredis._core import __version__
from neuralredis.dashboard import plain
from neuralredis.dashboard.bundle import bundled
from neuralredis.dashboard.page_files import files
from neuralredis.dashboard.places import of_file
from neuralredis.dashboard.subject import MissingError, Subject
from neuralredis.dashboard.views import View, applying, summary
from neuralredis.exceptions import NeuralRedisError
from neuralredis.export import intermediate, javascript
from neuralredis.network import Network

__all__ = ["report"]

#: Bytes of a network that is in a report, so that it can still be mailed.
MOST_BYTES = 8_000_000

PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src '{style_hash}'; \
script-src '{script_hash}'; base-uri 'none'; form-action 'none'">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<div id="page"><noscript>This report is drawn by a script, which is in this file.</noscript></div>
<script type="application/json" id="report">{data}</script>
<script type="module">{script}</script>
</body>
</html>
"""


def report(name: str, net: Network, *, rows: bool = False) -> str:
    """Return the report as HTML.

    Parameters
    ----------
    name : str
        The network's name on the page.
    net : Network
        The network.
    rows : bool, default False
        Whether it may contain stored rows: those with the largest errors.
    """
    subject = of_file(name, net)
    views = [view for view in applying(subject) if rows or not view.holds_rows]
    made = dt.datetime.now().astimezone().replace(microsecond=0)
    texts = files()
    shown = {view.name: _data(subject, view) for view in views}
    try:
        texts["exported.js"] = _exported(net)
    except (MissingError, NeuralRedisError) as error:
        shown["ask"] = {"missing": f"No form, since the network cannot be exported to JavaScript: {error}."}
    data = {
        "network": {**summary(subject), "views": [view.name for view in views]},
        "views": shown,
        "rows": rows,
        "version": __version__,
        "made": made,
    }
    # Neither may contain "</script" or "</style"; a test checks this.
    script, style = f"\n{bundled(texts, 'report.js')}\n", f"\n{texts['style.css']}\n"
    return PAGE.format(
        title=f"{_printable(name)} - neuralredis",
        style=style,
        style_hash=_hash(style),
        script=script,
        script_hash=_hash(script),
        # Without "<", the JSON cannot end the element or open a comment.
        data=plain.text(data).replace("<", "\\u003c"),
    )


def _exported(net: Network) -> str:
    """Return the network as a module of the page, which answers the form."""
    exported = intermediate(net)
    exported["proof"] = []
    text = javascript.constant(exported)
    if len(text) > MOST_BYTES:
        raise MissingError(f"it has {len(text) / 1e6:.0f} MB, expected at most {MOST_BYTES / 1e6:.0f} MB")
    return text


def _data(subject: Subject, view: View) -> Any:
    try:
        return (view.in_report or view.data)(subject)
    except (MissingError, NeuralRedisError) as error:
        return {"missing": str(error)}


def _printable(name: str) -> str:
    return escape("".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in name))


def _hash(text: str) -> str:
    """Return the SHA-256 source expression of a script or style for a content security policy."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
