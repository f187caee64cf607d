"""A network learns whose voice it hears, and says so while it is heard.

Nine men say two vowels, one after the other. Each moment is twelve numbers that describe the sound, and no two
utterances are as long; what they come to is the man. The estimator takes them as aeon's classifiers do.
"""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

import common
import numpy as np

from neuralredis.sklearn import SequenceClassifier

#: The first utterances are learnt; the others were spoken on other days.
LEARNT = 270
args = common.arguments(__doc__, redis=common.PUT, networks=(7, "networks that are begun"))

frames: dict[int, list[list[float]]] = {}
who: dict[int, str] = {}
with gzip.open(Path(__file__).with_name("data") / "vowels.csv.gz", "rt", newline="") as file:
    for utterance, _, *sound, speaker in list(csv.reader(file))[1:]:
        frames.setdefault(int(utterance), []).append([float(number) for number in sound])
        who[int(utterance)] = f"man {speaker}"
# Channels before time points.
X = [np.array(utterance).T for utterance in frames.values()]
y = list(who.values())
known, fresh, truth = X[:LEARNT], X[LEARNT:], y[LEARNT:]

model = SequenceClassifier(random_state=args.seed, restarts=args.networks, verbose=bool(args.progress))
model.fit(known, y[:LEARNT])
print(f"{LEARNT} utterances learnt, of {min(map(len, frames.values()))} to {max(map(len, frames.values()))} moments.")
commonest = max(truth.count(man) for man in set(truth))
print(f"\nWrong about the {len(fresh)} utterances of other days:")
print(f"  {'the network':28} {100 * (1 - model.score(fresh, truth)):6.1f}%")
print(f"  {'always the commonest man':28} {100 * (1 - commonest / len(truth)):6.1f}%")

print("\nHow many moments it takes, of 6.4 ms each:")
heard = [1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20]
wrong = []
for moments in heard:
    wrong.append(100 * (1 - model.score([utterance[:, :moments] for utterance in fresh], truth)))
    print(f"  {f'the first {moments}':28} {wrong[-1]:6.1f}%")

print(f"\nWhile {truth[0]} speaks:")
for moments in range(2, fresh[0].shape[1] + 1, 4):
    (chances,) = model.predict_proba([fresh[0][:, :moments]])
    said = [f"{model.classes_[at]} {chances[at]:4.0%}" for at in np.argsort(-chances)[:3]]
    print(f"  after {moments:2} moments   {'   '.join(said)}")

if args.plot:
    ax = common.axes("How soon a voice is known", "moments heard, of 6.4 ms", "wrong, % of the utterances")
    ax.plot(heard, wrong, "o-", color="#0072B2", label="the network")
    ax.axhline(100 * (1 - commonest / len(truth)), color="#999999", linestyle="--", label="always the commonest man")
    ax.set_ylim(0)
    ax.legend(frameon=False)
    common.save(ax, args.plot, "The errors are")
common.put(args, model.network_)
