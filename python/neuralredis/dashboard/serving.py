"""Serve a dashboard on this machine until Ctrl-C."""

from __future__ import annotations

import socket
from typing import Any

import uvicorn

__all__ = ["listening", "serve", "server"]

#: The only address to listen on: access from other machines needs a tunnel.
ADDRESS = "127.0.0.1"
#: Seconds that running requests get at shutdown.
PATIENCE = 2


def listening(port: int) -> socket.socket:
    """Return a listening socket, on a free port if `port` is 0; raise OSError if the port is in use."""
    listener = socket.socket()
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((ADDRESS, port))
        # Listen before the server runs, so that a browser that is opened at once waits instead of failing.
        listener.listen()
    except BaseException:
        listener.close()
        raise
    return listener


def server(app: Any) -> uvicorn.Server:
    """Return the configured uvicorn server."""
    return uvicorn.Server(
        uvicorn.Config(
            app,
            loop="asyncio",
            http="h11",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=PATIENCE,
        )
    )


def serve(app: Any, listener: socket.socket) -> None:
    """Serve requests until SIGINT or SIGTERM."""
    try:
        server(app).run(sockets=[listener])
    except KeyboardInterrupt:
        # The usual way to end it.
        return
