"""State machines that compare a server with embedded networks after random commands.

A state machine of :mod:`hypothesis` sends commands, and applies each to an embedded network and to a model of the
contract, too. After each command it compares everything that is visible. What depends on the kind of rows is elsewhere.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, ClassVar

import pytest
import redis
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from inredis import pairs

import neuralredis as nr
import servers

KEYS = st.sampled_from(["a", "b", "c"])
#: Nearly always a key that holds a network.
TAKEN = st.runner().flatmap(lambda machine: st.sampled_from(["a", "b", "c", *sorted(machine.plain) * 4]))
SETS = st.sampled_from([None, "train", "test"])
LIMITS = st.none() | st.integers(0, 9)


class Commands(RuleBasedStateMachine):
    """A server, a model of each network, and the embedded networks."""

    client: ClassVar[redis.Redis]

    @initialize(data=st.data())
    def begin(self, data: Any) -> None:
        self.client.flushall()
        self.plain: dict[str, Any] = {}
        self.embedded: dict[str, nr.Network] = {}
        for key in ("a", "b"):
            self.make(key, data)
            if data.draw(st.booleans()):
                self.train(key, 3, data.draw(st.booleans()), True)

    def ask(self, *command: Any) -> Any:
        return self.client.execute_command(*command)

    def rejected(self, *command: Any, because: str) -> None:
        with pytest.raises(redis.ResponseError, match=because):
            self.ask(*command)

    def missing(self, key: str, *command: Any) -> bool:
        """Return whether there is no network at a key; if so, check that the command is an error."""
        if key not in self.plain:
            self.rejected(*command, because=f"no network at key '{key}'")
        return key not in self.plain

    # Overridden by each state machine.

    def make(self, key: str, data: Any) -> None:
        """Create a network with some rows: few commands do anything without rows."""
        raise NotImplementedError

    def count(self, key: str, name: str) -> int:
        """Return the number of rows in a set according to the model."""
        raise NotImplementedError

    def trained(self, key: str, report: nr.Report, autostop: bool) -> None:
        """Record a training in the model."""

    def was_reset(self, key: str) -> None:
        """Record a reset in the model."""

    def check(self, key: str) -> None:
        """Compare everything that is visible of a network."""
        raise NotImplementedError

    # Commands of clients for any network, and their expected results.

    @rule(key=TAKEN, cycles=st.integers(1, 12), autostop=st.booleans(), backtrack=st.booleans())
    def train(self, key: str, cycles: int, autostop: bool, backtrack: bool) -> None:
        words = [word for word, given in (("AUTOSTOP", autostop), ("BACKTRACK", backtrack)) if given]
        command = ["NR.TRAIN", key, "MAXCYCLES", cycles, "MAXTIME", 0, *words, "BLOCK", 0]
        if self.missing(key, *command):
            return
        if not self.count(key, "train") or (autostop and not self.count(key, "test")):
            self.rejected(*command, because="training rows|validation rows|rows")
        else:
            assert self.ask(*command) == b"finished"
            report = self.embedded[key].train(max_cycles=cycles, max_time=None, autostop=autostop, backtrack=backtrack)
            assert report.cycles <= cycles
            assert autostop or report.cycles == cycles
            self.trained(key, report, autostop)
            reply = pairs(self.ask("NR.REPORT", key))
            assert reply[b"cycles"] == report.cycles
            assert reply[b"reason"].decode() == report.reason
            assert reply[b"best-cycle"] == report.best_cycle
        self.check(key)

    @rule(key=TAKEN, chosen=st.sampled_from(["TRAIN", "TEST"]))
    def evaluate(self, key: str, chosen: Any) -> None:
        if self.missing(key, "NR.EVALUATE", key, chosen):
            return
        if not self.count(key, chosen.lower()):
            self.rejected("NR.EVALUATE", key, chosen, because="no .*rows")
            return
        reply = pairs(self.ask("NR.EVALUATE", key, chosen))
        expected = self.embedded[key].evaluate(chosen.lower())
        assert reply[b"rows"] == self.count(key, chosen.lower()) == expected.rows
        assert float(reply[b"error"]) == expected.error

    @rule(key=TAKEN)
    def reset(self, key: str) -> None:
        if not self.missing(key, "NR.RESET", key):
            assert self.ask("NR.RESET", key) == b"OK"
            self.embedded[key].reset()
            self.was_reset(key)
        self.check(key)

    @rule(key=KEYS)
    def delete(self, key: str) -> None:
        assert self.ask("DEL", key) == int(key in self.plain)
        self.plain.pop(key, None)
        self.embedded.pop(key, None)
        self.check(key)

    @rule(key=TAKEN, other=KEYS)
    def rename(self, key: str, other: str) -> None:
        if key in self.plain:
            assert self.ask("RENAME", key, other)
            self.plain[other], self.embedded[other] = self.plain.pop(key), self.embedded.pop(key)
        self.check(key)
        self.check(other)

    @rule(key=TAKEN, other=KEYS, by=st.sampled_from(["COPY", "DUMP", "EXPORT"]))
    def duplicate(self, key: str, other: str, by: str) -> None:
        if key == other or key not in self.plain:
            return
        if by == "COPY":
            assert self.ask("COPY", key, other, "REPLACE") == 1
        elif by == "DUMP":
            assert self.ask("RESTORE", other, 0, self.ask("DUMP", key), "REPLACE") == b"OK"
        else:
            assert self.ask("NR.IMPORT", other, self.ask("NR.EXPORT", key), "REPLACE") == b"OK"
        self.plain[other] = copy.deepcopy(self.plain[key])
        self.embedded[other] = copy.copy(self.embedded[key])
        self.check(other)

    @rule()
    def reload(self) -> None:
        assert self.ask("DEBUG", "RELOAD") == b"OK"
        for key in self.plain:
            self.check(key)


def run(
    machine: type[Commands], server: servers.Server, effort: int, figure: Callable[[str], None], examples: int = 40
) -> None:
    """Let a machine send commands to a server, and report how many it sent."""
    count = 0

    class Client(redis.Redis):
        def execute_command(self, *command: Any, **options: Any) -> Any:
            nonlocal count
            count += 1
            return super().execute_command(*command, **options)

    client = Client(unix_socket_path=str(server.socket), protocol=2)
    run_state_machine_as_test(
        type("Here", (machine,), {"client": client}),
        settings=settings(
            max_examples=examples * effort,
            stateful_step_count=60,
            deadline=None,
            # The suite is repeatable; with more effort, each run tries other commands.
            derandomize=effort == 1,
            suppress_health_check=list(HealthCheck),
        ),
    )
    client.close()
    figure(f"{count} commands")
