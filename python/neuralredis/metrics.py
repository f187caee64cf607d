"""Metrics of a server and its networks, in the formats of Prometheus and OpenMetrics.

The metrics of the server are the fields of ``INFO neuralredis``, which docs/production.md explains. Networks are
included only where a pattern selects them, since every key adds a dozen time series.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from redis.exceptions import NoPermissionError, RedisError

from neuralredis.exceptions import NeuralRedisError
from neuralredis.results import ClassifierEvaluation, Info

if TYPE_CHECKING:
    from neuralredis.remote.database import NeuralRedis

__all__ = ["ServerMetrics"]

#: Fields of ``INFO neuralredis`` that are counters; the others are gauges.
COUNTERS = ("trainings_finished", "trainings_failed", "trainings_dropped", "rows_observed", "runs")
#: Prefix of the fields of ``INFO neuralredis``.
PREFIX = "neuralredis_"


@dataclass(frozen=True)
class PerNetwork:
    """A metric with one sample for each network."""

    name: str
    help: str
    of: Any
    is_counter: bool = False

    def family(self) -> CounterMetricFamily | GaugeMetricFamily:
        """Return the metric without samples."""
        family = CounterMetricFamily if self.is_counter else GaugeMetricFamily
        return family(f"neuralredis_network_{self.name}", self.help, labels=["key"])


PER_NETWORK: Sequence[PerNetwork] = (
    PerNetwork("training_rows", "Rows that weights are fitted to", lambda info: info.training_dataset_len),
    PerNetwork("validation_rows", "Rows that are held out", lambda info: info.test_dataset_len),
    PerNetwork("training_error", "Mean loss of a training row", lambda info: info.dataset_error),
    PerNetwork("validation_error", "Mean loss of a validation row", lambda info: info.test_error),
    PerNetwork("memory_bytes", "Memory of weights and rows", lambda info: info.memory_bytes),
    PerNetwork("parameters", "Weights and biases of one member", lambda info: info.parameters),
    PerNetwork("members", "Members of the ensemble", lambda info: info.members),
    PerNetwork("is_training", "1 while a training runs or is queued", lambda info: int(info.training)),
    PerNetwork("warnings", "Warnings of the last training", lambda info: len(info.training_warnings)),
    PerNetwork("training_cycles", "Passes over the training rows", lambda info: info.training_total_cycles, True),
    PerNetwork("training_seconds", "Seconds of all trainings", lambda info: info.training_total_seconds, True),
)


class ServerMetrics(Collector):
    """A collector of prometheus_client for the metrics of a server.

    Parameters
    ----------
    db : NeuralRedis
        The server.
    pattern : str, optional
        Networks to include, as a glob pattern such as ``shop:*``; none by default.
    most : int, default 1000
        Most networks to include. ``neuralredis_networks_left_out`` counts the others.
    evaluate : bool, default False
        Whether to evaluate each network on its validation rows after each training, and export its error and baseline.
        This costs one pass over these rows, on a thread of the server.

    Notes
    -----
    ``prometheus_client.REGISTRY.register(ServerMetrics(db, "shop:*"))`` adds the metrics to those of your program;
    ``neuralredis exporter`` serves them without a program.
    """

    def __init__(
        self, db: NeuralRedis, pattern: str | None = None, *, most: int = 1000, evaluate: bool = False
    ) -> None:
        self._db, self._pattern, self._most, self._evaluate = db, pattern, most, evaluate
        #: Evaluations by key, with the id and cycles of the network that they belong to.
        self._evaluated: dict[Any, tuple[tuple[int, int, int], tuple[float, float]]] = {}

    def describe(self) -> list[Metric]:
        """Return no metrics: their names depend on the server, which may not be up at registration."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Yield all metrics, or only ``neuralredis_up`` if the server is down."""
        up = GaugeMetricFamily("neuralredis_up", "1 if the server responds and has the module")
        try:
            metrics = [*self._of_server(), *self._of_networks()]
        except (RedisError, NeuralRedisError):
            metrics = []
        # A server without the module has no such section of INFO.
        up.add_metric([], int(any(metric.name == f"{PREFIX}networks" for metric in metrics)))
        yield up
        yield from metrics

    def _of_server(self) -> Iterator[Metric]:
        found = self._db.client.info("neuralredis")
        for field, value in found.items():
            name = field.removeprefix(PREFIX)
            family = CounterMetricFamily if name in COUNTERS else GaugeMetricFamily
            yield family(PREFIX + name, f"{PREFIX}{name} of INFO", value=value)

    def _of_networks(self) -> Iterator[Metric]:
        if self._pattern is None:
            return
        keys = [key for key in self._db.networks() if fnmatchcase(_text(key), self._pattern)]
        left_out = GaugeMetricFamily("neuralredis_networks_left_out", "Networks beyond the limit of the exporter")
        left_out.add_metric([], max(len(keys) - self._most, 0))
        yield left_out
        infos = {key: info for key in keys[: self._most] if (info := self._info(key)) is not None}
        for metric in PER_NETWORK:
            family = metric.family()
            for key, info in infos.items():
                family.add_metric([_text(key)], metric.of(info))
            yield family
        if self._evaluate:
            yield from self._evaluations(infos)

    def _info(self, key: Any) -> Info | None:
        """Return the information of a network, or None if it was deleted or must not be read."""
        try:
            info: Info = self._db.network(key).info()
        except (NeuralRedisError, NoPermissionError, KeyError):
            return None
        return info

    def _evaluations(self, infos: dict[Any, Info]) -> Iterator[Metric]:
        score = GaugeMetricFamily(
            "neuralredis_network_wrong",
            "Error rate of a classifier on validation rows, or RMSE of a regressor",
            labels=["key"],
        )
        baseline = GaugeMetricFamily(
            "neuralredis_network_baseline", "The same for the best constant prediction", labels=["key"]
        )
        self._evaluated = {key: value for key, value in self._evaluated.items() if key in infos}
        for key, info in infos.items():
            if not info.test_dataset_len or not info.training_total_cycles:
                continue
            state = (info.id, info.training_total_cycles, info.test_dataset_len)
            if self._evaluated.get(key, (None,))[0] != state:
                try:
                    tested = self._db.network(key).evaluate("test")
                except (NeuralRedisError, NoPermissionError, KeyError):
                    continue
                if isinstance(tested, ClassifierEvaluation):
                    figures = (1 - tested.accuracy, 1 - tested.baseline)
                else:
                    figures = (tested.rmse, tested.baseline)
                self._evaluated[key] = (state, figures)
            wrong, constant = self._evaluated[key][1]
            score.add_metric([_text(key)], wrong)
            baseline.add_metric([_text(key)], constant)
        yield score
        yield baseline


def _text(key: Any) -> str:
    """Return a key as the value of a label."""
    return key.decode(errors="backslashreplace") if isinstance(key, bytes) else str(key)
