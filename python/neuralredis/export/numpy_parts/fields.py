"""Parse the values of fields, and compute their inputs."""

from __future__ import annotations

import bisect
import datetime
import decimal
import math
import re
from typing import Any

import numpy as np

from neuralredis.export.numpy_parts.layers import unpacked
from neuralredis.export.numpy_parts.texts import buckets_of

# ---
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
MOMENT = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:[Tt _](\d\d):(\d\d)(?::(\d\d)(\.\d{1,6})?)?(Z|z|[+-]\d\d:?\d\d)?)?", re.ASCII
)
FLAGS = {"1": 1.0, "true": 1.0, "yes": 1.0, "on": 1.0, "0": 0.0, "false": 0.0, "no": 0.0, "off": 0.0}
SPACE = " \t\n\r\x0c"
EXPECTED = {
    "auto": "a number, or a word of at most 64 bytes",
    "number": "a finite number",
    "category": "a word of at most 64 bytes",
    "flag": "1 or 0, true or false, yes or no, on or off",
    "time": "seconds or milliseconds since 1970, or a date such as 2026-11-25 or 2026-11-25T18:30:00Z",
    "text": "a text in ASCII",
    "tags": "words of at most 64 bytes, in a list or between commas",
    "vector": "as many finite numbers as the field has",
}
#: Computed inputs of each kind; a vector has one per element.
COMPUTED = {"number": 2, "auto": 2, "flag": 1, "time": 7, "category": 0, "text": 0, "tags": 0}


def understand(field: Any, value: Any) -> Any:
    """Parse a value by its field's kind: None if missing, else a number, a word or a list.

    Raises
    ------
    ValueError
        If the kind does not accept the value.
    """
    kind = field["kind"]
    try:
        return understood(kind, plain(value, kind), field)
    except (KeyError, TypeError, ValueError, OverflowError):
        raise ValueError(f"field {field['name']} is {value!r}: expected {EXPECTED[kind]}") from None


def plain(value: Any, kind: str) -> Any:
    """Return a value as None, a bool, a float, a string or a list."""
    if value is None or type(value).__name__ in ("NAType", "NaTType", "MaskedConstant"):
        return None
    if isinstance(value, (bytes, bytearray)):
        return bytes(value).decode("utf-8", "surrogateescape")
    if isinstance(value, np.datetime64):
        value = value.astype("datetime64[us]").item()
    if isinstance(value, datetime.date) and kind != "time":
        return value.isoformat()
    if isinstance(value, datetime.datetime):
        zone = value.tzinfo or datetime.timezone.utc
        return in_range((value.replace(tzinfo=zone)).timestamp())
    if isinstance(value, datetime.date):
        return in_range((value.toordinal() - 719_163) * 86_400.0)
    if isinstance(value, (np.ndarray, list, tuple, set, frozenset)):
        return [plain(each, kind) for each in value]
    if isinstance(value, np.floating) and value.itemsize < 8 and kind not in ("number", "flag", "time", "vector"):
        return float(str(value))
    if isinstance(value, np.generic):
        value = value.item()
    if (
        isinstance(value, int)
        and not isinstance(value, bool)
        and abs(value) > 2**53
        and kind in ("category", "tags", "text")
    ):
        return str(value)
    return value if isinstance(value, (bool, str)) else float(value)


def in_range(seconds: float) -> float:
    """Return seconds as a number that is read as such: from 1e11 on, in milliseconds."""
    return seconds * 1000 if abs(seconds) >= 1e11 else seconds


def understood(kind: str, value: Any, field: Any) -> Any:
    """Parse a value that `plain` returned."""
    if value is None or value == "" or value == [] or (isinstance(value, float) and math.isnan(value)):
        return None
    if kind in ("number", "auto"):
        if isinstance(value, str) and (not value.strip(SPACE) or value.lower() == "nan"):
            return None
        number = number_of(value)
        if number is not None:
            return number
        if kind == "number":
            raise ValueError
        return word_of(value)
    if kind == "category":
        return word_of(value)
    if kind == "flag":
        if not isinstance(value, str) and value not in (0, 1):
            raise ValueError
        return FLAGS[value.lower()] if isinstance(value, str) else float(value)
    if kind == "time":
        return moment_of(value)
    if kind == "text":
        texts = value if isinstance(value, list) else [value]
        return buckets_of("\n".join(word_of(each, None) for each in texts if each is not None), field["buckets"])
    if kind == "tags":
        words = value if isinstance(value, list) else word_of(value, None).split(",")
        found = {word_of(word).strip(SPACE) for word in words if word not in (None, "")} - {""}
        return sorted(found, key=lambda word: word.encode("utf-8", "surrogateescape")) or None
    numbers = [number_of(each) for each in (value if isinstance(value, list) else [value])]
    if len(numbers) != field["length"] or None in numbers:
        raise ValueError
    return numbers


def number_of(value: Any) -> float | None:
    """Return a value in single precision; None if it is not a number."""
    if isinstance(value, str):
        if not NUMBER.fullmatch(value.strip(SPACE)):
            return None
        value = float(value)
    if isinstance(value, list) or not abs(value) < 3.4028235677973366e38:
        return None
    return float(np.float32(value))


