"""The site, which `make docs` builds into dist/site.

The pages are also read where they are, so their links are those of files.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from pygments.lexers.special import TextLexer
from sphinx.application import Sphinx

import neuralredis

project = "neuralredis"
author = "the authors of neuralredis"
release = version = neuralredis.__version__

extensions = ["myst_parser", "numpydoc", "sphinx.ext.autodoc"]
# What commands.py puts into commands.md.
exclude_patterns = ["command-notes.md"]

ROOT = Path(__file__).resolve().parents[1]
# Built by `make wasm`; without it, the page on which networks learn says how to build it.
if (ROOT / "js" / "neuralredis.wasm").exists():
    tags.add("wasm")  # type: ignore[name-defined] # noqa: F821 # Sphinx has it here
# A link to a heading, as GitHub has it.
myst_heading_anchors = 3
# `net` in a docstring may be anything of Python.
default_role = "py:obj"

autodoc_default_options = {"members": True, "inherited-members": True, "member-order": "bysource"}
autodoc_typehints = "none"
# Members have entries of their own.
numpydoc_show_class_members = False

html_theme = "furo"
html_title = f"neuralredis {release}"
html_copy_source = html_show_sphinx = False
# Pages that people look at lie beside the documentation: compare/.
html_extra_path = ["../python/neuralredis/web"]

#: Pages that lie beside the README, where people look for them. In docs/ there is a stub of each.
OUTSIDE = {
    "changelog": "CHANGELOG.md",
    "conduct": "CODE_OF_CONDUCT.md",
    "contributing": "CONTRIBUTING.md",
    "security": "SECURITY.md",
}


def bring_in(app: Sphinx, name: str, source: list[str]) -> None:
    """Put the text of pages outside of docs/ into their stubs, and have links lead to these."""
    if name in OUTSIDE:
        source[0] = (ROOT / OUTSIDE[name]).read_text(encoding="utf-8").replace("](docs/", "](")
    for stub, path in OUTSIDE.items():
        source[0] = source[0].replace(f"](../{path}", f"]({stub}.md").replace(f"]({path}", f"]({stub}.md")


def setup(app: Sphinx) -> None:
    """Leave what is typed into redis-cli without colours; bring in pages from outside, and the package for the web."""
    app.add_lexer("redis", TextLexer)
    app.connect("source-read", bring_in)
    app.connect("build-finished", copy_package)


def copy_package(app: Sphinx, exception: Exception | None) -> None:
    """Put the package for the web, and what try-it.md has of its own, beside the pages."""
    if exception or app.builder.format != "html" or "wasm" not in app.tags:
        return
    out = Path(app.outdir)
    shutil.copytree(ROOT / "js", out / "js", dirs_exist_ok=True, ignore=shutil.ignore_patterns(".gitignore"))
    shutil.copytree(ROOT / "docs" / "try-it", out / "try-it", dirs_exist_ok=True)
    for name in ("titanic.csv", "names.txt"):
        shutil.copy(ROOT / "examples" / "data" / name, out / "try-it" / name)
