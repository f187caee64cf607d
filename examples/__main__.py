"""The list of the examples: ``python examples`` prints it."""

from __future__ import annotations

import ast
from pathlib import Path

print("Each runs alone, in this process or with --redis URL in a server, which shop.py needs; --help tells more.\n")
for path in sorted(Path(__file__).parent.glob("*.py")):
    if path.stem not in ("__main__", "common"):
        # Read, not imported: an import would run it.
        about = (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").splitlines()[0]
        print(f"  python examples/{path.stem + '.py':18} {about}")
