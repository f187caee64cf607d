"""Small neural networks that train themselves, in your Python program and inside Redis."""

from neuralredis._core import __version__
from neuralredis.exceptions import (
    DataError,
    FormatError,
    KindError,
    NeuralRedisError,
    OptionError,
    OutOfMemoryError,
    ShapeError,
    TrainingError,
)
from neuralredis.module import module_path
from neuralredis.network import Network, load
from neuralredis.results import ClassifierEvaluation, Curve, Info, Progress, RegressorEvaluation, Report
from neuralredis.training import Training

__all__ = [
    "ClassifierEvaluation",
    "Curve",
    "DataError",
    "FormatError",
    "Info",
    "KindError",
    "Network",
    "NeuralRedisError",
    "OptionError",
    "OutOfMemoryError",
    "Progress",
    "RegressorEvaluation",
    "Report",
    "ShapeError",
    "Training",
    "TrainingError",
    "__version__",
    "load",
    "module_path",
]
