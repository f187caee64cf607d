"""The web application of the dashboard: the files of the page, and its JSON API."""

from __future__ import annotations

import base64
import binascii
import json
import logging
import math
import time
from collections.abc import Awaitable, Callable
from typing import Any

from redis import ResponseError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from neuralredis._core import __version__
from neuralredis.dashboard import plain
from neuralredis.dashboard.cache import Cache
from neuralredis.dashboard.guard import Guard
from neuralredis.dashboard.page_files import TYPES, files
from neuralredis.dashboard.places import Place, shown
from neuralredis.dashboard.subject import MissingError, Subject
from neuralredis.dashboard.troubles import trouble
from neuralredis.dashboard.views import VIEWS, View, summary
from neuralredis.exceptions import NotFoundError, WrongTypeError

__all__ = ["application"]

#: Most networks of a list.
MOST_NETWORKS = 200
#: Seconds that evaluating networks may take for one list; the next request evaluates others.
JUDGING = 0.3
#: Most bytes of a request's body.
MOST_BYTES = 1 << 20
#: Longest time limit of a training, in seconds: a click must not start one that runs for days.
MOST_SECONDS = 3600.0

Endpoint = Callable[[Request], Awaitable[Response]]


def application(place: Place, token: str, *, write: bool = False) -> Starlette:
    """Return the ASGI application.

    Parameters
    ----------
    place : Place
        The source of the networks.
    token : str
        The token that every request of the API must send.
    write : bool, default False
        Whether trainings can be started and stopped.
    """
    api = Api(place, write)
    routes = [
        Route("/", _file("index.html", files()["index.html"])),
        *(Route(f"/page/{path}", _file(path, text)) for path, text in files().items() if path != "index.html"),
        Route("/api/networks", api.answers(api.networks)),
        Route("/api/networks/{key}", api.answers(api.network)),
        Route("/api/networks/{key}/views/{view}", api.answers(api.view)),
        Route("/api/networks/{key}/views/{view}", api.answers(api.answer), methods=["POST"]),
        Route("/api/networks/{key}/train", api.answers(api.train), methods=["POST"]),
        Route("/api/networks/{key}/stop", api.answers(api.stop), methods=["POST"]),
    ]
    app = Starlette(routes=routes, middleware=[Middleware(Guard, token=token)])
    app.router.redirect_slashes = False
    return app


def _file(path: str, text: str) -> Endpoint:
    async def endpoint(_: Request) -> Response:
        return Response(text, media_type=TYPES[path.rpartition(".")[2]])

    return endpoint


def encoded(key: bytes) -> str:
    """Return a key, any bytes, as a segment of a URL."""
    return "k" + base64.urlsafe_b64encode(key).decode().rstrip("=")


