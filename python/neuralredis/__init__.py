"""Small neural networks as a data type, in your Python program and inside Redis or Valkey."""

from neuralredis import aio
from neuralredis._core import __version__
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
from neuralredis.learning import Learnt, learn
from neuralredis.loading import load
from neuralredis.module import module_path
from neuralredis.network import Network
from neuralredis.protocol import AnyNetwork
from neuralredis.remote.database import NeuralRedis, connect
from neuralredis.remote.network import RedisNetwork
from neuralredis.remote.sequences import RedisSequenceNetwork, RedisSession
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
