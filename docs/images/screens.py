"""Takes the screenshots dashboard/titanic.png and compare/titanic.png: ``python docs/images/screens.py``.

It needs Playwright, and Chromium as the tests do.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
DATA = ROOT / "examples" / "data" / "titanic.csv"
sys.path.insert(0, str(ROOT / "tests"))

import kinds  # noqa: E402 # from the folder of the tests


def command(*words: str | Path) -> list[str]:
    """Return a call of the command line."""
    return [sys.executable, "-m", "neuralredis", *map(str, words)]


@contextmanager
def dashboard(net: Path) -> Iterator[str]:
    """Serve the dashboard of a file, and yield its address."""
    # In its folder, so that the page shows the name of the file alone.
    with subprocess.Popen(command("dashboard", net.name), cwd=net.parent, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield next(word for line in process.stdout for word in line.split() if word.startswith("http://"))
        finally:
            process.terminate()


def take(page: Page, path: Path, height: int) -> None:
    """Save the upper part of the page."""
    page.set_viewport_size({"width": 1100, "height": height})
    page.wait_for_timeout(1000)
    page.screenshot(path=HERE / path)


def main() -> None:
    """Train two networks, and take both screenshots."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        titanic, other, page_file = (
            Path(folder) / name for name in ("titanic.nr", "without-sex.nr", "comparison.html")
        )
        for net, options in ((titanic, ()), (other, ("--ignore", "sex"))):
            training = command("train", DATA, "--target", "survived", "--out", net, *options)
            subprocess.run(training, check=True, stdout=subprocess.DEVNULL)
        comparing = command("compare", titanic, other, "--data", DATA, "--html", page_file)
        subprocess.run(comparing, check=True, stdout=subprocess.DEVNULL)
        # In containers, and for root, its own sandbox does not start.
        browser = playwright.chromium.launch(executable_path=str(kinds.CHROMIUM.binary()), args=["--no-sandbox"])
        page = browser.new_page(color_scheme="light")
        page.goto(page_file.as_uri())
        take(page, Path("compare/titanic.png"), 1140)
        with dashboard(titanic) as address:
            page.goto(address)
            page.get_by_role("link", name="titanic").first.click()
            take(page, Path("dashboard/titanic.png"), 1120)
        browser.close()


if __name__ == "__main__":
    main()
