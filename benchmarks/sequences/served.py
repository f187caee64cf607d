"""Measures the cost of sequences in a server: events, answers to live sessions, and memory.

    python benchmarks/sequences/served.py redis-server [--sequences N] > benchmarks/sequences/served.txt

Events are sent in pipelines, for 10,000 visitors in turn; for comparison, RPUSH stores as many bytes in a list for each
visitor. Times are those of the main thread of the server, so that other load matters little. The network that answers
was trained with default options. Memory is that of a million sequences of 64 events of one byte, in a network and in
lists.
"""

from __future__ import annotations

import argparse
import datetime
import itertools
import random
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import neuralredis as nr
from neuralredis.cli import serve

sys.path.append(str(Path(__file__).parents[1] / "speed"))

from figures import at_least, below, show
from server import CHUNK, Server, packed, running

PAGES = [b"a", b"b", b"c", b"d", b"e", b"f", b"g", b"h"]
VISITORS, EVENTS, TURNS = 10_000, 100_000, 5
#: Commands that are sent at once.
BATCH = 1000
#: Rate of events as a share of RPUSH's, and microseconds of an answer.
EVENT_GOAL, ANSWER_GOAL = 0.5, 20
CREATE = [b"CLASSIFIER", b"SCHEMA", b"page", b"CATEGORY", 8, b"->", b"left", b"SEQUENCE"]


def send(server: Server, commands: Iterable[bytes], lines: int) -> int:
    """Send commands whose replies have this many lines each, and return their number."""
    done = 0
    with server.connection() as connection:
        batches = iter(commands)
        while batch := list(itertools.islice(batches, BATCH)):
            connection.sendall(b"".join(batch))
            left = lines * len(batch)
            while left:
                replies = connection.recv(CHUNK)
                if b"-ERR" in replies or b"-NR" in replies:
                    raise RuntimeError(replies[:200])
                left -= replies.count(b"\n")
            done += len(batch)
    return done


def microseconds(server: Server, work: Callable[[], int]) -> float:
    """Return the time of the main thread for each command of a workload."""
    before = server.ran()
    done = work()
    return (server.ran() - before) * 1000 / done


def events(server: Server) -> None:
    """Print the rate at which events are stored, beside RPUSH."""
    rng = random.Random(1)
    pages = rng.choices(PAGES, k=EVENTS)
    ids = [b"user:%d" % (at % VISITORS) for at in range(EVENTS)]
    client = server.client()
    client.execute_command("NR.CREATE", "visits", *CREATE, "DATASET", 2 * VISITORS, "TEST", VISITORS)
    observe = [packed("NR.OBSERVE", b"visits", id, b"page", page) for id, page in zip(ids, pages, strict=True)]
    # The id and the page as key and value: the same number of bytes, except for the name of the field.
    push = [packed("RPUSH", b"visits:" + id, b"page:" + page) for id, page in zip(ids, pages, strict=True)]
    ours, theirs = [], []
    for _ in range(TURNS):
        ours.append(microseconds(server, lambda: send(server, observe, 3)))
        theirs.append(microseconds(server, lambda: send(server, push, 1)))
    beside = f"{min(ours):.2f} and {min(theirs):.2f} microseconds"
    at_least("NR.OBSERVE of an event, of RPUSH's rate", min(theirs) / min(ours), EVENT_GOAL, beside=beside)


def answers(server: Server) -> None:
    """Print the time of a prediction for a live session, by cell."""
    rng = random.Random(1)
    client = server.client()
    for cell in (b"AUTO", b"WINDOW", b"RESERVOIR", b"GRU"):
        client.execute_command("NR.CREATE", cell, *CREATE, "CELL", cell, "DATASET", 1000, "TEST", 200, "SEED", 1)
        for visitor in range(500):
            pages = rng.choices(PAGES, k=10)
            block = b"[%s]" % b",".join(b'{"page":"%s"}' % page for page in pages)
            client.execute_command("NR.OBSERVE", cell, visitor, "JSON", block, "->", int(pages[-1] < b"d"))
        client.execute_command("NR.TRAIN", cell, "MAXCYCLES", 30, "MAXTIME", 20000, "BLOCK", 0)
        for page in rng.choices(PAGES, k=64):
            client.execute_command("NR.OBSERVE", cell, "live", "page", page)
        ask, exists = [packed("NR.CLASS", cell, b"live")] * 5000, [packed("EXISTS", cell)] * 5000
        # A bulk string has two lines.
        took = [microseconds(server, lambda ask=ask: send(server, ask, 2)) for _ in range(TURNS)]  # type: ignore[misc]
        floor = [microseconds(server, lambda e=exists: send(server, e, 1)) for _ in range(TURNS)]  # type: ignore[misc]
        label = f"NR.CLASS, a live session of 64, {cell.decode().lower()}"
        beside = f"EXISTS takes {min(floor):.2f}"
        if cell == b"AUTO":
            below(label, min(took), ANSWER_GOAL, " us", beside)
        else:
            show(label, f"{min(took):.3g} us", beside=beside)
        # As an application does: observe an event, then predict.
        pairs = [packed("NR.OBSERVE", cell, b"live", b"page", page) + ask[0] for page in rng.choices(PAGES, k=5000)]
        both = [microseconds(server, lambda pairs=pairs: send(server, pairs, 5)) for _ in range(TURNS)]  # type: ignore[misc]
        show("  an event and the answer after it", f"{min(both):.3g} us")


def memory(server: Server, sequences: int) -> None:
    """Print the bytes of a sequence, in a network and as lists."""
    rng = random.Random(1)
    client = server.client()
    client.flushall()
    before = client.info("memory")["used_memory"]
    client.execute_command("NR.CREATE", "visits", *CREATE, "DATASET", 2 * sequences, "TEST", sequences)
    kinds = [rng.choices(PAGES, k=64) for _ in range(100)]
    blocks = [b"[%s]" % b",".join(b'{"page":"%s"}' % page for page in pages) for pages in kinds]
    send(server, (packed("NR.OBSERVE", b"visits", n, b"JSON", blocks[n % 100]) for n in range(sequences)), 3)
    ours = client.info("memory")["used_memory"] - before
    client.delete("visits")
    before = client.info("memory")["used_memory"]
    send(server, (packed("RPUSH", n, *kinds[n % 100]) for n in range(sequences)), 1)
    theirs = client.info("memory")["used_memory"] - before
    beside = f"{ours / 1e6:,.0f} MB of {sequences:,}"
    show("memory of a sequence of 64 events", f"{ours / sequences:.0f} B", beside=beside)
    show("the same as a list", f"{theirs / sequences:.0f} B", beside=f"{theirs / 1e6:,.0f} MB")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("server", type=Path)
    parser.add_argument("--module", type=Path, default=Path(nr.module_path()))
    parser.add_argument("--sequences", type=int, default=1_000_000, help="to keep (default: %(default)s)")
    args = parser.parse_args()
    print(f"{datetime.date.today()}, {serve.version(args.server)}\n", flush=True)
    with running(args.server, args.module) as server:
        events(server)
        answers(server)
        memory(server, args.sequences)


if __name__ == "__main__":
    main()
