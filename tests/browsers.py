"""Chromium for tests of pages, driven by Playwright."""

from __future__ import annotations

import contextlib
import functools
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

import kinds

#: Milliseconds that a page may take to show the expected content, on a busy machine.
PATIENCE = 30_000


@contextlib.contextmanager
def running() -> Iterator[Browser]:
    """Run the browser. Meanwhile asyncio.run cannot be used in this thread, in which Playwright's event loop runs."""
    with sync_playwright() as playwright:
        # In containers and for root, the browser's sandbox does not start.
        browser = playwright.chromium.launch(executable_path=str(kinds.CHROMIUM.binary()), args=["--no-sandbox"])
        yield browser
        browser.close()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files without a log, with the media types that browsers require for modules and that some systems lack."""

    extensions_map: ClassVar[dict[str, str]] = {
        **http.server.SimpleHTTPRequestHandler.extensions_map,
        ".mjs": "text/javascript",
    }

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextlib.contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder, and yield its address."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=folder)) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@contextlib.contextmanager
def tab(browser: Browser, **options: Any) -> Iterator[Page]:
    """Open a tab, in which errors fail the test; options are those of new_context, such as color_scheme."""
    context = browser.new_context(**options)
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert not errors, errors


def barriers(page: Page) -> list[str]:
    """Return the accessibility violations that axe finds on the page: one line for each rule."""
    found = Axe().run(page).response["violations"]
    return [f"{each['id']}: {each['help']} ({each['nodes'][0]['html']})" for each in found]
