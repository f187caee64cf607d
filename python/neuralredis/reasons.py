"""Why a network answers what it does."""

from __future__ import annotations

from typing import Any, SupportsIndex

from neuralredis.exceptions import OptionError
from neuralredis.explanation import Counterfactual, Explanation
from neuralredis.fields import NetworkOfFields

__all__ = ["NetworkWithReasons", "check_alone"]


class NetworkWithReasons(NetworkOfFields):
    """The part of a network that says why."""

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
        """Return what each field of a row adds to the answer, or what would have to change for another class.

        Shares are Shapley values [1]_: what a field adds to the answer when it joins others, on average over all orders
        in which fields can join. Those that have not joined yet have the values of stored training rows, at most 100,
        so that all shares together are the way from the mean answer to these rows to the answer to this one. They are
        exact for up to 10 fields. Beyond, random orders are taken, each together with its reverse [2]_.

        The rows that are asked about on the way are mixtures, which may be such as never occur where fields go
        together. Shares say what the network goes by, not what would happen if somebody changed a value.

        Parameters
        ----------
        X : dict, array_like of shape (inputs,), or several of which there is one
            A row, as for `run`.
        label : str or int, optional
            The class that is explained, else the one that is answered; of a regressor with several outputs, which one.
            Of a network without fields they are numbers.
        samples : int, default 16
            How many orders are taken, with their reverses, where there are more than 10 fields: 2 to 1000.
        seed : int, default 0
            Of what is random: the orders, and which stored rows are taken where there are more than 100.
        want : str or int, optional
            A class: then the fewest fields are looked for that would have to change for it, by themselves, each to the
            value that one of the nearest training rows has to which the network answers that class [3]_.

        Returns
        -------
        Explanation
            The answer, the mean and the shares.
        Counterfactual
            The changes, with ``want``.

        Raises
        ------
        ShapeError
            If there is not one row, a row has not as many values as the network takes, or it takes more than 4096.
        DataError
            If a value is none that the network takes, or the network has no training rows.
        OptionError
            If there is no such class or output, ``samples`` is out of range, or ``want`` does not stand alone.
        KindError
            If changes of a regressor are asked for.
        TrainingError
            If the network has seen no class yet.

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
    """Refuse what says how shares are found beside a class that is wanted."""
    if label is not None or samples is not None or seed is not None:
        raise OptionError("want asks for changes: expected no label, samples or seed beside it")
