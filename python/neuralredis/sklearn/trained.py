"""What all estimators share: parameters of a training, the training, and what is told of it."""

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

#: What a `numpy.random.RandomState` draws as the seed of a network is below this, on every machine.
SEEDS = 2**31 - 1


class TrainedEstimator(BaseEstimator):
    """An estimator that has a network train."""

    network_: Network
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
        """Check the parameters of a training; return what draws at random, and the seed of a network."""
        flag("early_stopping", self.early_stopping)
        whole_number("max_iter", self.max_iter, None)
        whole_number("n_iter_no_change", self.n_iter_no_change, "auto")
        share = self.validation_fraction
        if self.early_stopping and not (isinstance(share, Real) and 0 < share < 1):
            raise ValueError(f"validation_fraction is {share!r}: expected more than 0, below 1")
        lot = check_random_state(self.random_state)
        return lot, int(lot.randint(SEEDS, dtype=np.int64))

    def _train(self, network: Network, *, keep: bool) -> None:
        """Have a network train that is this estimator's from now on; with `keep` its rows stay."""
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
            # An interruption, too, leaves a network that has learnt something.
            self._tell_of(network)
            if not keep:
                drop_rows(network)
        if watched and report.reason == "maxcycles":
            warnings.warn(
                f"the rows held out had still something to gain after {report.cycles} iterations, which are max_iter",
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
    """Take away what a network has been shown; it has room for as much again."""
    info = network.info()
    network.configure(dataset=0, test=0)
    network.configure(dataset=info.training_dataset_maxlen, test=info.test_dataset_maxlen)


def at_each_cycle(curve: Curve, error: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return an error after each cycle, on straight lines between the points that the curve has."""
    cycles, known = np.arange(1, curve.cycles[-1] + 1), ~np.isnan(error)
    # An interruption may come before anything was computed.
    return np.interp(cycles, curve.cycles[known], error[known]) if known.any() else np.full(len(cycles), np.nan)
