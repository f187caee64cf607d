"""Who may ask: the door of the dashboard.

It listens on this machine only, but every program of the machine can reach it, and so can any page in the browser of
the user. Hence:

- The token, which only the address in the terminal has. It stands after a ``#``, so that browsers send it to nobody;
  the page keeps it for its own tab and sends it in a header. A cookie would go to all servers of this machine, whatever
  their port, and with requests that other pages make.
- The header Host, which must name this machine: a stranger's name that is made to lead here (DNS rebinding) would have
  the browser take the stranger's page for ours.
- No page of another origin is answered (there is no CORS), and ours may load and run nothing from elsewhere, nor be
  shown in a frame.
"""

from __future__ import annotations

import hmac
import re
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["Guard"]

#: Under which all needs the token. The page itself is the same for all.
GUARDED = "/api/"
#: What a browser on this machine calls it. The port may be another one, behind a tunnel.
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
    """Lets through to an application what may come in, and adds to its answers what browsers have to heed.

    Parameters
    ----------
    app : ASGI application
        The application.
    token : str
        What ``Authorization: Bearer`` has to say.
    """

    def __init__(self, app: ASGIApp, token: str) -> None:
        self.app, self._expected = app, f"Bearer {token}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        refusal = self._refusal(Headers(scope=scope), scope["path"])

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        await (refusal or self.app)(scope, receive, guarded)

    def _refusal(self, headers: Headers, path: str) -> Response | None:
        hosts = headers.getlist("host")
        if len(hosts) != 1 or not HOST.fullmatch(hosts[0]):
            return PlainTextResponse("This is no name of this machine's dashboard.", 421)
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc != hosts[0]:
            return PlainTextResponse("Pages of others are not answered.", 403)
        if path.startswith(GUARDED):
            given = headers.get("authorization", "").encode("latin-1", "replace")
            if not hmac.compare_digest(given, self._expected):
                return PlainTextResponse("The token is missing or is another one.", 401)
        return None
