"""A network of sequences in a Redis server, and sessions of its sequences."""

from __future__ import annotations

from neuralredis import html
from neuralredis.remote.commands import Key
from neuralredis.remote.links import Link
from neuralredis.remote.network_steps import NetworkSteps
from neuralredis.remote.sequence_steps import SequenceSteps
from neuralredis.remote.session_steps import SessionSteps
from neuralredis.session import id_of
from neuralredis.steps import waited
from neuralredis.training import Training

__all__ = ["RedisSequenceNetwork", "RedisSession"]


class RedisSequenceNetwork:
    """A network of sequences in a Redis server; `NeuralRedis.create_sequences` and `NeuralRedis.network` return one.

    It has the methods of `SequenceNetwork` for stored sequences, and the same seed, events and calls give the same
    numbers. A server predicts only for stored sequences, optionally after one more event: to run, classify, evaluate,
    forecast or sample other sequences, and for `SequenceNetwork.ids`, `download` the network first. Otherwise it is
    like a `RedisNetwork`.

    Attributes
    ----------
    key : str or bytes
        The network's key.

    Examples
    --------
    Visitors who look at the help twice in a row leave:

    >>> net = db.create_sequences("visits", "classifier", fields={"page": "category"}, target="left", seed=1)
    >>> pages = [["home", "help", "help"] if user % 2 else ["help", "home", "help"] for user in range(100)]
    >>> left = ["yes" if user % 2 else "no" for user in range(100)]
    >>> counts = net.observe(pages, left, ids=[f"user:{user}" for user in range(100)])
    >>> report = net.train(autostop=True, max_cycles=300)
    >>> visitor = net.session("user:500")
    >>> visitor.observe("help")
    >>> visitor.classify("help")
    'yes'
    >>> visitor.finish("no")

    Forecast a series:

    >>> load = db.create_sequences("load", "regressor", fields={"kwh": "number"}, target="kwh", dataset=10, seed=1)
    >>> counts = load.observe([[1, 5] * 20], ids=["meter:3"])
    >>> report = load.train(max_cycles=200)
    >>> load.session("meter:3").forecast(4).values.round().tolist()
    [1.0, 5.0, 1.0, 5.0]
    """

    def __init__(self, link: Link, key: Key) -> None:
        self.key = key
        self._steps = SequenceSteps(link, key)

    def session(self, id: str | bytes | int) -> RedisSession:
        """Return a session, the methods of one sequence, without a request to the server.

        Parameters
        ----------
        id : str, bytes or int
            The id of the sequence, 1 to 255 bytes.

        Returns
        -------
        RedisSession
            It refers to the network and the id, and has no state of its own.
        """
        return RedisSession(self, id_of(id))

    observe = waited(SequenceSteps.observe)
    observe_series = waited(SequenceSteps.observe_series)
    step = waited(SequenceSteps.step)
    field_statistics = waited(NetworkSteps.field_statistics)
    train = waited(NetworkSteps.train)
    start_training = waited(NetworkSteps.start_training, Training)
    stop = waited(NetworkSteps.stop)
    info = waited(NetworkSteps.info)
    report = waited(NetworkSteps.report)
    evaluate = waited(SequenceSteps.evaluate)
    reset = waited(NetworkSteps.reset)
    configure = waited(NetworkSteps.configure)
    export = waited(NetworkSteps.export)
    save = waited(NetworkSteps.save)
    download = waited(SequenceSteps.download)

    def __bytes__(self) -> bytes:
        """Return the network as bytes, as `save` writes it."""
        return self.export()

    def __repr__(self) -> str:
        """Return the network's key, without a request to the server."""
        return f"<RedisSequenceNetwork {self.key!r}>"

    def _repr_html_(self) -> str:
        """Return a table and the learning curve of the last training, for notebooks."""
        return html.network(self.info(), self.report())


class RedisSession:
    """One sequence of a network in a server, with the methods of `Session`; `RedisSequenceNetwork.session` returns one.

    Attributes
    ----------
    net : RedisSequenceNetwork
        The network.
    id : bytes
        The id of the sequence.

    Examples
    --------
    >>> pages = db.create_sequences("pages", "classifier", fields={"page": "category"}, target="page", seed=1)
    >>> visitor = pages.session("user:1")
    >>> for page in ["home", "cart", "home", "cart", "home"]:
    ...     visitor.observe(page)
    >>> report = pages.train(max_cycles=100)
    >>> visitor.classify()
    'cart'
    >>> visitor.sample(3, temperature=0)
    ['cart', 'home', 'cart']
    >>> visitor.forget()
    True
    """

    __slots__ = ("_steps", "id", "net")

    def __init__(self, net: RedisSequenceNetwork, id: bytes) -> None:
        self.net = net
        self.id = id
        self._steps = SessionSteps(net._steps, id)

    observe = waited(SessionSteps.observe)
    finish = waited(SessionSteps.finish)
    run = waited(SessionSteps.run)
    classify = waited(SessionSteps.classify)
    forecast = waited(SessionSteps.forecast)
    sample = waited(SessionSteps.sample)
    forget = waited(SessionSteps.forget)

    def __repr__(self) -> str:
        """Return the id."""
        return f"<session {self.id!r}>"
