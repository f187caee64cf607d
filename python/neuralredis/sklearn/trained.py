"""The base of all estimators: parameters of a training, the training itself, and its fitted attributes."""

from __future__ import annotations

import warnings
from numbers import Real
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state

from neuralredis.network import Network
from neuralredis.results import Curve
from neuralredis.sklearn.checks import flag, whole_number

__all__ = ["TrainedEstimator", "drop_rows"]

#: Upper bound of the seeds that a `numpy.random.RandomState` draws, the same on every machine.
SEEDS = 2**31 - 1


class TrainedEstimator(BaseEstimator):
    """An estimator that trains a network."""

    network_: Network
    ensemble: int | Literal["auto"]
    restarts: int | Literal["auto"] | None
    max_iter: int | None
    early_stopping: bool
    validation_fraction: float
    n_iter_no_change: int | Literal["auto"]
    random_state: int | np.random.RandomState | None
    verbose: bool
    n_iter_: int
    loss_curve_: NDArray[np.float64]
    validation_loss_curve_: NDArray[np.float64] | None

    def _checked(self) -> tuple[np.random.RandomState, int]:
        """Check the parameters of a training; return the random state and a seed for the network."""
        flag("early_stopping", self.early_stopping)
        whole_number("max_iter", self.max_iter, None)
        whole_number("n_iter_no_change", self.n_iter_no_change, "auto")
        share = self.validation_fraction
        if self.early_stopping and not (isinstance(share, Real) and 0 < share < 1):
            raise ValueError(f"validation_fraction is {share!r}: expected more than 0, below 1")
        lot = check_random_state(self.random_state)
        return lot, int(lot.randint(SEEDS, dtype=np.int64))

    def _members(self) -> int | Literal["auto"]:
        """Return the size of the ensemble, which may be given by its former name."""
        if self.restarts is None:
            return self.ensemble
        if self.ensemble != "auto":
            raise ValueError(f"ensemble is {self.ensemble!r}, restarts is {self.restarts!r}: expected one of them")
        return self.restarts

    def _train(self, network: Network, *, keep: bool) -> None:
        """Train a network and make it this estimator's; with `keep` its rows stay."""
        self.network_ = network
        watched = self.early_stopping and network.info().test_dataset_len > 0
        try:
            report = network.train(
                max_cycles=self.max_iter,
                max_time=None,
                autostop=watched,
                backtrack=watched,
                progress=bool(self.verbose),
            )
        finally:
            # Also after an interruption, which leaves a partly trained network.
            self._tell_of(network)
            if not keep:
                drop_rows(network)
        if watched and report.reason == "maxcycles":
            warnings.warn(
                f"the validation error was still falling after max_iter={report.cycles} iterations",
                ConvergenceWarning,
                stacklevel=3,
            )

    def _tell_of(self, network: Network) -> None:
        report = network.report()
        if report is not None:
            self.n_iter_ = report.cycles
            self.loss_curve_ = at_each_cycle(report.curve, report.curve.train_error)
            watched = report.test_error is not None
            self.validation_loss_curve_ = at_each_cycle(report.curve, report.curve.test_error) if watched else None


def drop_rows(network: Network) -> None:
    """Delete the rows of a network, keeping its limits."""
    info = network.info()
    network.configure(dataset=0, test=0)
    network.configure(dataset=info.training_dataset_maxlen, test=info.test_dataset_maxlen)


def at_each_cycle(curve: Curve, error: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return an error after each cycle, interpolated between the points of the curve."""
    cycles, known = np.arange(1, curve.cycles[-1] + 1), ~np.isnan(error)
    # An interruption may come before the first error was computed.
    return np.interp(cycles, curve.cycles[known], error[known]) if known.any() else np.full(len(cycles), np.nan)
