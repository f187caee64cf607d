"""What a network of fields has beside the others: names, and candidates that it puts in order."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from neuralredis import _core
from neuralredis.results import FieldStatistics, Ranked

__all__ = ["NetworkOfFields"]


class NetworkOfFields(_core.Network):
    """The part of a network that is about fields."""

    __slots__ = ()

    @property
    def fields(self) -> Mapping[str, str] | None:
        """The kind of each field by its name, in their order; None for a network without fields.

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
        """What the network answers: a name, or those of several outputs; None for a network without fields."""
        named = self._named()
        return None if named is None else named["target"]

    @property
    def classes(self) -> tuple[str, ...] | None:
        """The classes that are answered now, in the order of the columns of `run`; None where they have no names.

        A class that has come since the last training is answered after the next. Bytes of a name that are no UTF-8 are
        as in the names of files (``surrogateescape``).
        """
        named = self._named()
        return None if named is None else named["classes"]

    def field_statistics(self) -> tuple[FieldStatistics, ...]:
        """Return what the stored rows hold of each field, and how much each matters.

        It goes through all rows, and asks the network about up to a thousand validation rows for each field.

        Returns
        -------
        tuple of FieldStatistics
            One for each field, in their order.

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
        """Return candidates, best first: which of these offers for this customer.

        Parameters
        ----------
        candidates : list of dict, frame, or dict of columns
            Rows of fields, as for `observe`.
        shared : dict, optional
            What all candidates have in common: it fills each field that a candidate has not or has a gap in.
        want : str, optional
            The class whose probability counts; the second of two unless given. Of a regressor with several targets, the
            name of one.
        top : int, optional
            How many to return at most; all unless given.

        Returns
        -------
        list of Ranked
            The index of each candidate and its score, the probability or the output; equals in their order.

        Raises
        ------
        KindError
            If the network has no fields.
        OptionError
            If the network answers no such class, or none is named where there are not two.
        DataError
            If a value is none of its field's kind, or a field is none of the network's.
        TrainingError
            If the network has seen no class yet.

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
