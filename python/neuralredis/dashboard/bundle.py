"""The modules of the page as one script, for a page that is one file."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping

__all__ = ["bundled"]

#: All that modules may import and export, in a line each: names from a file of theirs.
IMPORT = re.compile(r'^import \{ ([\w, ]+) \} from "(\.[\w./-]+)";$')
EXPORT = re.compile(r"^export (?=(?:async )?function (\w+)|const (\w+)|class (\w+))")


def bundled(files: Mapping[str, str], main: str) -> str:
    r"""Return the module `main` and all that it imports as one script: a function for each, called in order.

    Parameters
    ----------
    files : mapping of str to str
        The texts of files by their paths.
    main : str
        The path of the module to begin with.

    Raises
    ------
    ValueError
        If a module imports or exports in another form than the one in use, or modules import one another in a circle.

    Examples
    --------
    >>> print(bundled({"a.js": 'import { b } from "./b.js";\nb();', "b.js": "export function b() {}"}, "a.js"))
    const module0 = (() => {
    function b() {}
    return { b };
    })();
    const module1 = (() => {
    const { b } = module0;
    b();
    return {  };
    })();
    """
    order: dict[str, int] = {}
    parts: list[str] = []

    def add(path: str, importers: tuple[str, ...]) -> int:
        if path in importers:
            raise ValueError(f"{path} imports itself by {', '.join(importers)}")
        if path not in order:
            lines, exported = [], []
            for line in files[path].splitlines():
                if found := IMPORT.match(line):
                    number = add(
                        posixpath.normpath(posixpath.join(posixpath.dirname(path), found[2])), (*importers, path)
                    )
                    lines.append(f"const {{ {found[1]} }} = module{number};")
                elif found := EXPORT.match(line):
                    exported += [name for name in found.groups() if name]
                    lines.append(line[found.end() :])
                elif re.match(r"(import|export)\b", line):
                    raise ValueError(f"{path}: {line!r} is of another form")
                else:
                    lines.append(line)
            order[path] = len(order)
            text = "\n".join(lines)
            parts.append(f"const module{order[path]} = (() => {{\n{text}\nreturn {{ {', '.join(exported)} }};\n}})();")
        return order[path]

    add(main, ())
    return "\n".join(parts)
