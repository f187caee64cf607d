"""Small neural networks as a data type, in your Python program and inside Redis or Valkey."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from neuralredis._core import __version__
from neuralredis.exceptions import (
    DataError,
    ExistsError,
    FormatError,
    KindError,
    NeuralRedisError,
    NoModuleError,
    NotFoundError,
    OptionError,
    OutOfMemoryError,
    ShapeError,
    TrainingError,
    WrongTypeError,
)
from neuralredis.explanation import Counterfactual, Explanation
from neuralredis.loading import load
from neuralredis.module import module_path
from neuralredis.network import Network
from neuralredis.protocol import AnyNetwork
from neuralredis.results import (
    ClassifierEvaluation,
    Curve,
    FieldStatistics,
    Forecast,
    Info,
    Interval,
    ListedTraining,
    Progress,
    Ranked,
    RegressorEvaluation,
    Report,
    RowCounts,
)
from neuralredis.sequence_protocol import AnySequenceNetwork, AnySession
from neuralredis.sequences import SequenceNetwork
from neuralredis.session import Session
from neuralredis.training import Training

if TYPE_CHECKING:
    from neuralredis import aio
    from neuralredis.description import (
        Description,
        FieldInputs,
        GruCells,
        GruWeights,
        Layer,
        ReservoirUnits,
        RowInputs,
        Scaling,
        SequenceView,
    )
    from neuralredis.learning import Learnt, learn
    from neuralredis.remote.database import NeuralRedis, connect
    from neuralredis.remote.network import RedisNetwork
    from neuralredis.remote.sequences import RedisSequenceNetwork, RedisSession

__all__ = [
    "AnyNetwork",
    "AnySequenceNetwork",
    "AnySession",
    "ClassifierEvaluation",
    "Counterfactual",
    "Curve",
    "DataError",
    "Description",
    "ExistsError",
    "Explanation",
    "FieldInputs",
    "FieldStatistics",
    "Forecast",
    "FormatError",
    "GruCells",
    "GruWeights",
    "Info",
    "Interval",
    "KindError",
    "Layer",
    "Learnt",
    "ListedTraining",
    "Network",
    "NeuralRedis",
    "NeuralRedisError",
    "NoModuleError",
    "NotFoundError",
    "OptionError",
    "OutOfMemoryError",
    "Progress",
    "Ranked",
    "RedisNetwork",
    "RedisSequenceNetwork",
    "RedisSession",
    "RegressorEvaluation",
    "Report",
    "ReservoirUnits",
    "RowCounts",
    "RowInputs",
    "Scaling",
    "SequenceNetwork",
    "SequenceView",
    "Session",
    "ShapeError",
    "Training",
    "TrainingError",
    "WrongTypeError",
    "__version__",
    "aio",
    "connect",
    "learn",
    "load",
    "module_path",
]

#: Names whose modules are imported at their first use, so that programs without them start fast.
_LATER = {
    "Description": "neuralredis.description",
    "FieldInputs": "neuralredis.description",
    "GruCells": "neuralredis.description",
    "GruWeights": "neuralredis.description",
    "Layer": "neuralredis.description",
    "ReservoirUnits": "neuralredis.description",
    "RowInputs": "neuralredis.description",
    "Scaling": "neuralredis.description",
    "SequenceView": "neuralredis.description",
    "Learnt": "neuralredis.learning",
    "learn": "neuralredis.learning",
    "NeuralRedis": "neuralredis.remote.database",
    "connect": "neuralredis.remote.database",
    "RedisNetwork": "neuralredis.remote.network",
    "RedisSequenceNetwork": "neuralredis.remote.sequences",
    "RedisSession": "neuralredis.remote.sequences",
}


def __getattr__(name: str) -> Any:
    if name == "aio":
        return import_module("neuralredis.aio")
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(_LATER[name]), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
