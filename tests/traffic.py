"""Random commands: all commands of the module, and the server's commands that move, copy or delete networks."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from typing import Any

import inredis
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

import servers

#: Databases of the commands.
DATABASES = 3
#: Keys of the commands.
KEYS = ("a", "b", "c", "d", "e")
#: Keys of hashes with rows.
HASHES = ("hash:1", "hash:2", "hash:3")
#: Words for fields: a few more than the dictionaries hold.
SCHEMA = ["SCHEMA", "age", "NUMBER", "user.plan", "CATEGORY", 4, "tags", "TAGS", 3, "note", "TEXT", 8]
Command = list[Any]


class Traffic:
    """A client that sends random commands to a few keys."""

    def __init__(self, server: servers.Server, seed: int, keys: Sequence[str] = KEYS) -> None:
        self.chance = random.Random(seed)
        self.keys = keys
        self.sent = 0
        self.rejected: dict[str, int] = {}
        once = Retry(NoBackoff(), 0)
        self._clients = [
            server.client(db=db, protocol=2, decode_responses=False, retry=once) for db in range(DATABASES)
        ]
        self._kept = {"NR.EXPORT": b"nothing yet", "DUMP": b"nothing yet"}

    def send(self, count: int) -> None:
        """Send this many commands, one after the other."""
        for _ in range(count):
            self.send_one()

    def send_one(self) -> None:
        client = self.chance.choice(self._clients)
        self.sent += 1
        try:
            if self.chance.random() < 0.05:
                self._together(client)
            else:
                self._ask(client, self._command())
        except redis.ResponseError as error:
            text = str(error)
            assert "internal error" not in text, text
            word = text.split()[0]
            self.rejected[word] = self.rejected.get(word, 0) + 1

    def _ask(self, client: redis.Redis, command: Command) -> None:
        reply = client.execute_command(*command)
        if command[0] in self._kept and reply:
            self._kept[command[0]] = reply

    def _together(self, client: redis.Redis) -> None:
        """Send some commands as a transaction, or in a script."""
        commands = [self._command() for _ in range(self.chance.randrange(1, 5))]
        if self.chance.random() < 0.5:
            with client.pipeline() as transaction:
                for command in commands:
                    transaction.execute_command(*command)
                transaction.execute()
        else:
            flat = [word for command in commands for word in (len(command), *command)]
            client.eval(SCRIPT, 0, *flat)

    def _command(self) -> Command:
        names = list(MIX)
        [name] = self.chance.choices(names, [MIX[name] for name in names])
        made: Command = getattr(self, "_" + name)(self.chance.choice(self.keys))
        return made

    def _create(self, key: str) -> Command:
        chance = self.chance
        kind = chance.choice(
            [
                ["CLASSIFIER", 2, 4, "->", 2], ["REGRESSOR", 2, 3, "->", 1], ["REGRESSOR", 2, "->", 1],
                ["CLASSIFIER", *SCHEMA, "->", "x", "HIDDEN", 4], ["CLASSIFIER", *SCHEMA, "->", "x", "CLASSES", 2, 0, 1],
                ["REGRESSOR", *SCHEMA, "->", "x", "HIDDEN", 3], ["REGRESSOR", 2, 3, "->", 1, "MONOTONE", "1,-1"],
                ["CLASSIFIER", 2, 3, "->", 2, "THRESHOLD", "0.1"],
                ["CLASSIFIER", *SCHEMA, "->", "x", "HIDDEN", 4, "SEQUENCE", "LENGTH", 5],
                ["CLASSIFIER", *SCHEMA, "->", "user.plan", "HIDDEN", 3, "SEQUENCE", "LENGTH", 5, "CELL", "WINDOW"],
                ["REGRESSOR", *SCHEMA, "->", "age", "HIDDEN", 3, "SEQUENCE", "LENGTH", 9],
            ]
        )  # fmt: skip
        more: Command = ["DATASET", chance.randrange(0, 60), "TEST", chance.randrange(0, 20)]
        if chance.random() < 0.5:
            more += ["NORMALIZE"]
        if chance.random() < 0.3:
            more += ["SEED", chance.randrange(1000)]
        if chance.random() < 0.5:
            more += ["ACTIVATION", chance.choice(["SIGMOID", "TANH", "RELU"])]
        return ["NR.CREATE", key, *kind, *more]

    def _observe(self, key: str) -> Command:
        chance = self.chance
        more: Command = chance.choice([[], [], ["TRAIN"], ["TEST"]])
        if chance.random() < 0.3:
            more = [*more, "WEIGHT", chance.random() + 0.1]
        return ["NR.OBSERVE", key, chance.random(), chance.random(), "->", chance.randrange(2), *more]

    def _observe_many(self, key: str) -> Command:
        chance = self.chance
        rows = [(chance.random(), chance.random(), chance.randrange(2)) for _ in range(chance.randrange(1, 40))]
        return ["NR.OBSERVE", key, "FP32", inredis.blob(*rows), *chance.choice([[], ["TRAIN"], ["TEST"]])]

    def _known(self) -> dict[str, Any]:
        """Return some fields of a row."""
        chance = self.chance
        values = {
            "age": chance.randrange(50),
            "user.plan": f"plan {chance.randrange(7)}",
            "tags": ",".join(chance.sample("abcde", chance.randrange(3))),
            "note": f"a note of {chance.randrange(9)} words",
        }
        return {name: value for name, value in values.items() if chance.random() < 0.8}

    def _observe_fields(self, key: str) -> Command:
        chance = self.chance
        more: Command = chance.choice([[], [], ["TRAIN"], ["TEST"]])
        if chance.random() < 0.5:
            weight = ["WEIGHT", chance.random() + 0.1] if chance.random() < 0.3 else []
            pairs = [word for pair in self._known().items() for word in pair]
            return ["NR.OBSERVE", key, *pairs, "->", chance.randrange(3), *weight, *more]
        rows = [self._known() for _ in range(chance.randrange(1, 40))]
        return ["NR.OBSERVE", key, "JSON", json.dumps(rows), "->", *(chance.randrange(2) for _ in rows), *more]

    def _happen(self, key: str) -> Command:
        chance = self.chance
        event = (
            ["age", chance.randrange(9), "user.plan", f"plan {chance.randrange(7)}"] if chance.random() < 0.8 else []
        )
        outcome = ["->", chance.randrange(3)] if not event or chance.random() < 0.3 else []
        return ["NR.OBSERVE", key, f"user:{chance.randrange(30)}", *event, *outcome]

    def _observe_hash(self, key: str) -> Command:
        chance = self.chance
        more: Command = chance.choice([[], ["age", chance.randrange(50)], ["user.plan", "given"]])
        return ["NR.HOBSERVE", key, 1, chance.choice(HASHES), *more, "->", chance.randrange(2)]

    def _hash(self, _: str) -> Command:
        chance, name = self.chance, self.chance.choice(HASHES)
        writes: list[Command] = [
            ["HSET", name, "plan", f"plan {chance.randrange(7)}", "age", chance.randrange(50)], ["HDEL", name, "age"],
            ["HINCRBY", name, "age", 1], ["DEL", name], ["PEXPIRE", name, chance.randrange(1, 50)],
        ]  # fmt: skip
        return writes[chance.choice([0, 0, 0, 1, 2, 3, 4])]

    def _train(self, key: str) -> Command:
        chance = self.chance
        more: Command = chance.choice(
            [["MAXCYCLES", 1], ["MAXCYCLES", 30], ["MAXTIME", 1], ["MAXTIME", 20], ["MAXTIME", 200, "MAXCYCLES", 0]]
        )
        if chance.random() < 0.3:
            more = [*more, "AUTOSTOP"] + (["BACKTRACK"] if chance.random() < 0.5 else [])
        if chance.random() < 0.1:
            more = [*more, "BLOCK", chance.randrange(1, 20)]
        return ["NR.TRAIN", key, *more]

    def _configure(self, key: str) -> Command:
        chance = self.chance
        changes: list[Command] = [
            [], ["DATASET", chance.randrange(60)], ["TEST", chance.randrange(20)], ["NORMALIZE", "yes"],
            ["NORMALIZE", "no"], ["ALGO", chance.choice(["IRPROP+", "IRPROP-", "RPROP+", "LBFGS", "ADAM"])],
            ["L2", chance.random()], ["ACTIVATION", "RELU"],
        ]  # fmt: skip
        change = chance.choice(changes)
        return ["NR.CONFIGURE", key, *change]

    def _look(self, key: str) -> Command:
        looks: list[Command] = [
            ["NR.RUN", key, 0.5, 0.5], ["NR.CLASS", key, 0.5, 0.5], ["NR.INFO", key], ["NR.THREADS"],
            ["NR.REPORT", key],
            ["NR.GETDATA", key, "TRAIN", self.chance.randrange(20)], ["NR.EVALUATE", key], ["NR.EXPORT", key],
            ["NR.RUN", key, "age", 5], ["NR.CLASS", key, "JSON", '[{"age":5},{}]'], ["NR.HRUN", key, 1, "hash:1"],
            ["NR.RUN", key, 0.5, 0.5, "->", "INTERVAL", 80], ["NR.CLASS", key, 0.5, 0.5, "->", "SET", 80],
            ["NR.CLASS", key, "age", 5, "->", "SET", 80], ["NR.CLASS", key, "age", 5, "->", "SAMPLE"],
            ["NR.RUN", key, 0.5, 0.5, "->", "SAMPLE", "TEMPERATURE", 2, "TOPK", 2, "SEED", self.chance.randrange(9)],
            ["NR.RANK", key, 3, *HASHES, "->", "WITHSCORES"], ["NR.FIELDS", key],
            ["NR.EXPLAIN", key, 0.5, 0.5, "->", "WANT", 1], ["NR.EXPLAIN", key, "age", 5],
            ["NR.RUN", key, "user:3"], ["NR.CLASS", key, "user:4", "age", 3], ["NR.FORECAST", key, "user:5", 3],
            ["NR.SAMPLE", key, "user:6", "COUNT", 3], ["NR.STEP", key, "", "age", 5], ["NR.STEP", key, "", 0.5, 0.5],
            ["NR.EXPLAIN", key, "user:3"],
            ["DUMP", key], ["MEMORY", "USAGE", key], ["DEBUG", "DIGEST-VALUE", key], ["NR.WAIT", key, 3],
        ]  # fmt: skip
        return self.chance.choice(looks)

    def _calibrate(self, key: str) -> Command:
        if self.chance.random() < 0.5:
            rows = [self._known() for _ in range(20)]
            return ["NR.CALIBRATE", key, "JSON", json.dumps(rows), "->", *(self.chance.randrange(2) for _ in rows)]
        return ["NR.CALIBRATE", key, "FP32", inredis.blob(*[(self.chance.random(), 2, 1)] * 20)]

    def _forget(self, key: str) -> Command:
        return ["NR.FORGET", key, f"user:{self.chance.randrange(30)}"]

    def _stop(self, key: str) -> Command:
        return ["NR.STOP", key]

    def _reset(self, key: str) -> Command:
        return ["NR.RESET", key]

    def _bring(self, key: str) -> Command:
        if self.chance.random() < 0.5:
            return ["NR.IMPORT", key, self._kept["NR.EXPORT"], "REPLACE"]
        return ["RESTORE", key, 0, self._kept["DUMP"], "REPLACE"]

    def _move(self, key: str) -> Command:
        other = self.chance.choice(self.keys)
        moves: list[Command] = [
            ["RENAME", key, other], ["RENAMENX", key, other], ["MOVE", key, self.chance.randrange(DATABASES)],
            ["SWAPDB", self.chance.randrange(DATABASES), self.chance.randrange(DATABASES)],
            ["COPY", key, other, "DB", self.chance.randrange(DATABASES), "REPLACE"],
        ]  # fmt: skip
        return self.chance.choice(moves)

    def _end(self, key: str) -> Command:
        ends: list[Command] = [
            ["DEL", key], ["UNLINK", key], ["PEXPIRE", key, self.chance.randrange(1, 50)], ["PERSIST", key],
            ["SET", key, "x", "PX", "5"],
        ]  # fmt: skip
        return self.chance.choice(ends)

    def _flush(self, _: str) -> Command:
        return self.chance.choice([["FLUSHDB"], ["FLUSHDB", "ASYNC"]])


#: The relative frequency of each command.
MIX = {
    "create": 12, "happen": 20, "forget": 2,
    "observe": 16, "observe_many": 12, "observe_fields": 16, "observe_hash": 8, "hash": 8, "train": 14,
    "configure": 4, "look": 12, "stop": 3, "reset": 3, "calibrate": 3,
    "bring": 3, "move": 8, "end": 4, "flush": 0.1,
}  # fmt: skip

#: Runs commands, each given as its length and its words, and ignores errors.
SCRIPT = """
    local at = 1
    while at <= #ARGV do
        local length = tonumber(ARGV[at])
        redis.pcall(unpack(ARGV, at + 1, at + length))
        at = at + length + 1
    end
"""


def settled(client: redis.Redis) -> bool:
    """Return whether no training is running and no key is about to expire."""
    section = inredis.section(client)
    keyspace = client.info("keyspace")
    return not (
        client.execute_command("NR.THREADS")
        or section["trainings_running"]
        or any(about["expires"] for about in keyspace.values())
    )


def digest(server: servers.Server) -> str:
    """Return a digest of all contents of a server."""
    return str(server.client().execute_command("DEBUG", "DIGEST"))
