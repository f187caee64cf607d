"""A network learns first names letter by letter, and generates new ones.

Each letter is an event, and a full stop ends a name. The network predicts a probability for each next letter. Always
taking the most probable letter generates the same name every time. Letters drawn by their probabilities generate new
names.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from pathlib import Path

import common

import neuralredis as nr

args = common.arguments(__doc__, redis=common.PUT, names=(6000, "names at most"), cycles=(20, "cycles of the training"))
text = (Path(__file__).with_name("data") / "names.txt").read_text(encoding="utf-8")
names = [name + "." for name in text.split()]
random.Random(args.seed).shuffle(names)
del names[args.names :]
split = len(names) * 4 // 5
known, fresh = names[:split], names[split:]

net = nr.SequenceNetwork(
    "classifier",
    fields={"letter": "category"},
    target="letter",
    length=20,
    hidden=[60],
    ensemble=1,
    seed=args.seed,
)
training, testing = net.observe(known)
print(f"{split} names observed: {training} for training, {testing} for validation.")
report = net.train(autostop=True, backtrack=True, max_cycles=args.cycles, max_time=None, progress=args.progress)
print(f"Trained for {report.cycles} cycles in {report.seconds:.1f} s.")


def counted(letters: int) -> float:
    """Return the cross-entropy, in nats per letter, of counts of n-grams with absolute discounting."""
    seen: Counter[str] = Counter()
    for name in known:
        padded = "." * (letters - 1) + name
        seen.update(padded[at - n : at + 1] for at in range(letters - 1, len(padded)) for n in range(letters))
    times: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    for word, count in seen.items():
        times[word[:-1]] += count
        kinds[word[:-1]] += 1

    def chance(before: str, letter: str) -> float:
        shorter = chance(before[1:], letter) if before else 1 / 27
        if not times[before]:
            return shorter
        return (max(seen[before + letter] - 0.75, 0) + 0.75 * kinds[before] * shorter) / times[before]

    padded = ["." * (letters - 1) + name for name in fresh]
    costs = [-math.log(chance(n[at - letters + 1 : at], n[at])) for n in padded for at in range(letters - 1, len(n))]
    return sum(costs) / len(costs)


print(f"\nCross-entropy of the next letter on {len(fresh)} fresh names, in nats per letter:")
costs = {"the network": net.evaluate(fresh).error}
costs |= {f"counts of {n} letters in a row": counted(n) for n in (2, 3, 4)}
costs["all letters equally probable"] = math.log(27)
for model, nats in costs.items():
    print(f"  {model:28} {nats:6.3f}")

MANNERS = {
    "most probable": {"temperature": 0.0},
    "drawn": {},
    "temperature 0.7": {"temperature": 0.7},
    "with a penalty": {"temperature": 0.7, "penalty": 1.4},
}
print("\nGenerated names; an asterisk marks names that are in the data:")
print("  " + "".join(f"{manner:17}" for manner in MANNERS))
made: dict[str, list[str]] = {manner: [] for manner in MANNERS}
for number in range(10):
    for manner, options in MANNERS.items():
        made[manner].append("".join(net.sample(count=19, until=".", seed=number, **options)))
    print("  " + "".join(f"{m[-1].title() + '*' * (m[-1] + '.' in names):17}" for m in made.values()).rstrip())

if args.plot:
    title = f"Cross-entropy of the next letter on {len(fresh)} fresh names"
    ax = common.axes(title, "nats per letter (lower is better)", "")
    bars = ax.barh(list(costs)[::-1], list(costs.values())[::-1], color=["#999999"] * 4 + ["#0072B2"])
    ax.bar_label(bars, fmt="%.2f", padding=4)
    ax.grid(visible=False, axis="y")
    common.save(ax, args.plot, "The costs are")
common.put(args, net)
