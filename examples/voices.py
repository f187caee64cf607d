"""A network learns to recognize nine speakers, also from the beginning of what they say.

Nine men say two vowels, one after the other. Every 6.4 ms the sound is described by twelve numbers. Utterances have
different lengths. The target is the speaker. The estimator takes the same arrays as the classifiers of aeon.
"""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

import common
import numpy as np

from neuralredis.sklearn import SequenceClassifier

#: How many utterances, from the first on, are for training. The others are for the test, as in the original data.
LEARNT = 270
args = common.arguments(__doc__, redis=common.PUT, networks=(7, "members of the ensemble to begin with"))

frames: dict[int, list[list[float]]] = {}
speakers: dict[int, str] = {}
with gzip.open(Path(__file__).with_name("data") / "vowels.csv.gz", "rt", newline="") as file:
    for utterance, _, *sound, speaker in list(csv.reader(file))[1:]:
        frames.setdefault(int(utterance), []).append([float(number) for number in sound])
        speakers[int(utterance)] = f"man {speaker}"
# The first axis has the channels, the second the time, as in aeon.
X = [np.array(utterance).T for utterance in frames.values()]
y = list(speakers.values())
known, fresh, truth = X[:LEARNT], X[LEARNT:], y[LEARNT:]

model = SequenceClassifier(random_state=args.seed, ensemble=args.networks, verbose=bool(args.progress))
model.fit(known, y[:LEARNT])
lengths = [len(utterance) for utterance in frames.values()]
print(f"{LEARNT} utterances learnt, of {min(lengths)} to {max(lengths)} frames of 6.4 ms.")
commonest = max(truth.count(man) for man in set(truth))
print(f"\nMisclassified of the {len(fresh)} other utterances:")
print(f"  {'the network':28} {100 * (1 - model.score(fresh, truth)):6.1f}%")
print(f"  {'baseline: always the same':28} {100 * (1 - commonest / len(truth)):6.1f}%")

print("\nMisclassified, if only the beginning of each utterance is heard:")
numbers_of_frames = [1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20]
wrong = []
for moments in numbers_of_frames:
    wrong.append(100 * (1 - model.score([utterance[:, :moments] for utterance in fresh], truth)))
    print(f"  {f'the first {moments} frames':28} {wrong[-1]:6.1f}%")

print(f"\nThe most probable speakers while {truth[0]} speaks:")
for moments in range(2, fresh[0].shape[1] + 1, 4):
    (chances,) = model.predict_proba([fresh[0][:, :moments]])
    guesses = [f"{model.classes_[at]} {chances[at]:4.0%}" for at in np.argsort(-chances)[:3]]
    print(f"  after {moments:2} frames   {'   '.join(guesses)}")

if args.plot:
    title = "The longer a speaker is heard, the fewer errors"
    ax = common.axes(title, "time heard (ms)", "misclassified utterances")
    ax.plot([6.4 * moments for moments in numbers_of_frames], wrong, "o-", color="#0072B2", label="network")
    baseline = 100 * (1 - commonest / len(truth))
    ax.axhline(baseline, color="#666666", linestyle="--", label="baseline: always the same speaker")
    ax.yaxis.set_major_formatter("{x:.0f}%")
    ax.set(xlim=(0, None), ylim=(0, 100))
    ax.legend(frameon=False)
    common.save(ax, args.plot, "The errors are")
common.put(args, model.network_)
