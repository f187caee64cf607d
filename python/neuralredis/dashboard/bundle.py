"""Bundle the modules of the page into one script, for a report in one file."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping

__all__ = ["bundled"]

#: The only forms of import and export that modules may use, each in a line.
IMPORT = re.compile(r'^import \{ ([\w, ]+) \} from "(\.[\w./-]+)";$')
EXPORT = re.compile(r"^export (?=(?:async )?function (\w+)|const (\w+)|class (\w+))")


def bundled(files: Mapping[str, str], main: str) -> str:
    r"""Return a module and its imports as one script: each module as a function, called in order of dependency.

    Parameters
    ----------
    files : mapping of str to str
        Contents of the files, by path.
    main : str
        Path of the main module.

    Raises
    ------
    ValueError
        If a line imports or exports in another form, or imports are circular.

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
            raise ValueError(f"circular import of {path} through {', '.join(importers)}")
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
                    raise ValueError(f"{path}: {line!r} is unsupported: expected a named import or export in one line")
                else:
                    lines.append(line)
            order[path] = len(order)
            text = "\n".join(lines)
            parts.append(f"const module{order[path]} = (() => {{\n{text}\nreturn {{ {', '.join(exported)} }};\n}})();")
        return order[path]

    add(main, ())
    return "\n".join(parts)
