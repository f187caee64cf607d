"""Explanations of single predictions."""

from __future__ import annotations

from typing import Any, SupportsIndex

from neuralredis.exceptions import OptionError
from neuralredis.explanation import Counterfactual, Explanation
from neuralredis.fields import NetworkOfFields

__all__ = ["NetworkWithReasons", "check_alone"]


class NetworkWithReasons(NetworkOfFields):
    """The part of `Network` for explanations."""

    __slots__ = ()

    def explain(
        self,
        X: Any,
        *,
        label: Any = None,
        samples: SupportsIndex | None = None,
        seed: SupportsIndex | None = None,
        want: Any = None,
    ) -> Any:
        """Return the contribution of each field to a prediction, or the changes of a row for another class.

        Contributions are Shapley values [1]_: the change of the prediction when a field's value is filled in, averaged
        over all orders of filling in fields. Fields that are not filled in yet have the values of stored training rows,
        at most 100. So the contributions add up to the difference between this prediction and the mean prediction for
        those rows. They are exact for up to 10 fields; beyond, random orders are sampled, each with its reverse [2]_.

        The rows that are predicted in the process are mixtures of two rows, which may not occur in reality if fields
        are correlated. Contributions describe the network, not the effect of changing a value in the world.

        Parameters
        ----------
        X : dict, array_like of shape (inputs,), or several of which there is one
            A single row, as for `run`.
        label : str or int, optional
            The class to explain, by default the predicted one; of a regressor with several outputs, the output. For a
            network without fields it is a number.
        samples : int, default 16
            Number of sampled orders, not counting their reverses, for more than 10 fields: 2 to 1000.
        seed : int, default 0
            Seed for the orders, and for the choice of training rows if there are more than 100.
        want : str or int, optional
            A class: then the result is the smallest set of fields to change so that this class is predicted, each to
            the value of one of the nearest training rows that are predicted as this class [3]_.

        Returns
        -------
        Explanation
            The prediction, the mean and the contributions.
        Counterfactual
            With ``want``: the changes.

        Raises
        ------
        ShapeError
            If there is not exactly one row, it has the wrong number of values, or there are more than 4096 inputs.
        DataError
            If a value is invalid, or the network has no training rows.
        OptionError
            If there is no such class or output, ``samples`` is out of range, or ``want`` is combined with others.
        KindError
            If ``want`` is given and the network is a regressor.
        TrainingError
            If the network has no classes yet.

        References
        ----------
        .. [1] S. M. Lundberg, S.-I. Lee, "A unified approach to interpreting model predictions", NIPS 2017; against
           stored rows as D. Janzing, L. Minorics, P. Bloebaum, "Feature relevance quantification in explainable AI: a
           causal problem", AISTATS 2020.
        .. [2] R. Mitchell, J. Cooper, E. Frank, G. Holmes, "Sampling permutations for Shapley value estimation",
           Journal of Machine Learning Research 23, 2022.
        .. [3] D. Brughmans, P. Leyman, D. Martens, "NICE: an algorithm for nearest instance counterfactual
           explanations", Data Mining and Knowledge Discovery 38, 2024.

        Examples
        --------
        >>> import neuralredis as nr
        >>> fields = {"age": "number", "plan": "category"}
        >>> net = nr.Network("classifier", fields=fields, target="stays", dataset=40, test=0, seed=1)
        >>> rows = [{"age": age, "plan": plan} for age in range(20, 60, 2) for plan in ("free", "paid")]
        >>> counts = net.observe(rows, ["yes" if row["plan"] == "paid" else "no" for row in rows])
        >>> report = net.train(max_cycles=100)
        >>> found = net.explain({"age": 31, "plan": "paid"})
        >>> found.label, found.shares["plan"] > 10 * abs(found.shares["age"])
        ('yes', True)
        >>> sum(found.shares.values()) == found.answer - found.mean
        True
        >>> net.explain({"age": 31, "plan": "paid"}, want="no").changes
        {'plan': ('paid', 'free')}
        """
        if want is None:
            return Explanation(**self._explain(X, label, samples, seed))
        check_alone(label, samples, seed)
        return Counterfactual(**self._changes(X, want))


def check_alone(label: Any, samples: Any, seed: Any) -> None:
    """Raise `OptionError` if label, samples or seed are given together with ``want``."""
    if label is not None or samples is not None or seed is not None:
        raise OptionError("want is combined with label, samples or seed: expected want alone")