def decoded(name: str) -> bytes:
    """Return the key that a segment of a URL encodes. Raise `NotFoundError` if it is malformed."""
    try:
        return base64.b64decode(name[1:] + "=" * (-len(name[1:]) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise NotFoundError("there is no such network") from None


class Api:
    """Handlers of the API."""

    def __init__(self, place: Place, write: bool) -> None:
        self._place, self._write = place, write
        self._cache = Cache()
        self._views = {view.name: view for view in VIEWS}

    def answers(self, function: Callable[[dict[str, str], Any], Any]) -> Endpoint:
        """Return an endpoint that calls a function on a thread, with the path parameters and the JSON that was sent."""

        async def endpoint(request: Request) -> Response:
            try:
                sent = await _sent(request) if request.method == "POST" else None
            except HTTPException as error:
                return _json(error.status_code, {"error": error.detail})
            return await run_in_threadpool(self._answered, function, dict(request.path_params), sent)

        return endpoint

    def _answered(self, function: Callable[[dict[str, str], Any], Any], path: dict[str, str], sent: Any) -> Response:
        try:
            return _json(200, function(path, sent))
        except HTTPException as error:
            return _json(error.status_code, {"error": error.detail})
        except MissingError as error:
            return _json(200, {"missing": str(error)})
        except Exception as error:
            known = trouble(error, self._place.name)
            if known is None:
                logging.getLogger(__name__).exception("the dashboard failed")
                known = 500, "Internal error of the dashboard; its terminal has the traceback."
            status, sentence = known
            return _json(status, {"error": sentence})

    def networks(self, path: dict[str, str], sent: Any) -> dict[str, Any]:
        """Return the list of networks, each with its error, its baseline and its running training."""
        keys, searching = self._place.keys()
        try:
            running, note = self._place.running(), None
        except ResponseError as error:
            running, note = {}, f"Trainings are not shown: {error}"
        deadline = time.monotonic() + JUDGING
        found = []
        listed = keys[:MOST_NETWORKS]
        for key, subject in zip(listed, self._place.subjects(listed), strict=True):
            try:
                if isinstance(subject, Exception):
                    raise subject
                found.append(self._listed(key, subject, running, deadline))
            except (NotFoundError, WrongTypeError):
                # It was deleted after the scan.
                continue
            except ResponseError as error:
                found.append({"key": encoded(key), "name": shown(key), "error": str(error)})
        return {
            "place": self._place.name,
            "version": __version__,
            "write": self._write,
            "networks": found,
            "more": max(len(keys) - MOST_NETWORKS, 0),
            "searching": searching,
            "note": note,
        }

    def _listed(self, key: bytes, subject: Subject, running: dict[int, Any], deadline: float) -> dict[str, Any]:
        view = self._views["quality"]
        quality = self._cache.known(self._stamp(key, subject, view))
        if quality is None and time.monotonic() < deadline:
            try:
                quality = self._data(key, subject, view)
            except ResponseError as error:
                quality = {"missing": str(error)}
        return {**summary(subject), "key": encoded(key), "running": running.get(subject.info.id), "quality": quality}

    def _stamp(self, key: bytes, subject: Subject, view: View) -> tuple[Any, ...]:
        info = subject.info
        learnt = (info.training_total_steps, info.training_dataset_len, info.test_dataset_len)
        return key, view.name, info.id, *learnt

    def _data(self, key: bytes, subject: Subject, view: View) -> Any:
        if not view.cached:
            return view.data(subject)

        def compute() -> Any:
            try:
                return view.data(subject)
            except MissingError as error:
                return {"missing": str(error)}

        return self._cache.get(self._stamp(key, subject, view), compute)

    def _subject(self, key: bytes) -> Subject:
        (subject,) = self._place.subjects([key])
        if isinstance(subject, Exception):
            raise subject
        return subject

    def network(self, path: dict[str, str], sent: Any) -> dict[str, Any]:
        """Return the head of a network's page: its facts, and its running training."""
        key = decoded(path["key"])
        subject = self._subject(key)
        try:
            running, note = self._place.running().get(subject.info.id), None
        except ResponseError as error:
            running, note = None, f"Trainings are not shown: {error}"
        head = {"place": self._place.name, "version": __version__, "write": self._write, "note": note}
        return {**head, **summary(subject), "key": encoded(key), "running": running}

    def _found(self, path: dict[str, str]) -> tuple[bytes, Subject, View]:
        key = decoded(path["key"])
        view = self._views.get(path["view"])
        subject = self._subject(key)
        if view is None or not view.applies(subject):
            raise HTTPException(404, "This network has no such view.")
        return key, subject, view

    def view(self, path: dict[str, str], sent: Any) -> Any:
        """Return the data of a view."""
        key, subject, view = self._found(path)
        return self._data(key, subject, view)

    def answer(self, path: dict[str, str], sent: Any) -> Any:
        """Return a view's answer to values that the user entered."""
        _, subject, view = self._found(path)
        if view.answer is None:
            raise HTTPException(405, "This view takes no input.")
        if not isinstance(sent, dict):
            raise HTTPException(422, "Expected a JSON object.")
        return view.answer(subject, sent)

    def _check_write(self) -> None:
        if not self._write:
            raise HTTPException(403, "This dashboard is read-only: `neuralredis dashboard --write` allows trainings.")

    def train(self, path: dict[str, str], sent: Any) -> dict[str, Any]:
        """Start a training."""
        self._check_write()
        content = sent if isinstance(sent, dict) else {}
        seconds, autostop = content.get("seconds"), content.get("autostop")
        if not isinstance(seconds, int | float) or not (math.isfinite(seconds) and 0 < seconds <= MOST_SECONDS):
            raise HTTPException(422, f"seconds: expected a number above 0 and up to {MOST_SECONDS:.0f}.")
        if not isinstance(autostop, bool):
            raise HTTPException(422, "autostop: expected true or false.")
        self._place.train(decoded(path["key"]), seconds=float(seconds), autostop=autostop)
        return {"started": True}

    def stop(self, path: dict[str, str], sent: Any) -> dict[str, Any]:
        """Request a training to stop."""
        self._check_write()
        return {"stopped": self._place.stop(decoded(path["key"]))}


async def _sent(request: Request) -> Any:
    """Return the JSON of a request's body, of at most `MOST_BYTES`."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MOST_BYTES:
            raise HTTPException(413, f"Expected at most {MOST_BYTES} bytes.")
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise HTTPException(422, "Expected JSON.") from None


def _json(status: int, content: Any) -> Response:
    return Response(plain.text(content), status, media_type="application/json")
