"""Serving a dashboard on this machine until Ctrl-C."""

from __future__ import annotations

import socket
from typing import Any

import uvicorn

__all__ = ["listening", "serve", "server"]

#: The only address: what other machines are to see goes through a tunnel.
ADDRESS = "127.0.0.1"
#: Seconds that requests may take to end once the server is told to.
PATIENCE = 2


def listening(port: int) -> socket.socket:
    """Return a socket that listens, at any free port for 0; raise OSError if the port is in use."""
    listener = socket.socket()
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((ADDRESS, port))
        # From now on: whoever opens the address at once waits, and is not refused.
        listener.listen()
    except BaseException:
        listener.close()
        raise
    return listener


def server(app: Any) -> uvicorn.Server:
    """Return what answers requests."""
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
    """Answer requests until SIGINT or SIGTERM."""
    try:
        server(app).run(sockets=[listener])
    except KeyboardInterrupt:
        # That is how it ends.
        return
