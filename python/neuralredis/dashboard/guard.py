"""Access control of the dashboard.

The server listens on this machine only, but every program on it can connect, and so can any page in the user's browser.
Three checks follow:

- The token, which is part of the URL that the terminal prints. It follows a ``#``, so browsers do not send it; the page
  stores it for its own tab and sends it in a header. A cookie would be sent to all ports of this machine, and with
  requests of other sites.
- The header Host must name this machine. This prevents DNS rebinding: a foreign domain that resolves to 127.0.0.1, so
  that the browser treats its page and ours as of the same origin.
- Requests from other origins are rejected (there is no CORS). By its content security policy our page loads and runs
  nothing from elsewhere, and cannot be framed.
"""

from __future__ import annotations

import hmac
import re
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["Guard"]

#: Prefix of paths that need the token. The files of the page are not secret.
GUARDED = "/api/"
#: Accepted values of the header Host. Behind a tunnel the port may differ.
HOST = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?")
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class Guard:
    """Middleware that rejects requests without permission, and adds security headers to responses.

    Parameters
    ----------
    app : ASGI application
        The application.
    token : str
        The expected token of ``Authorization: Bearer``.
    """

    def __init__(self, app: ASGIApp, token: str) -> None:
        self.app, self._expected = app, f"Bearer {token}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        rejection = self._refusal(Headers(scope=scope), scope["path"])

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        await (rejection or self.app)(scope, receive, guarded)

    def _refusal(self, headers: Headers, path: str) -> Response | None:
        hosts = headers.getlist("host")
        if len(hosts) != 1 or not HOST.fullmatch(hosts[0]):
            return PlainTextResponse("The header Host does not name this machine.", 421)
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc != hosts[0]:
            return PlainTextResponse("Requests from other origins are rejected.", 403)
        if path.startswith(GUARDED):
            given = headers.get("authorization", "").encode("latin-1", "replace")
            if not hmac.compare_digest(given, self._expected):
                return PlainTextResponse("The token is missing or wrong.", 401)
        return None