def word_of(value: Any, most: int | None = 64) -> str:
    """Return a value as a word; a number in its shortest form, without an exponent."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        value = format(decimal.Decimal(repr(value)), "f")
        value = value[:-2] if value.endswith(".0") else value
    if not isinstance(value, str) or (most is not None and len(value.encode("utf-8", "surrogateescape")) > most):
        raise ValueError
    return value


def moment_of(value: Any) -> tuple[float, float]:
    """Return days since 1970-01-01 and seconds of the day, in single precision."""
    if isinstance(value, str):
        value = value.strip(SPACE)
        parts = None if NUMBER.fullmatch(value) else MOMENT.fullmatch(value)
        seconds = float(value) if parts is None else seconds_of(parts.groups(default=""))
        milliseconds = parts is None
    else:
        seconds, milliseconds = float(value), True
    if milliseconds and abs(seconds) >= 1e11:
        seconds /= 1000
    if isinstance(value, bool) or not -62_167_219_200 <= seconds < 253_402_300_800:
        raise ValueError
    days = math.floor(seconds / 86_400)
    return float(np.float32(days)), float(np.float32(seconds - days * 86_400))


def seconds_of(parts: Any) -> float:
    """Return a date and time as seconds since 1970-01-01 UTC."""
    year, month, day, hour, minute, second = (int(part or 0) for part in parts[:6])
    # Python's years begin at 1, and the calendar repeats every 400 years.
    date = datetime.date(year + 400, month, day)
    if hour > 23 or minute > 59 or second > 59:
        raise ValueError
    seconds = (date.toordinal() - 719_163 - 146_097) * 86_400 + hour * 3600 + minute * 60 + second
    zone = parts[7].replace(":", "")
    if zone and zone not in "Zz":
        seconds -= int(zone[0] + "1") * (int(zone[1:3]) * 3600 + int(zone[3:5]) * 60)
    return seconds + float(parts[6] or 0)


def circles_of(moment: Any) -> list[float]:
    """Return the inputs of a time: sine and cosine of the time of day, of week and of year, and years since 2000."""
    days, seconds = moment
    years = (days - 10_957) / 365.2425
    turns = (seconds / 86_400, (days - 10_959) / 7, years)
    return [turn(2 * math.pi * share) for share in turns for turn in (math.sin, math.cos)] + [years]


def place_of(knots: Any, number: float) -> float:
    """Return the number of knots below a number, plus the fraction of the way from the last of these to the next."""
    if not len(knots):
        return 0.0
    at = max(bisect.bisect_right(knots, number, hi=len(knots) - 1), 1)
    share = (number - knots[at - 1]) / (knots[at] - knots[at - 1])
    return float(at - 1 + min(max(share, 0.0), 1.0))


class Fields:
    """Parse rows of fields, and compute their inputs."""

    def __init__(self, fields: Any, computed: int, inputs: int) -> None:
        self.fields, self.computed, self.inputs = fields, computed, inputs
        self.places = {field["name"]: at for at, field in enumerate(fields)}
        self.words = [dict(zip(field.get("words", ()), field.get("numbers", ()), strict=True)) for field in fields]
        self.knots = [unpacked(field.get("knots", "")).tolist() for field in fields]

    def understand(self, row: Any) -> list[Any]:
        """Parse the value of each field of a row; fields left out are missing values."""
        values: list[Any] = [None] * len(self.fields)
        for name, value in row.items():
            if name not in self.places:
                raise ValueError(f"unknown field {name!r}: expected {', '.join(self.places)}")
            at = self.places[name]
            values[at] = understand(self.fields[at], value)
        return values

    def encode(self, values: Any) -> tuple[Any, list[tuple[int, float]]]:
        """Return the computed inputs, NaN if missing, and (index, value) of each looked-up input."""
        x, first, last = [0.0] * self.computed, [], []
        for field, words, knots, value in zip(self.fields, self.words, self.knots, values, strict=True):
            kind, at, gap = field["kind"], field["computed"], field["gap"]
            count = field["length"] if kind == "vector" else COMPUTED[kind]
            if value is None or isinstance(value, str):
                x[at : at + count] = [math.nan] * count
            if value is None:
                first.append((gap, 1.0))
            elif isinstance(value, str):
                first.append((self._known(words.get(value, gap + 1), gap), 1.0))
            elif kind in ("number", "auto"):
                x[at : at + 2] = value, place_of(knots, value)
            elif kind == "flag":
                x[at] = value
            elif kind == "time":
                x[at : at + 7] = circles_of(value)
            elif kind == "vector":
                x[at : at + count] = value
            elif kind == "tags":
                numbers = sorted({words.get(word, gap + 1) for word in value})
                last += [(self._known(number, gap), 1.0) for number in numbers]
            else:
                last += [(gap + 1 + bucket, share) for bucket, share in value]
        return x, first + last

    def _known(self, number: int, gap: int) -> int:
        return number if number < self.inputs else gap + 1
