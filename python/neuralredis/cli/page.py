"""Bundle a page into one HTML file with its scripts, styles and data."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

__all__ = ["with_report"]

PAGES = Path(__file__).parents[1] / "web"
_IMPORT = re.compile(r'^import (\{[^}]*\}) from "\./(\w+)\.js";$', re.MULTILINE)
_EXPORT = re.compile(r"^export ((?:async )?(?:function|class|const) (\w+))", re.MULTILINE)
_LINK = '<link rel="stylesheet" href="style.css">'
_SCRIPT = '<script type="module" src="main.js"></script>'
_POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy" content="[^"]*">')


def with_report(page: str, report: str) -> str:
    """Return a page as one HTML file that contains a report and works offline.

    Its content security policy allows this script only, and no requests, whatever the report contains.

    Parameters
    ----------
    page : str
        The name of the page: a folder of ``neuralredis/web``.
    report : str
        The report, as JSON.
    """
    folder = PAGES / page
    html = (folder / "index.html").read_text(encoding="utf-8")
    style = (folder / "style.css").read_text(encoding="utf-8")
    script = bundled(folder, "main")
    # Only "<" could end the script element or open a comment in it.
    data = report.replace("<", "\\u003c")
    policy = f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(style)}; img-src data:"
    html = _POLICY.sub(f'<meta http-equiv="Content-Security-Policy" content="{policy}">', html)
    inside = f'<script type="application/json" id="report">{data}</script>\n<script type="module">{script}</script>'
    return html.replace(_LINK, f"<style>{style}</style>").replace(_SCRIPT, inside)


def bundled(folder: Path, main: str) -> str:
    """Return a module and its imports as one script: each module as a function, after the modules that it imports.

    Modules must import by lines such as ``import { a, b } from "./other.js";``, and export functions, classes and
    constants at their declaration.
    """
    parts: dict[str, str] = {}

    def add(name: str) -> None:
        text = (folder / f"{name}.js").read_text(encoding="utf-8")
        for _, other in _IMPORT.findall(text):
            if other not in parts:
                add(other)
        body = _EXPORT.sub(r"\1", _IMPORT.sub(r"const \1 = \2Module;", text)).strip()
        exported = ", ".join(found for _, found in _EXPORT.findall(text))
        parts[name] = f"const {name}Module = (() => {{\n{body}\nreturn {{ {exported} }};\n}})();"

    add(main)
    return "\n\n".join(parts.values()) + "\n"


def _hash(text: str) -> str:
    """Return the source expression of a script or style for a content security policy: its SHA-256."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
