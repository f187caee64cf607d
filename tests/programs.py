"""Python programs in processes of their own, for tests that would end or disturb their own process."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap

#: Timeout of a program in seconds; far more than any needs.
PATIENCE = 60.0


def run_program(code: str, *, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run Python code, and return its output and exit code."""
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        env={**os.environ, **(env or {})},
        check=False,
    )


def output_of(code: str, *, env: dict[str, str] | None = None) -> str:
    """Run Python code that must exit with 0, and return its output."""
    done = run_program(code, env=env)
    assert done.returncode == 0, f"exit {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout
