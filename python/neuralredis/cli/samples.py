"""Sampled texts of networks of sequences: write and read reports, and print them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from neuralredis.cli.failure import Failure
from neuralredis.table.texts import shortened

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["Drawn", "Samples", "as_json", "described_settings", "read", "show"]

#: Texts of each setting that are printed at most.
SHOWN = 20


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """The texts that were sampled after a prompt under one setting.

    Attributes
    ----------
    prompt : str
        The beginning of the texts.
    settings : dict of str to float
        Options of sampling, such as the temperature.
    seed : int
        The seed of the first text; text i has ``seed + i``.
    outputs : tuple of str
        The texts, without the prompt.
    """

    prompt: str
    settings: dict[str, float]
    seed: int
    outputs: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Samples:
    """All sampled texts of a network.

    Attributes
    ----------
    network : str
        The network's name.
    joint : str
        The separator between a prompt and a text: empty for letters, a space for words.
    drawn : tuple of Drawn
        The texts of each prompt and setting.
    """

    network: str
    joint: str
    drawn: tuple[Drawn, ...]


def as_json(found: Sequence[Samples]) -> dict[str, Any]:
    """Return texts as a report, grouped by prompt."""
    networks = []
    for one in found:
        prompts: dict[str, list[dict[str, Any]]] = {}
        for drawn in one.drawn:
            result = {"settings": drawn.settings, "seed": drawn.seed, "outputs": drawn.outputs}
            prompts.setdefault(drawn.prompt, []).append(result)
        listed = [{"prompt": prompt, "results": results} for prompt, results in prompts.items()]
        networks.append({"network": one.network, "joint": one.joint, "prompts": listed})
    return {"report": "samples", "networks": networks}


def read(content: Any) -> list[Samples]:
    """Return the texts of a report, after a check of every value.

    Raises
    ------
    Failure
        If a value is missing or has the wrong type; the message continues a sentence that begins with the file's name.
    """
    networks = _listed(content.get("networks"), "networks")
    found = []
    for network in networks:
        drawn = []
        name = _text(_object(network, "networks").get("network"), "network")
        for prompt in _listed(network.get("prompts"), "prompts"):
            text = _text(_object(prompt, "prompts").get("prompt"), "prompt")
            for result in _listed(prompt.get("results"), "results"):
                given = _object(_object(result, "results").get("settings"), "settings")
                settings = {key: _number(value, f"settings.{shortened(key)}") for key, value in given.items()}
                outputs = tuple(_text(one, "outputs") for one in _listed(result.get("outputs"), "outputs"))
                seed = result.get("seed")
                if not isinstance(seed, int) or isinstance(seed, bool):
                    raise Failure(f"has the seed '{shortened(str(seed))}': expected an integer")
                drawn.append(Drawn(prompt=text, settings=settings, seed=seed, outputs=outputs))
        found.append(Samples(network=name, joint=_text(network.get("joint", ""), "joint"), drawn=tuple(drawn)))
    if not any(one.drawn for one in found):
        raise Failure("has no texts")
    return found


def described_settings(settings: dict[str, float]) -> str:
    """Return settings as a short text.

    Examples
    --------
    >>> described_settings({"temperature": 0.5, "top_k": 3.0}), described_settings({})
    ('temperature 0.5, top-k 3', 'default settings')
    """
    return ", ".join(f"{name.replace('_', '-')} {value:g}" for name, value in settings.items()) or "default settings"


def show(out: Console, found: Sequence[Samples]) -> None:
    """Print texts, grouped by prompt."""
    from rich.table import Table
    from rich.text import Text

    prompts = dict.fromkeys(drawn.prompt for one in found for drawn in one.drawn)
    for number, prompt in enumerate(prompts):
        if number:
            out.print()
        out.print(Text(f"After '{shortened(prompt, 60)}'" if prompt else "From the beginning", "bold"))
        table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0))
        columns: list[tuple[str, ...]] = []
        for one in found:
            for drawn in one.drawn:
                if drawn.prompt != prompt:
                    continue
                title = f"{shortened(one.network)}\n{described_settings(drawn.settings)}"
                table.add_column(title, overflow="fold")
                more = len(drawn.outputs) - SHOWN
                begin = f"{prompt}{one.joint}" if prompt else ""
                texts = [shortened(f"{begin}{text}", 200) for text in drawn.outputs[:SHOWN]]
                columns.append((*texts, *([f"and {more:,} more"] if more > 0 else [])))
        for row in range(max(map(len, columns))):
            table.add_row(*(column[row] if row < len(column) else "" for column in columns))
        out.print(table)


def _object(value: Any, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Failure(f"has no object '{name}'")
    return value


def _listed(value: Any, name: str) -> list[Any]:
    if not isinstance(value, list):
        raise Failure(f"has no list '{name}'")
    return value


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str):
        raise Failure(f"has '{shortened(str(value))}' as '{name}': expected a string")
    return value


def _number(value: Any, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 1e300:
        raise Failure(f"has '{shortened(str(value))}' as '{name}': expected a number")
    return float(value)
