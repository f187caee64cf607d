"""The site: `make docs` builds it into dist/site. The pages are also read where they are, so links are those of files."""

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
# What the browser would fetch from elsewhere is not there: the pages are read without a network.
html_theme_options = {"footer_icons": []}


def setup(app: Sphinx) -> None:
    """What is typed into redis-cli has no colours."""
    app.add_lexer("redis", TextLexer)
