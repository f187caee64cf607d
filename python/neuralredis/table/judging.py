"""How good a network is, by rows that it has not seen, and which columns that rests on."""

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

#: Rows and repetitions that permutation importance takes at most: more would change its first digit no more.
MOST_ROWS, REPEATS = 2000, 10
#: Classes, the rarest, of which permutation importance takes the mean AUC: more would take minutes.
MOST_RANKED = 10
#: A class is rare that has less than this share of the rows that it would have if all classes were equally common.
RARE = 0.5


@dataclass(frozen=True, kw_only=True)
class Balanced:
    """How good a classifier is if each class counts alike, however many rows it has.

    Attributes
    ----------
    accuracy : float
        The mean over the classes of the share of their rows that is classified rightly, 0 to 1.
    low, high : float
        What that is likely to be on all rows of the kind (95 %).
    chance : float
        The same of guessing, and of always giving the same answer: 1 over the number of classes.
    """

    accuracy: float
    low: float
    high: float
    chance: float


@dataclass(frozen=True, kw_only=True, eq=False)
class Judgement:
    """How good a network is.

    Attributes
    ----------
    evaluation : ClassifierEvaluation or RegressorEvaluation
        The figures.
    commonest : str or None
        The commonest class of these rows, which is what the baseline of a classifier always answers.
    low, high : float
        What a classifier's accuracy is likely to be on all rows of the kind (95 %); 0 for numbers.
    balanced : Balanced or None
        The accuracy if each class counts alike, of a classifier that was trained so.
    rankings : tuple of Ranking
        How well its probabilities rank the rows, the rarest class first; empty for numbers.
    log_loss, log_loss_baseline : float
        Mean of -log(probability of the right class), and what the share of each class as its probability would get; 0
        for numbers.
    classes : int
        How many classes it knows; 0 for numbers.
    threshold : Threshold or None
        From which probability on to answer with the rarer of two classes, if it was said what mistakes cost.
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
        """Whether the most likely classes, taken as answers, are better than always answering the commonest class."""
        return isinstance(self.evaluation, ClassifierEvaluation) and self.low > self.evaluation.baseline

    @property
    def rare(self) -> tuple[Ranking, ...]:
        """The rankings of classes with less than half of the rows that they would have if all were equally common."""
        return tuple(ranking for ranking in self.rankings if ranking.share < RARE / self.classes)

    @property
    def telling(self) -> tuple[Ranking, ...]:
        """The rankings that say what the accuracy does not: of rare classes, or of any where answers tell nothing."""
        if self.answers_alone:
            return self.rare
        # That a class of more than half of the rows is told from the others is said by those of the others.
        told = (ranking for ranking in self.rankings if ranking.share <= 0.5 and not ranking.by_chance)
        return tuple(dict.fromkeys((*self.rare, *told)))

    @property
    def by_ranking(self) -> bool:
        """Whether columns are to be judged by the AUC, since the accuracy hardly depends on them."""
        return not self.answers_alone and bool(self.telling)

    @property
    def measure(self) -> str:
        """What the importance of columns is measured by."""
        if isinstance(self.evaluation, RegressorEvaluation):
            return "rmse"
        return "auc" if self.by_ranking else "accuracy"

    @property
    def auc(self) -> float | None:
        """The mean AUC of the classes, each against all others; None where no class can be ranked."""
        return sum(ranking.auc for ranking in self.rankings) / len(self.rankings) if self.rankings else None

    def as_json(self) -> dict[str, Any]:
        """Return the figures for a program, and the verdict."""
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
        """What that comes to, in a sentence."""
        found, balanced = self.evaluation, self.balanced
        little = "these columns say little about it, or the rows are too few"
        if isinstance(found, RegressorEvaluation):
            if found.rmse < 0.9 * found.baseline:
                return "Better than always answering the mean."
            if found.rmse < found.baseline:
                return "Hardly better than always answering the mean."
            return f"No better than always answering the mean: {little}."
        if self.answers_alone:
            return f"Better than always answering {self.commonest}, and not by chance."
        ranked = [ranking for ranking in self.rankings if not ranking.by_chance]
        # The interval alone is too narrow where a class has one or two rows. The test of ranks holds for any number.
        if ranked and balanced is not None and balanced.low > balanced.chance:
            return "Better than guessing in balanced accuracy, and not by chance."
        if ranked:
            best = max(ranked, key=lambda ranking: (ranking in self.telling, ranking.auc)).label
            return (
                f"Better than guessing which rows are more likely to be {best}, and not by chance. Its answers alone "
                f"are not clearly better than always answering {self.commonest}: use the probabilities."
            )
        always = "guessing" if balanced is not None else f"always answering {self.commonest}"
        better = balanced.accuracy > balanced.chance if balanced is not None else found.accuracy > found.baseline
        if better:
            return f"A little better than {always}, which may be chance with so few rows."
        return f"No better than {always}: {little}."


def judge(
    net: Known, rows: dict[str, Any], y: NDArray[np.generic], costs: tuple[float, float] | None = None
) -> Judgement:
    """Return how good a network is on some rows, of which classes are known by their numbers.

    With `costs`, of a false alarm and of a miss, it says where the threshold between two classes should be.
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
    """Return the accuracy if each class that has rows counts alike.

    The interval is that of a sum of independent shares, of their own intervals: G. Y. Zou, A. Donner, "Construction of
    confidence limits about effect measures: a general approach", Statistics in Medicine 27, 2008.
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
    """Return what each column is worth: how much worse the answers are if its values are shuffled among the rows.

    That is in shares of wrong answers for classes, or with `by_ranking` in AUC; in root mean square errors for numbers.
    The largest comes first.
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
    """Return which rows to take if there are too many: at random, but of each class alike if there are classes.

    How common a class is does not matter to the AUC, and of a rare one too few rows would be left.
    """
    if rows <= MOST_ROWS:
        return np.arange(rows)
    order = rng.permutation(rows)
    if classes is None:
        return order[:MOST_ROWS]
    sorted_ = order[np.argsort(classes[order], kind="stable")]
    firsts = np.searchsorted(classes[sorted_], classes[sorted_])
    return sorted_[np.argsort(np.arange(rows) - firsts, kind="stable")][:MOST_ROWS]
