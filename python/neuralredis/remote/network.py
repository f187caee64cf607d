"""A network in a Redis server."""

from __future__ import annotations

from neuralredis import html
from neuralredis.remote.commands import Key
from neuralredis.remote.links import Link
from neuralredis.remote.network_steps import NetworkSteps
from neuralredis.steps import waited
from neuralredis.training import Training

__all__ = ["RedisNetwork"]


class RedisNetwork:
    """A network in a Redis server; ``db[key]`` and `NeuralRedis.create` return one.

    It has the methods of `Network`: rows are checked before anything is sent, and the same seed, rows and calls give
    the same numbers. The network stays in the server, which trains it, and many clients can use it at the same time.
    For `Network.describe`, `Network.weights`, `Network.gradient` and `Network.set_weights`, `download` it first. Every
    method sends a request, and may raise `NotFoundError` if the key does not exist, `WrongTypeError` if it holds a
    value of another type, and `NoModuleError` if the module is not loaded. Errors of the connection are those of the
    client.

    Attributes
    ----------
    key : str or bytes
        The network's key.

    Examples
    --------
    >>> net = db.create("sums", "regressor", [2, 3, 1], normalize=True, seed=7)
    >>> net.observe([[1, 2], [4, 5], [3, 3]], [3, 9, 6], into="train")
    RowCounts(train=3, test=0)
    >>> net.train(max_cycles=500).cycles
    500
    >>> net.run([2, 3]).shape
    (1,)
    """

    def __init__(self, link: Link, key: Key) -> None:
        self.key = key
        self._steps = NetworkSteps(link, key)

    observe = waited(NetworkSteps.observe)
    run = waited(NetworkSteps.run)
    classify = waited(NetworkSteps.classify)
    interval = waited(NetworkSteps.interval)
    class_set = waited(NetworkSteps.class_set)
    sample = waited(NetworkSteps.sample)
    calibrate = waited(NetworkSteps.calibrate)
    rank = waited(NetworkSteps.rank)
    explain = waited(NetworkSteps.explain)
    field_statistics = waited(NetworkSteps.field_statistics)
    observe_hashes = waited(NetworkSteps.observe_hashes)
    run_hashes = waited(NetworkSteps.run_hashes)
    classify_hashes = waited(NetworkSteps.classify_hashes)
    rank_hashes = waited(NetworkSteps.rank_hashes)
    train = waited(NetworkSteps.train)
    start_training = waited(NetworkSteps.start_training, Training)
    stop = waited(NetworkSteps.stop)
    info = waited(NetworkSteps.info)
    report = waited(NetworkSteps.report)
    evaluate = waited(NetworkSteps.evaluate)
    rows = waited(NetworkSteps.rows)
    reset = waited(NetworkSteps.reset)
    configure = waited(NetworkSteps.configure)
    export = waited(NetworkSteps.export)
    save = waited(NetworkSteps.save)
    download = waited(NetworkSteps.download)

    def __bytes__(self) -> bytes:
        """Return the network as bytes, as `save` writes it."""
        return self.export()

    def __repr__(self) -> str:
        """Return where the network is, which needs no server."""
        return f"<RedisNetwork {self.key!r}>"

    def _repr_html_(self) -> str:
        """Return a table and the last training's learning curve, for notebooks."""
        return html.network(self.info(), self.report())
