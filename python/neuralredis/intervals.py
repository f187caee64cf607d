"""What a network says of how far its answers may be off."""

from __future__ import annotations

from typing import Any

from neuralredis.fields import NetworkOfFields
from neuralredis.results import Interval

__all__ = ["NetworkWithIntervals"]


class NetworkWithIntervals(NetworkOfFields):
    """The part of a network that is about intervals and sets of classes."""

    __slots__ = ()

    def interval(self, X: Any, level: float = 0.9) -> Interval:
        """Return the outputs of a regressor, with bounds that hold the truth as often as is asked.

        Split conformal prediction [1]_: of rows that the network has not learnt from, the distances of its answers from
        the truth are put in order, and the one of rank ``ceil((n + 1) * level)`` of ``n`` is the bound on either side.
        As long as new rows come as those did, the interval holds the truth in ``level`` of all cases, whatever the
        network and the data are. It is as wide for every row: in the mean of all rows it is right, not for each kind of
        row.

        The rows are those of `calibrate`, or else the validation rows. Where these have decided when the training
        stopped (``test_error_optimistic`` of `info`), the network looks better by them than it is, and the rank is
        raised by ``ceil(sqrt(n) / 5)``, which makes up for that in practice; `calibrate` gives the guarantee. Of more
        than 10,000 rows as many are used that lie evenly among them. The weights of rows are not looked at.

        Parameters
        ----------
        X : array_like, shape (inputs,) or (rows, inputs), or rows of fields
            One row or many, as for `run`.
        level : float, default 0.9
            How often the interval is to hold the truth, above 0 and below 1.

        Returns
        -------
        Interval
            A tuple of ``value``, ``low`` and ``high``, each of them what `run` returns for the rows.

        Raises
        ------
        KindError
            If the network is a classifier.
        TrainingError
            If there are too few rows for that level: 9 at least for 0.9, and 19 where they have decided; 19 for 0.95,
            and 59. The message says how many are needed.
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
        """Return the classes among which the true one is, as often as is asked.

        As by `interval`, for classes: the score of a row is 1 minus the probability of its true class [1]_. The set of
        a row has all classes whose probability is high enough, and at least the likeliest: one where the network is
        sure, several where it is not.

        Parameters
        ----------
        X : array_like, shape (inputs,) or (rows, inputs), or rows of fields
            One row or many, as for `classify`.
        level : float, default 0.9
            How often the set is to hold the true class, above 0 and below 1.

        Returns
        -------
        list
            The classes of one row, the likeliest first, as integers or names; of many rows such a list for each.

        Raises
        ------
        KindError
            If the network is a regressor.
        TrainingError
            If there are too few rows for that level, see `interval`.
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
