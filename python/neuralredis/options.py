"""The names that options take, for type checkers. At run time the case of their letters does not matter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, TypedDict

from numpy.typing import NDArray

__all__ = ["Activation", "Algorithm", "ClassWeight", "Kind", "Loss", "Options", "Output", "Set"]

Kind = Literal["classifier", "regressor"]
Activation = Literal["sigmoid", "tanh", "relu"]
Output = Literal["softmax", "sigmoid", "linear"]
Loss = Literal["crossentropy", "mse"]
Algorithm = Literal["auto", "irprop+", "irprop-", "rprop+", "lbfgs"]
Set = Literal["train", "test"]
ClassWeight = Literal["none", "balanced"] | Sequence[float] | NDArray[Any]


class Options(TypedDict):
    """All options of a network that can be changed, as `Network.configure` takes and returns them."""

    normalize: bool
    dataset: int
    test: int
    activation: Activation
    output: Output
    loss: Loss
    algorithm: Algorithm
    l2: float | Literal["auto"]
    restarts: int | Literal["auto"]
    class_weight: Literal["none", "balanced"] | list[float]
    patience: int | Literal["auto"]
