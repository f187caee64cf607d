"""Define the names and types of options, for type checkers and for decoding replies of a server.

`make pages` generates this file from the engine's table of options, rust/core/src/options/mod.rs. At run time words
are case-insensitive.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, SupportsIndex, TypedDict

from numpy.typing import NDArray

__all__ = [
    "Activation",
    "Algorithm",
    "Changes",
    "ClassWeight",
    "Creation",
    "Kind",
    "Loss",
    "Monotone",
    "OptionFields",
    "Options",
    "Output",
    "Set",
]

Kind = Literal["classifier", "regressor"]
Set = Literal["train", "test"]
Activation = Literal["sigmoid", "tanh", "relu"]
Output = Literal["softmax", "sigmoid", "linear"]
Loss = Literal["crossentropy", "mse"]
Algorithm = Literal["auto", "irprop+", "irprop-", "rprop+", "lbfgs", "adam"]
ClassWeight = Literal["none", "balanced"] | Sequence[float] | NDArray[Any]
Monotone = Literal["none"] | Sequence[float] | NDArray[Any] | Mapping[str, float]


class Options(TypedDict):
    """The options of a network, as returned by `Network.configure`."""

    normalize: bool
    activation: Activation
    output: Output
    loss: Loss
    algorithm: Algorithm
    l2: Literal["auto"] | float
    ensemble: Literal["auto"] | int
    class_weight: Literal["none", "balanced"] | list[float]
    patience: Literal["auto"] | int
    monotone: Literal["none"] | list[float]
    threshold: float
    dataset: int
    test: int


class Changes(TypedDict, total=False):
    """Options that `Network.configure` accepts."""

    normalize: bool | None
    activation: Activation | None
    output: Output | None
    loss: Loss | None
    algorithm: Algorithm | None
    l2: Literal["auto"] | float | None
    ensemble: Literal["auto"] | SupportsIndex | None
    class_weight: ClassWeight | None
    patience: Literal["auto"] | SupportsIndex | None
    monotone: Monotone | None
    threshold: float | None
    dataset: SupportsIndex | None
    test: SupportsIndex | None
    # Former names.
    algo: Algorithm | None
    restarts: Literal["auto"] | SupportsIndex | None
    classweight: ClassWeight | None


class Creation(Changes, total=False):
    """Options that the constructors of networks accept."""

    seed: SupportsIndex | None


@dataclass(frozen=True, kw_only=True)
class OptionFields:
    """The options of a network, as attributes of what `Network.info` returns."""

    normalize: bool
    activation: Activation
    output: Output
    loss: Loss
    algorithm: Algorithm
    l2: Literal["auto"] | float
    ensemble: Literal["auto"] | int
    class_weight: Literal["none", "balanced"] | list[float]
    patience: Literal["auto"] | int
    monotone: Literal["none"] | list[float]
    threshold: float
    dataset: int
    test: int
