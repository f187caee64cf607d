"""Judge a network on held-out rows: figures, intervals, rankings, and the importance of columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neuralredis.results import ClassifierEvaluation, RegressorEvaluation
from neuralredis.statistics import wilson
from neuralredis.table.known import Known
from neuralredis.table.ranking import Ranking, Threshold, auc, cheapest, log_loss, rankings
from neuralredis.table.target import Classes
from neuralredis.table.values import taken

__all__ = ["Balanced", "Judgement", "importance", "judge"]

#: Most rows, and the repetitions, of permutation importance: more would hardly change its first digit.
MOST_ROWS, REPEATS = 2000, 10
#: Classes, the rarest, whose mean AUC permutation importance uses: more would take minutes.
MOST_RANKED = 10
#: A class is rare if it has less than this share of the rows that it would have if all classes were equally common.
RARE = 0.5


@dataclass(frozen=True, kw_only=True)
class Balanced:
    """Balanced accuracy of a classifier: the mean of the recalls of its classes.

    Attributes
    ----------
    accuracy : float
        Mean over the classes of the share of their rows that is classified correctly, 0 to 1.
    low, high : float
        Its 95 % confidence interval.
    chance : float
        Balanced accuracy of guessing, and of any constant prediction: 1 / number of classes.
    """

    accuracy: float
    low: float
    high: float
    chance: float


@dataclass(frozen=True, kw_only=True, eq=False)
class Judgement:
    """Figures of a network on some rows.

    Attributes
    ----------
    evaluation : ClassifierEvaluation or RegressorEvaluation
        Errors and baseline.
    commonest : str or None
        The most common class of these rows, which the baseline of a classifier always predicts.
    low, high : float
        95 % confidence interval of a classifier's accuracy; 0 for a regressor.
    balanced : Balanced or None
        The balanced accuracy, for a classifier that was trained with class weights.
    rankings : tuple of Ranking
        How well the probability of each class ranks the rows, the rarest class first; empty for a regressor.
    log_loss, log_loss_baseline : float
        Mean of -log(probability of the true class), and the same if each class's share of the rows were its
        probability; 0 for a regressor.
    classes : int
        Number of the network's classes; 0 for a regressor.
    threshold : Threshold or None
        The threshold of the rarer class's probability that costs least, if costs were given.
    """

    evaluation: ClassifierEvaluation | RegressorEvaluation
    commonest: str | None = None
    low: float = 0.0
    high: float = 0.0
    balanced: Balanced | None = None
    rankings: tuple[Ranking, ...] = ()
    log_loss: float = 0.0
    log_loss_baseline: float = 0.0
    classes: int = 0
    threshold: Threshold | None = None

    @property
    def answers_alone(self) -> bool:
        """Whether the accuracy is significantly above that of always predicting the most common class."""
        return isinstance(self.evaluation, ClassifierEvaluation) and self.low > self.evaluation.baseline

    @property
    def rare(self) -> tuple[Ranking, ...]:
        """The rankings of classes with less than half of the rows that they would have if all were equally common."""
        return tuple(ranking for ranking in self.rankings if ranking.share < RARE / self.classes)

    @property
    def telling(self) -> tuple[Ranking, ...]:
        """The rankings to show beside the accuracy: of rare classes, or of any if the accuracy is not significant."""
        if self.answers_alone:
            return self.rare
        # The ranking of a class with more than half of the rows follows from those of the other classes.
        significant = (ranking for ranking in self.rankings if ranking.share <= 0.5 and not ranking.by_chance)
        return tuple(dict.fromkeys((*self.rare, *significant)))

    @property
    def by_ranking(self) -> bool:
        """Whether importance is to be measured by AUC, since the accuracy hardly depends on the columns."""
        return not self.answers_alone and bool(self.telling)

    @property
    def measure(self) -> str:
        """The measure of the importance of columns: ``rmse``, ``auc`` or ``accuracy``."""
        if isinstance(self.evaluation, RegressorEvaluation):
            return "rmse"
        return "auc" if self.by_ranking else "accuracy"

    @property
    def auc(self) -> float | None:
        """The mean AUC of the classes, each against all others; None where no class can be ranked."""
        return sum(ranking.auc for ranking in self.rankings) / len(self.rankings) if self.rankings else None

    def as_json(self) -> dict[str, Any]:
        """Return the figures and the verdict as values of JSON."""
        content = {name: value for name, value in vars(self.evaluation).items() if name not in ("rows", "error")}
        if isinstance(self.evaluation, ClassifierEvaluation):
            content |= {"likely": [self.low, self.high], "auc": self.auc}
            content |= {"log_loss": self.log_loss, "log_loss_baseline": self.log_loss_baseline}
            if self.balanced is not None:
                content["balanced"] = vars(self.balanced)
            content["ranking"] = [
                {"class": ranking.label, "lift": ranking.lift}
                | {name: value for name, value in vars(ranking).items() if name != "label"}
                for ranking in self.rankings
            ]
            if self.threshold is not None:
                content["threshold"] = vars(self.threshold)
        return {**content, "verdict": self.verdict}

    @property
    def verdict(self) -> str:
        """The comparison with the baseline, in a sentence that begins with "Better" if it is significant."""
        found, balanced = self.evaluation, self.balanced
        little = "the columns contain little information about the target, or the rows are too few"
        if isinstance(found, RegressorEvaluation):
            if found.rmse < 0.9 * found.baseline:
                return "Better than always predicting the mean."
            if found.rmse < found.baseline:
                return "Hardly better than always predicting the mean."
            return f"No better than always predicting the mean: {little}."
        if self.answers_alone:
            return f"Better than always predicting {self.commonest} (statistically significant)."
        ranked = [ranking for ranking in self.rankings if not ranking.by_chance]
        # The interval alone is too narrow if a class has one or two rows. The rank test holds for any number of rows.
        if ranked and balanced is not None and balanced.low > balanced.chance:
            return "Better than guessing in balanced accuracy (statistically significant)."
        if ranked:
            best = max(ranked, key=lambda ranking: (ranking in self.telling, ranking.auc)).label
            return (
                f"Better than chance at ranking rows by the probability of {best} (statistically significant). "
                f"Its predicted classes are not clearly better than always predicting {self.commonest}: use the "
                "probabilities."
            )
        always = "guessing" if balanced is not None else f"always predicting {self.commonest}"
        better = balanced.accuracy > balanced.chance if balanced is not None else found.accuracy > found.baseline
        if better:
            return f"A little better than {always}, but not statistically significant with so few rows."
        return f"No better than {always}: {little}."


def judge(
    net: Known, rows: dict[str, Any], y: NDArray[np.generic], costs: tuple[float, float] | None = None
) -> Judgement:
    """Return the figures of a network on some rows.

    Parameters
    ----------
    net : Known
        The network.
    rows : dict
        Values of the network's fields, by name.
    y : numpy.ndarray, shape (rows,)
        Outcomes: class numbers, or float64 numbers.
    costs : (float, float), optional
        Costs of a false alarm and of a miss, to find the threshold between two classes.
    """
    evaluation = net.evaluate(rows, y)
    target = net.target
    if isinstance(evaluation, RegressorEvaluation) or not isinstance(target, Classes):
        return Judgement(evaluation=evaluation)
    classes, probabilities = y.astype(np.int64), net.run(rows)
    counts = np.bincount(classes, minlength=len(target.labels))
    low, high = wilson(evaluation.accuracy, evaluation.rows)
    info, answers = net.network.info(), net.classes_of(probabilities)
    weighted = info.class_weight != "none" or info.threshold != 0.5
    loss, baseline = log_loss(probabilities, classes)
    ranked = rankings(probabilities, classes, target.labels, answers)
    threshold = None
    if costs is not None and len(target.labels) == 2 and ranked:
        place = target.labels.index(ranked[0].label)
        threshold = cheapest(np.nan_to_num(probabilities[:, place]), classes == place, ranked[0].label, costs)
    return Judgement(
        evaluation=evaluation,
        commonest=target.labels[int(counts.argmax())],
        low=float(low),
        high=float(high),
        balanced=_balanced(classes, answers, counts) if weighted else None,
        rankings=ranked,
        log_loss=loss,
        log_loss_baseline=baseline,
        classes=len(target.labels),
        threshold=threshold,
    )


def _balanced(y: NDArray[np.int64], answers: NDArray[np.intp], counts: NDArray[np.int64]) -> Balanced:
    """Return the balanced accuracy over the classes that have rows.

    Its interval combines those of the independent recalls: G. Y. Zou, A. Donner, "Construction of confidence limits
    about effect measures: a general approach", Statistics in Medicine 27, 2008.
    """
    there = np.flatnonzero(counts)
    rights = np.array([np.mean(answers[y == place] == place) for place in there])
    accuracy = float(rights.mean())
    below, above = (float(np.linalg.norm(rights - limit)) / len(rights) for limit in wilson(rights, counts[there]))
    low, high = max(accuracy - below, 0.0), min(accuracy + above, 1.0)
    return Balanced(accuracy=accuracy, low=low, high=high, chance=1 / len(rights))


def importance(
    net: Known, rows: dict[str, Any], y: NDArray[np.generic], seed: int, *, by_ranking: bool = False
) -> dict[str, float]:
    """Return the permutation importance of each column: how much the error grows if its values are shuffled.

    The unit is the share of wrong predictions for classes, or AUC with `by_ranking`, and RMSE for numbers. The largest
    comes first. L. Breiman, "Random forests", Machine Learning 45, 2001.
    """
    rng = np.random.default_rng(seed)
    classes = y.astype(np.int64)
    chosen = _sample(classes if by_ranking else None, len(y), rng)
    y, classes = y[chosen], classes[chosen]
    rows = {name: taken(values, chosen) for name, values in rows.items()}
    counts = np.bincount(classes) if by_ranking else np.array([])
    ranked = [place for place in np.argsort(counts, kind="stable").tolist() if 0 < counts[place] < len(y)][:MOST_RANKED]

    def wrong(of: dict[str, Any]) -> float:
        outputs = np.nan_to_num(net.run(of))
        if ranked:
            return 1 - float(np.mean([auc(outputs[:, place], classes == place) for place in ranked]))
        if isinstance(net.target, Classes):
            return float(np.mean(net.classes_of(outputs) != y))
        return float(np.sqrt(np.mean((outputs[:, 0] - y.astype(np.float64)) ** 2)))

    before = wrong(rows)
    found = {}
    for name, values in rows.items():
        errors = [wrong({**rows, name: taken(values, rng.permutation(len(y)))}) for _ in range(REPEATS)]
        found[name] = float(np.mean(errors)) - before
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def _sample(classes: NDArray[np.int64] | None, rows: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return the rows of a random sample of at most `MOST_ROWS`, with equally many of each class if classes are given.

    The AUC does not depend on how common a class is, and a plain sample could have too few rows of a rare one.
    """
    if rows <= MOST_ROWS:
        return np.arange(rows)
    order = rng.permutation(rows)
    if classes is None:
        return order[:MOST_ROWS]
    sorted_ = order[np.argsort(classes[order], kind="stable")]
    firsts = np.searchsorted(classes[sorted_], classes[sorted_])
    return sorted_[np.argsort(np.arange(rows) - firsts, kind="stable")][:MOST_ROWS]
