"""Parse numbers as people write them and spreadsheets export them: decimal signs, thousands, units, signs."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from neuralredis.table.column import Column

__all__ = ["AsWritten", "NumberForm", "compared", "decimal_signs", "digits_of", "plain_number", "unit_of", "units_in"]

#: Largest absolute value: networks compute with float32, whose limit is 3.4e38.
LARGEST = 1e37

#: Variants of minus signs, spaces and apostrophes, mapped to the ASCII ones.
_ALIKE = str.maketrans(
    {
        **dict.fromkeys("\u2212\uff0d\ufe63\u2010\u2011\u2012\u2013", "-"),
        **dict.fromkeys("\u00a0\u2007\u2008\u2009\u200a\u202f", " "),
        **dict.fromkeys("\u2019\u2018\u02bc\u00b4`", "'"),
    }
)
_SWAPPED = str.maketrans(",.", ".,")

#: Digits without thousands separators; with commas in groups of three, or as in India; with spaces or apostrophes. The
#: first group does not begin with 0. Decimals follow a point.
_DIGITS = re.compile(
    r"(?:\d+|[1-9]\d{0,2}(?:,\d{3})+|[1-9]\d?(?:,\d{2})+,\d{3}|[1-9]\d{0,2}(?: \d{3})+|[1-9]\d{0,2}(?:'\d{3})+)"
    r"(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?",
    re.ASCII,
)
_PLAIN = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_WITH_POINT = re.compile(r"[+-]?(?:\d+|[1-9]\d{0,2}(?:,\d{3})+)(?:\.\d*)?", re.ASCII)
_WITH_COMMA = re.compile(r"[+-]?(?:\d+|[1-9]\d{0,2}(?:\.\d{3})+)(?:,\d*)?", re.ASCII)
#: The text before the digits; the digits; the text after them, a unit or a sign.
_PARTS = re.compile(
    r"([^\d.,]*?(?:(?<=[^\W\d])\. ?)?)"
    r"((?<!\d)[.,]?\d(?:[\d., ']*\d)?[.,]?(?:[eE][+-]?\d+)?)"
    r"( ?(?:[^\d\s.,'()+-][^\s()]*?(?: [^\W\d]+)?)?)(-?)(\)?)",
    re.ASCII,
)
_BEFORE = re.compile(r"(\(?)((?:<=|>=|[<>≤≥~≈] ?)?) ?([+-]?) ?([^()+<>≤≥~≈-]*?) ?([+-]?) ?")

_CODES = (
    "AED ARS AUD BDT BGN BHD BRL BTC CAD CHF CLP CNH CNY COP CZK DKK DZD EGP ETH EUR FIM FRF GBP GHS HKD HRK HUF "
    "IDR ILS INR IQD IRR ISK ITL JOD JPY KES KRW KWD KZT LKR MAD MXN MYR NGN NOK NZD OMR PEN PHP PKR PLN QAR RON "
    "RSD RUB SAR SEK SGD THB TND TRY TWD UAH UGX USD UYU UZS VES VND XAF XOF ZAR DEM ATS ESP NLG BEF "
)
_CURRENCIES = frozenset(_CODES.split())
_CURRENCY_WORDS = frozenset(("fr", "sfr", "kr", "rs", "rm", "zł", "kč", "ft", "lei", "dm"))
#: Synonyms of units.
_SAME = {"€": "eur", "euro": "eur", "$": "usd", "us$": "usd", "dollar": "usd", "£": "gbp", "fr.": "chf", "sfr.": "chf"}


@dataclass(frozen=True)
class NumberForm:
    """The form of the numbers in a column.

    Attributes
    ----------
    comma : bool
        Whether the decimal sign is a comma, and points separate thousands.
    unit : str
        The currency or unit that may stand before or after each number.
    """

    comma: bool = False
    unit: str = ""

    def read(self, text: str) -> float | None:
        """Return the number that a text means; None if it is not a number in this form.

        Examples
        --------
        >>> NumberForm().read("-1,234.5e1"), NumberForm(comma=True).read("1.234,50"), NumberForm().read("0,435")
        (-12345.0, 1234.5, None)
        >>> NumberForm(unit="kg").read("3.5 kg"), NumberForm(unit="kg").read("3.5 g"), NumberForm().read("(12)")
        (3.5, None, -12.0)
        """
        # Fast path for the most common forms.
        if self.comma:
            if _WITH_COMMA.fullmatch(text):
                return _bounded(text.replace(".", "").replace(",", "."))
        elif _PLAIN.fullmatch(text) or _WITH_POINT.fullmatch(text):
            return _bounded(text.replace(",", ""))
        parts = _parts(text)
        if parts is None:
            return None
        sign, digits, unit = parts
        if unit and _canonical(unit) != _canonical(self.unit):
            return None
        if self.comma:
            digits = digits.translate(_SWAPPED)
        if not _DIGITS.fullmatch(digits):
            return None
        return _bounded(sign + re.sub("[, ']", "", digits))

    def reader(self, column: Column) -> Callable[[str], float | None]:
        """Return the parser for a column: typed columns always have a decimal point."""
        return plain_number if column.typed else self.read

    @property
    def title(self) -> str:
        """A description of the form; empty for numbers with a point and without a unit."""
        return ", ".join((["decimal comma"] if self.comma else []) + ([self.unit] if self.unit else []))


class AsWritten:
    """A column of numbers with the attributes ``comma`` and ``unit`` of a `NumberForm`."""

    comma: bool
    unit: str

    @property
    def form(self) -> NumberForm:
        """The form of the numbers."""
        return NumberForm(self.comma, self.unit)

    @property
    def title(self) -> str:
        """A description of the column's kind and form."""
        return ", ".join(part for part in ("number", self.form.title) if part)

    def reader(self, column: Column | None = None) -> Callable[[str], float | None]:
        """Return the parser for a column, or, for None, for typed input."""
        return self.form.read if column is None else self.form.reader(column)


