"""Sampling of classes by their probabilities."""

from __future__ import annotations

from typing import Any, SupportsIndex

from neuralredis.fields import NetworkOfFields

__all__ = ["NetworkWithSamples"]


class NetworkWithSamples(NetworkOfFields):
    """The part of `Network` for sampling."""

    __slots__ = ()

    def sample(
        self,
        X: Any,
        *,
        temperature: float = 1.0,
        top_k: SupportsIndex | None = None,
        top_p: float | None = None,
        min_p: float | None = None,
        seed: SupportsIndex | None = None,
    ) -> Any:
        """Return a class for each row, drawn at random by the network's probabilities.

        `classify` returns the most probable class, always the same for the same row. Sample instead if results should
        vary, for example to explore. A class of probability 0.3 is drawn in three of ten draws. Sampling does not
        change the network.

        Options change the probabilities first: temperature, ``top_k``, ``top_p`` and ``min_p``, in this order, which is
        that of Hugging Face's logits processors. Each works on the classes that the ones before left, at least one.

        Parameters
        ----------
        X : array_like, shape (inputs,) or (rows, inputs), or rows of fields
            One row or many, as for `classify`.
        temperature : float, default 1.0
            Probabilities are raised to the power ``1 / temperature`` and normalized: below 1 favours probable classes,
            above 1 the others. 0 gives the most probable class, the first of equals. Finite, at least 0.
        top_k : int, optional
            Draw among the ``top_k`` most probable classes, at least 1. Of equals the first are taken.
        top_p : float, optional
            Draw among the smallest set of most probable classes that together have this probability, 0 to 1 [1]_.
        min_p : float, optional
            Draw among the classes with at least this share of the largest probability, 0 to 1 [2]_.
        seed : int, optional
            Seed of the draws, below 2**64; by default the operating system chooses it. The same seed, network and rows
            give the same classes on every machine, in this process and in a server. Rows are drawn in order from one
            random stream, so a single row is drawn like the first of many.

        Returns
        -------
        int or numpy.ndarray of int64, shape (rows,)
            The classes; names for a network with fields, as from `classify`.

        Raises
        ------
        KindError
            If the network is a regressor, or its outputs are linear and not probabilities.
        OptionError
            If an option is out of its range.
        ShapeError, DataError, TrainingError
            As for `classify`.

        References
        ----------
        .. [1] A. Holtzman, J. Buys, L. Du, M. Forbes, Y. Choi, "The curious case of neural text degeneration",
           International Conference on Learning Representations, 2020.
        .. [2] M. N. Nguyen, A. Baker, C. Neo, A. Roush, A. Kirsch, R. Shwartz-Ziv, "Turning up the heat: min-p sampling
           for creative and coherent LLM outputs", International Conference on Learning Representations, 2025.

        Examples
        --------
        >>> import neuralredis as nr
        >>> net = nr.Network("classifier", [1, 3])
        >>> net.set_weights([[[[2, 1, 0], [0, 0, 0]]]])
        >>> net.run([0]).round(2)
        array([0.67, 0.24, 0.09], dtype=float32)
        >>> net.sample([[0]] * 10, seed=1).tolist()
        [1, 0, 0, 1, 0, 0, 0, 0, 2, 1]
        >>> net.sample([[0]] * 10, temperature=2, seed=1).tolist()
        [2, 0, 0, 1, 0, 1, 0, 1, 2, 1]
        >>> net.sample([[0]] * 10, temperature=2, top_k=2, seed=1).tolist()
        [1, 0, 0, 1, 0, 0, 0, 1, 1, 1]
        >>> net.sample([0], temperature=0) == net.classify([0])
        True
        """
        return self._sample(X, (temperature, top_k, top_p, min_p, seed))
