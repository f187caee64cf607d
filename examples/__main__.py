"""Prints the list of the examples: ``python examples``."""

from __future__ import annotations

import ast
from pathlib import Path

print(
    "Each is a program of its own. With --redis URL it uses a server, which shop.py requires. --help lists options.\n"
)
for path in sorted(Path(__file__).parent.glob("*.py")):
    if path.stem not in ("__main__", "common"):
        # Parsed instead of imported: an import would run the example.
        about = (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").splitlines()[0]
        print(f"  python examples/{path.stem + '.py':18} {about}")
