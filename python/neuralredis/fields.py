"""Names, statistics and ranking of networks with fields."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from neuralredis import _core
from neuralredis.results import FieldStatistics, Ranked

__all__ = ["NetworkOfFields"]


class NetworkOfFields(_core.Network):
    """The part of `Network` for networks with fields."""

    __slots__ = ()

    @property
    def fields(self) -> Mapping[str, str] | None:
        """The kind of each field by name, in order; None for a network without fields.

        Examples
        --------
        >>> import neuralredis as nr
        >>> net = nr.Network("classifier", fields={"age": "number", "plan": "category"}, target="left")
        >>> dict(net.fields)
        {'age': 'number', 'plan': 'category 100'}
        """
        named = self._named()
        return None if named is None else MappingProxyType(named["fields"])

    @property
    def target(self) -> str | tuple[str, ...] | None:
        """The name of the target, or the names of several; None for a network without fields."""
        named = self._named()
        return None if named is None else named["target"]

    @property
    def classes(self) -> tuple[str, ...] | None:
        """The classes in the order of the columns of `run`; None if they have no names.

        A class that first occurred after the last training gets an output in the next one. Bytes of a name that are not
        UTF-8 are decoded with ``surrogateescape``.
        """
        named = self._named()
        return None if named is None else named["classes"]

    def field_statistics(self) -> tuple[FieldStatistics, ...]:
        """Return statistics of each field over all stored rows, and its permutation importance.

        The importance needs a prediction of up to a thousand validation rows for each field.

        Returns
        -------
        tuple of FieldStatistics
            One for each field, in order.

        Raises
        ------
        KindError
            If the network has no fields.

        Examples
        --------
        >>> import neuralredis as nr
        >>> net = nr.Network("classifier", fields={"age": "number", "plan": "category"}, target="left", seed=1)
        >>> counts = net.observe([{"age": 31, "plan": "free"}, {"plan": "paid"}], ["no", "yes"])
        >>> age, plan = net.field_statistics()
        >>> age.gaps, age.min, plan.commonest
        (1, 31.0, (('free', 1), ('paid', 1)))
        """
        return tuple(FieldStatistics(**found) for found in self._field_statistics())

    def rank(
        self,
        candidates: Any,
        shared: Mapping[str, Any] | None = None,
        *,
        want: Any = None,
        top: int | None = None,
    ) -> list[Ranked]:
        """Return candidates in order of their score, best first, such as offers for a customer.

        Parameters
        ----------
        candidates : list of dict, frame, or dict of columns
            Rows of fields, as for `observe`.
        shared : dict, optional
            Values that all candidates share: they fill fields that a candidate lacks or has no value for.
        want : str, optional
            The class whose probability is the score, by default the second of two; of a regressor with several targets,
            the name of one.
        top : int, optional
            Largest number of results; by default all.

        Returns
        -------
        list of Ranked
            The index and score of each candidate, a probability or an output; ties keep their order.

        Raises
        ------
        KindError
            If the network has no fields.
        OptionError
            If there is no such class, or ``want`` is missing and there are not two classes.
        DataError
            If a value is invalid for the kind of its field, or there is no such field.
        TrainingError
            If the network has no classes yet.

        Examples
        --------
        >>> import neuralredis as nr
        >>> fields = {"age": "number", "offer": "category"}
        >>> net = nr.Network("classifier", fields=fields, target="taken", dataset=100, test=0, seed=1)
        >>> young, old = {"age": 20, "offer": "bike"}, {"age": 70, "offer": "boat"}
        >>> rows = [young, old, {**young, "offer": "boat"}, {**old, "offer": "bike"}] * 10
        >>> counts = net.observe(rows, ["no", "yes", "no", "no"] * 10)
        >>> report = net.train(max_cycles=100)
        >>> [index for index, score in net.rank([{"offer": "bike"}, {"offer": "boat"}], {"age": 71})]
        [1, 0]
        """
        return [Ranked(*found) for found in self._rank(candidates, shared, want, top)]