def plain_number(text: str) -> float | None:
    """Return the number in a text with a decimal point and nothing else; None for other texts."""
    return _bounded(text) if _PLAIN.fullmatch(text) else None


def unit_of(text: str) -> str | None:
    """Return the unit of a number, empty if there is none; None if the text is not a number.

    Examples
    --------
    >>> unit_of("3.5 kg"), unit_of("CHF 12.30"), unit_of("7"), unit_of("shop 7")
    ('kg', 'CHF', '', None)
    """
    parts = _parts(text)
    return None if parts is None else parts[2]


def units_in(counts: Mapping[str, int]) -> dict[str, int]:
    """Return the units in a column with their numbers of rows, the most common first."""
    rows: Counter[str] = Counter()
    written: dict[str, str] = {}
    for text, count in counts.items():
        if unit := unit_of(text):
            rows[_canonical(unit)] += count
            written.setdefault(_canonical(unit), unit)
    return {written[unit]: count for unit, count in rows.most_common()}


def decimal_signs(text: str) -> tuple[bool, bool]:
    """Return whether a text is a number if commas are decimal, and whether it is one if points are; with any unit.

    Examples
    --------
    >>> decimal_signs("1,5"), decimal_signs("1.5 kg"), decimal_signs("1,500"), decimal_signs("five")
    ((True, False), (False, True), (True, True), (False, False))
    """
    parts = _parts(text)
    if parts is None:
        return False, False
    _, digits, _ = parts
    return _DIGITS.fullmatch(digits.translate(_SWAPPED)) is not None, _DIGITS.fullmatch(digits) is not None


def digits_of(text: str) -> str:
    """Return the digits of a number with separators, empty if the text is not a number.

    Examples
    --------
    >>> digits_of("-1,234.50 EUR"), digits_of("five")
    ('1,234.50', '')
    """
    parts = _parts(text)
    return "" if parts is None else parts[1]


def compared(text: str) -> bool:
    """Return whether a number has a sign of comparison, such as '<5'."""
    return text[:1] in "<>≤≥~≈"


def _parts(text: str) -> tuple[str, str, str] | None:
    """Return the sign, the digits and the unit of a number; None if the text is not a number."""
    found = _PARTS.fullmatch(text.translate(_ALIKE))
    if found is None:
        return None
    before, digits, after, minus, closed = found.groups()
    start = _BEFORE.fullmatch(before)
    if start is None:
        return None
    opened, _, sign, prefix, second = start.groups()
    prefix, suffix = prefix.strip(), after.strip()
    signs = [part for part in (sign, second, minus, opened and "-") if part]
    if bool(opened) != bool(closed) or len(signs) > 1:
        return None
    if (prefix and suffix) or (prefix and not _is_currency(prefix)) or not _is_unit(suffix):
        return None
    return "-" if signs and signs[0] == "-" else "", digits, prefix or suffix


def _is_currency(prefix: str) -> bool:
    """Return whether the text before a number is a currency; in 'shop 7' it is not."""
    word = prefix.rstrip(".")
    has_sign = len(prefix) <= 3 and any(unicodedata.category(letter) == "Sc" for letter in prefix)
    return has_sign or word.upper() in _CURRENCIES or word.lower() in _CURRENCY_WORDS


def _is_unit(suffix: str) -> bool:
    """Return whether the text after a number may be a unit; am and pm are not."""
    if not suffix:
        return True
    begins = suffix[0].isalpha() or suffix[0] in "%‰°\"″'′" or unicodedata.category(suffix[0]) == "Sc"
    return begins and len(suffix) <= 16 and suffix.lower() not in ("am", "pm", "a.m.", "p.m.")


def _canonical(unit: str) -> str:
    """Return a key that is equal for variants of a unit: 'Euro' and 'euros', but not 'M' and 'm'."""
    word = unit.casefold() if len(unit) > 2 else unit
    word = word[:-1] if len(word) > 3 and word.endswith("s") else word
    return _SAME.get(word, word)


def _bounded(text: str) -> float | None:
    number = float(text)
    return number if abs(number) <= LARGEST else None
