"""The site, which `make docs` builds into dist/site.

The pages are also read where they are, so their links are those of files.
"""

from __future__ import annotations

from pygments.lexers.special import TextLexer
from sphinx.application import Sphinx

import neuralredis

project = "neuralredis"
author = "the authors of neuralredis"
release = version = neuralredis.__version__

extensions = ["myst_parser", "numpydoc", "sphinx.ext.autodoc"]
# What commands.py puts into commands.md.
exclude_patterns = ["command-notes.md"]
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


def setup(app: Sphinx) -> None:
    """Leave what is typed into redis-cli without colours."""
    app.add_lexer("redis", TextLexer)
