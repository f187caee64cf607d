"""The names that options take, for type checkers. At run time the case of their letters does not matter."""

from __future__ import annotations

from typing import Literal, TypedDict

__all__ = ["Activation", "Algorithm", "Kind", "Loss", "Options", "Output", "Set"]

Kind = Literal["classifier", "regressor"]
Activation = Literal["sigmoid", "tanh", "relu"]
Output = Literal["softmax", "sigmoid", "linear"]
Loss = Literal["crossentropy", "mse"]
Algorithm = Literal["irprop+", "irprop-", "rprop+"]
Set = Literal["train", "test"]


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
