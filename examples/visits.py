"""A network learns which visits to a shop end with a purchase, and predicts it after each page.

Pages are observed one at a time, under the id of the visitor, and the outcome follows when the visit is over. Visits
are made up, so that the true probability is known: it depends on how often the price was looked at since the last
comparison with other products, and on how long the visitor stays on a page.
"""

from __future__ import annotations

import math
import random

import common
import numpy as np

import neuralredis as nr

args = common.arguments(__doc__, redis=common.PUT, visitors=(2000, "visitors to learn from"))
rng = random.Random(args.seed)
PAGES = {"home": 3, "product": 5, "price": 3, "compare": 2, "help": 1}
FRESH = 2000


def visit() -> list[dict[str, object]]:
    """Return the pages of a visit."""
    pages = rng.choices(list(PAGES), list(PAGES.values()), k=rng.randint(3, 20))
    pace = rng.choice([10, 40])
    return [{"page": page, "seconds": round(rng.expovariate(1 / pace), 1)} for page in pages]


def chance(events: list[dict[str, object]]) -> float:
    """Return the probability that this visitor buys."""
    pages = [event["page"] for event in events]
    last = len(pages) - pages[::-1].index("compare") if "compare" in pages else 0
    seconds = sum(float(str(event["seconds"])) for event in events) / len(events)
    score = 1.5 * pages[last:].count("price") - 2.5 + (1.5 if seconds < 20 else 0)
    return 1 / (1 + math.exp(-2 * score))


def outcome(events: list[dict[str, object]]) -> str:
    """Return the outcome of a visit, drawn by its probability."""
    return "bought" if rng.random() < chance(events) else "left"


net = nr.SequenceNetwork(
    "classifier",
    fields={"page": "category", "seconds": "number"},
    target="outcome",
    classes=["left", "bought"],
    length=20,
    hidden=[30],
    dataset=4 * args.visitors,
    test=args.visitors,
    seed=args.seed,
)
visits = [visit() for _ in range(args.visitors)]
# As in a shop: many visits at the same time, a page of each in turn, and the outcome when a visit is over.
sessions = [net.session(f"visitor:{number}") for number in range(args.visitors)]
for step in range(20):
    for session, events in zip(sessions, visits, strict=True):
        if step < len(events):
            session.observe(events[step])
        if step == len(events) - 1:
            session.finish(outcome(events))
info = net.info()
training, testing = info.training_dataset_len, info.test_dataset_len
print(f"{args.visitors} visits observed: {training} for training, {testing} for validation.")
report = net.train(autostop=True, backtrack=True, max_time=None, max_cycles=200, progress=args.progress)
print(f"Trained for {report.cycles} cycles in {report.seconds:.1f} s.")

fresh = [visit() for _ in range(FRESH)]
right = [outcome(events) for events in fresh]
best = ["bought" if chance(events) > 0.5 else "left" for events in fresh]
commonest = max(set(right), key=right.count)
print(f"\nAccuracy on {FRESH} fresh visits:")
for forecaster, probabilities in (
    ("the network", net.classify(fresh)),
    ("the best possible", best),
    ("baseline: always the same", [commonest] * FRESH),
):
    print(f"  {forecaster:26}{np.mean([a == b for a, b in zip(probabilities, right, strict=True)]):6.1%}")

live = net.session("visitor:live")
print("\nAn unfinished visit, with the predicted and the true probability of a purchase:")
predicted, true = [], []
so_far: list[dict[str, object]] = []
for page in ("home", "product", "price", "price", "price", "compare", "product", "price", "price"):
    so_far.append({"page": page, "seconds": 12.0})
    live.observe(so_far[-1])
    predicted.append(float(live.run()[1]))
    true.append(chance(so_far))
    print(f"  {page:8} predicted {predicted[-1]:4.0%}, true {true[-1]:4.0%}")

if args.plot:
    title = "The predicted probability of a purchase follows the true one, page by page"
    ax = common.axes(title, "page viewed", "probability of a purchase")
    for name, chances, color, marker in (("true", true, "#666666", "o"), ("predicted", predicted, "#D55E00", "s")):
        ax.plot(range(len(chances)), chances, color=color, marker=marker, label=name)
    ax.set_ylim(-0.03, 1.03)
    ax.yaxis.set_major_formatter("{x:.0%}")
    ax.set_xticks(range(len(so_far)), [str(event["page"]) for event in so_far])
    ax.legend(frameon=False)
    common.save(ax, args.plot, "The probabilities are")
common.put(args, net)
