"""A network learns which promotion the visitors of a shop take, from rows with named fields, over a plain socket.

The program does not import neuralredis: any client that can send commands to a server can do the same. Over time
visitors come from more countries, tastes change, and there is a fourth promotion, none of which is declared when the
network is created. The age of some visitors is missing.
"""

from __future__ import annotations

import argparse
import math
import random
import socket
import time
from typing import Any
from urllib.parse import urlsplit

PROMOTIONS = ["discount", "shipping", "gift"]
PLANS = ["free", "plus", "team"]
PAGES = ["home", "pricing", "docs", "blog", "cart"]
COUNTRIES = ["DE", "FR", "IT", "ES", "PL", "SE", "PT", "GR", "JP", "BR", "CA", "IN"]
AGES = range(18, 78)


class Server:
    """A connection to a server, by the protocol RESP2."""

    def __init__(self, host: str, port: int) -> None:
        self.socket = socket.create_connection((host, port))
        self.replies = self.socket.makefile("rb")

    def __call__(self, *words: object) -> Any:
        """Send a command, and return its reply."""
        return self.pipeline([words])[0]

    def pipeline(self, commands: list[tuple[object, ...]]) -> list[Any]:
        """Send many commands at once, and return their replies."""
        sent = bytearray()
        for words in commands:
            sent += b"*%d\r\n" % len(words)
            for word in words:
                data = str(word).encode()
                sent += b"$%d\r\n%s\r\n" % (len(data), data)
        self.socket.sendall(sent)
        replies = [self.read() for _ in commands]
        for reply in replies:
            if isinstance(reply, Exception):
                raise reply
        return replies

    def read(self) -> Any:
        """Return one reply."""
        kind, line = self.replies.read(1), self.replies.readline()[:-2]
        if kind == b"+":
            return line.decode()
        if kind == b"-":
            return RuntimeError(line.decode())
        if kind == b":":
            return int(line)
        if kind == b"$":
            return None if line == b"-1" else self.replies.read(int(line) + 2)[:-2].decode()
        return None if line == b"-1" else [self.read() for _ in range(int(line))]


class World:
    """The simulated shop: the probability of each promotion depends on country, plan, pages, hour and age."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.promotions = list(PROMOTIONS)
        self.countries = COUNTRIES[:5]
        self.change()

    def change(self) -> None:
        """Draw new tastes for all visitors."""
        names = [*COUNTRIES, *PLANS, *PAGES, "age", "evening"]
        gauss = self.rng.gauss
        self.tastes = {name: {promotion: gauss(0, 1) for promotion in [*PROMOTIONS, "bundle"]} for name in names}

    def visitor(self) -> dict[str, Any]:
        """Return a visitor; one in five has no age."""
        rng = self.rng
        visitor = {
            "country": rng.choice(self.countries),
            "plan": rng.choice(PLANS),
            "pages": ",".join(rng.sample(PAGES, rng.randint(1, 3))),
            "at": 1_700_000_000 + rng.randrange(100 * 86_400),
        }
        return visitor | {"age": rng.choice(AGES)} if rng.random() < 0.8 else visitor

    def chances(self, visitor: dict[str, Any]) -> list[float]:
        """Return the true probability of each promotion, averaged over all ages if the age is missing."""
        ages = [visitor["age"]] if "age" in visitor else AGES
        all_chances = [self.chances_at(visitor, age) for age in ages]
        return [sum(column) / len(ages) for column in zip(*all_chances, strict=True)]

    def chances_at(self, visitor: dict[str, Any], age: int) -> list[float]:
        """Return the same for a visitor of this age."""
        hour = visitor["at"] % 86_400 / 3600
        likes = []
        for promotion in self.promotions:
            like = sum(self.tastes[visitor[field]][promotion] for field in ("country", "plan"))
            like += sum(0.5 * self.tastes[page][promotion] for page in visitor["pages"].split(","))
            like += self.tastes["age"][promotion] * (age - 48) / 17
            like += self.tastes["evening"][promotion] * math.cos((hour - 20) * math.tau / 24)
            likes.append(math.exp(like))
        return [like / sum(likes) for like in likes]

    def takes(self, visitor: dict[str, Any]) -> str:
        """Return the promotion that a visitor takes, drawn by its probability."""
        return self.rng.choices(self.promotions, self.chances(visitor))[0]


def words(visitor: dict[str, Any]) -> list[object]:
    """Return names and values in turn, as commands expect them."""
    return [word for pair in visitor.items() for word in pair]


def learn(server: Server, world: World, visitors: int) -> None:
    """Observe visitors with the promotions that they took, and train."""
    seen = [world.visitor() for _ in range(visitors)]
    server.pipeline([("NR.OBSERVE", KEY, *words(visitor), "->", world.takes(visitor)) for visitor in seen])
    server("NR.TRAIN", KEY, "MAXTIME", 30_000, "AUTOSTOP", "BACKTRACK")
    server("NR.WAIT", KEY, 60_000)


def judge(server: Server, world: World, label: str) -> float:
    """Print and return the accuracy on fresh visitors relative to the best possible accuracy."""
    fresh = [world.visitor() for _ in range(2000)]
    answers = server.pipeline([("NR.CLASS", KEY, *words(visitor)) for visitor in fresh])
    right = best = 0.0
    for visitor, answer in zip(fresh, answers, strict=True):
        chances = world.chances(visitor)
        right += chances[world.promotions.index(answer)] if answer in world.promotions else 0.0
        best += max(chances)
    print(f"  {label:45} {right / 20:5.1f} % {best / 20:12.1f} % {right / best:12.3f}", flush=True)
    return right / best


parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument(
    "--redis", metavar="URL", default="redis://localhost:6379", help="the server (default: %(default)s)"
)
parser.add_argument(
    "--visitors", type=int, default=12_000, help="visitors between two trainings (default: %(default)s)"
)
parser.add_argument("--seed", type=int, default=1, help="the seed of all random numbers (default: %(default)s)")
args = parser.parse_args()
KEY = "example:shop"
address = urlsplit(args.redis)
server, world = Server(address.hostname or "localhost", address.port or 6379), World(random.Random(args.seed))
fields = "country CATEGORY plan CATEGORY pages TAGS at TIME age NUMBER"
server("DEL", KEY)
limits = ("DATASET", args.visitors * 3 // 4, "TEST", args.visitors // 4, "SEED", args.seed)
server("NR.CREATE", KEY, "CLASSIFIER", "SCHEMA", *fields.split(), "->", "took", *limits)

began = time.monotonic()
print(f"  {'':45} {'accuracy':>8} {'best possible':>14} {'ratio':>12}")
learn(server, world, args.visitors)
judge(server, world, "five countries, three promotions")
world.countries = COUNTRIES
judge(server, world, "seven more countries, not learnt yet")
learn(server, world, args.visitors)
judge(server, world, "seven more countries, learnt")
world.change()
judge(server, world, "other tastes, not learnt yet")
learn(server, world, args.visitors * 3)
judge(server, world, "other tastes, learnt")
world.promotions.append("bundle")
learn(server, world, args.visitors * 3)
judge(server, world, "a fourth promotion, learnt")
print(f"\n{time.monotonic() - began:.0f} seconds.")
