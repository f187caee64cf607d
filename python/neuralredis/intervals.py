"""Prediction intervals and sets of classes."""

from __future__ import annotations

from typing import Any

from neuralredis.fields import NetworkOfFields
from neuralredis.results import Interval

__all__ = ["NetworkWithIntervals"]


class NetworkWithIntervals(NetworkOfFields):
    """The part of `Network` for prediction intervals and sets of classes."""

    __slots__ = ()

    def interval(self, X: Any, level: float = 0.9) -> Interval:
        """Return the outputs of a regressor with prediction intervals of the given coverage.

        Split conformal prediction [1]_: the absolute errors on ``n`` rows that the network was not trained on are
        sorted, and the one of rank ``ceil((n + 1) * level)`` is the half-width of the interval. If new rows come from
        the same distribution, the interval contains the outcome with probability ``level``, whatever the network and
        the data are. All rows get the same width: the coverage holds on average over all rows, not for each kind of
        row.

        The calibration rows are those of `calibrate`, else the validation rows. If early stopping used these
        (``test_error_optimistic`` of `info`), their errors are too low, and the rank is raised by
        ``ceil(sqrt(n) / 5)``, which compensates for that in practice; only `calibrate` gives the guarantee. Of more
        than 10,000 rows an evenly spaced sample of 10,000 is used. Row weights are ignored.

        Parameters
        ----------
        X : array_like, shape (inputs,) or (rows, inputs), or rows of fields
            One row or many, as for `run`.
        level : float, default 0.9
            Coverage: the probability that the interval contains the outcome, above 0 and below 1.

        Returns
        -------
        Interval
            A tuple of ``value``, ``low`` and ``high``, each of the type that `run` returns.

        Raises
        ------
        KindError
            If the network is a classifier.
        TrainingError
            If there are too few calibration rows for that level: at least 9 for 0.9, or 19 if early stopping used them;
            19 or 59 for 0.95. The message has the number.
        OptionError
            If the level is not between 0 and 1.
        ShapeError, DataError
            As for `run`.

        References
        ----------
        .. [1] J. Lei, M. G'Sell, A. Rinaldo, R. J. Tibshirani, L. Wasserman, "Distribution-free predictive inference
           for regression", Journal of the American Statistical Association 113, 2018, algorithm 2.

        Examples
        --------
        >>> import neuralredis as nr
        >>> net = nr.Network("regressor", [1, 1], normalize=True, dataset=100, test=50, seed=1)
        >>> counts = net.observe([[x] for x in range(150)], [2 * x + x % 5 for x in range(150)])
        >>> report = net.train(max_cycles=100)
        >>> value, low, high = net.interval([[30], [40]], 0.9)
        >>> value.shape, bool((low < value).all()), bool((value < high).all())
        ((2, 1), True, True)
        >>> bool(net.interval([30], 0.5).high < high[0])
        True
        """
        return Interval(*self._interval(X, level))

    def class_set(self, X: Any, level: float = 0.9) -> list[Any]:
        """Return sets of classes that contain the true class with the given coverage.

        As `interval`, for classes: the score of a calibration row is 1 minus the probability of its true class [1]_.
        The set of a row has all classes whose probability reaches a threshold, and at least the most probable class. So
        it is small where the network is confident.

        Parameters
        ----------
        X : array_like, shape (inputs,) or (rows, inputs), or rows of fields
            One row or many, as for `classify`.
        level : float, default 0.9
            Coverage: the probability that the set contains the true class, above 0 and below 1.

        Returns
        -------
        list
            The classes of one row, the most probable first, as integers or names; for many rows one such list each.

        Raises
        ------
        KindError
            If the network is a regressor.
        TrainingError
            If there are too few calibration rows for that level, see `interval`.
        OptionError
            If the level is not between 0 and 1.
        ShapeError, DataError
            As for `classify`.

        References
        ----------
        .. [1] M. Sadinle, J. Lei, L. Wasserman, "Least ambiguous set-valued classifiers with bounded error levels",
           Journal of the American Statistical Association 114, 2019.

        Examples
        --------
        >>> import neuralredis as nr
        >>> net = nr.Network("classifier", [1, 2], normalize=True, dataset=100, test=50, seed=1)
        >>> counts = net.observe([[x] for x in range(150)], [x + 20 * (x % 2) > 80 for x in range(150)])
        >>> report = net.train(max_cycles=100)
        >>> net.class_set([[5], [145]], 0.9)
        [[0], [1]]
        >>> len(net.class_set([71], 0.97))
        2
        """
        return self._class_set(X, level)
