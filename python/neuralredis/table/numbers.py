"""Numbers as people write them and spreadsheets export them: decimal signs, thousands, units, signs."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from neuralredis.table.column import Column

__all__ = ["AsWritten", "NumberForm", "compared", "decimal_signs", "digits_of", "plain_number", "unit_of", "units_in"]

#: Beyond this a number in single precision, which is what networks compute with, is close to infinity.
LARGEST = 1e37

#: Signs that look alike, as the one that the rest of this file knows: minus signs, spaces, apostrophes.
_ALIKE = str.maketrans(
    {
        **dict.fromkeys("\u2212\uff0d\ufe63\u2010\u2011\u2012\u2013", "-"),
        **dict.fromkeys("\u00a0\u2007\u2008\u2009\u200a\u202f", " "),
        **dict.fromkeys("\u2019\u2018\u02bc\u00b4`", "'"),
    }
)
_SWAPPED = str.maketrans(",.", ".,")

#: Digits without thousands separators; with commas by threes, or as in India; with spaces or apostrophes. No group of
#: thousands begins with 0. Decimals follow a point.
_DIGITS = re.compile(
    r"(?:\d+|[1-9]\d{0,2}(?:,\d{3})+|[1-9]\d?(?:,\d{2})+,\d{3}|[1-9]\d{0,2}(?: \d{3})+|[1-9]\d{0,2}(?:'\d{3})+)"
    r"(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?",
    re.ASCII,
)
_PLAIN = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_WITH_POINT = re.compile(r"[+-]?(?:\d+|[1-9]\d{0,2}(?:,\d{3})+)(?:\.\d*)?", re.ASCII)
_WITH_COMMA = re.compile(r"[+-]?(?:\d+|[1-9]\d{0,2}(?:\.\d{3})+)(?:,\d*)?", re.ASCII)
#: What is before the digits; the digits; what is after them, which is a unit or a sign.
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
#: Units that are the same.
_SAME = {"€": "eur", "euro": "eur", "$": "usd", "us$": "usd", "dollar": "usd", "£": "gbp", "fr.": "chf", "sfr.": "chf"}


@dataclass(frozen=True)
class NumberForm:
    """How the numbers of a column are written.

    Attributes
    ----------
    comma : bool
        Whether decimals follow a comma, so that points stand between thousands.
    unit : str
        What may stand beside each number: a currency or a unit.
    """

    comma: bool = False
    unit: str = ""

    def read(self, text: str) -> float | None:
        """Return the number that a text is, or None.

        Examples
        --------
        >>> NumberForm().read("-1,234.5e1"), NumberForm(comma=True).read("1.234,50"), NumberForm().read("0,435")
        (-12345.0, 1234.5, None)
        >>> NumberForm(unit="kg").read("3.5 kg"), NumberForm(unit="kg").read("3.5 g"), NumberForm().read("(12)")
        (3.5, None, -12.0)
        """
        # Most numbers are of these forms, which need not be taken apart.
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
        """Return what reads the numbers of a column: programs write them in a form of their own."""
        return plain_number if column.typed else self.read

    @property
    def title(self) -> str:
        """What is to be said of it: nothing of numbers with a point and without a unit."""
        return ", ".join((["decimal comma"] if self.comma else []) + ([self.unit] if self.unit else []))


class AsWritten:
    """A column of numbers whose ``comma`` and ``unit``, as of a `NumberForm`, say how they are written."""

    comma: bool
    unit: str

    @property
    def form(self) -> NumberForm:
        """How the numbers are written."""
        return NumberForm(self.comma, self.unit)

    @property
    def title(self) -> str:
        """What the column is read as."""
        return ", ".join(part for part in ("number", self.form.title) if part)

    def reader(self, column: Column | None = None) -> Callable[[str], float | None]:
        """Return what reads the numbers of a column, or those that are typed in."""
        return self.form.read if column is None else self.form.reader(column)


def plain_number(text: str) -> float | None:
    """Return the number that a program wrote."""
    return _bounded(text) if _PLAIN.fullmatch(text) else None


def unit_of(text: str) -> str | None:
    """Return the unit beside a number, empty if there is none, None if the text is no number with a unit.

    Examples
    --------
    >>> unit_of("3.5 kg"), unit_of("CHF 12.30"), unit_of("7"), unit_of("shop 7")
    ('kg', 'CHF', '', None)
    """
    parts = _parts(text)
    return None if parts is None else parts[2]


def units_in(counts: Mapping[str, int]) -> dict[str, int]:
    """Return the units beside the numbers of a column, the commonest first, and how many rows have each."""
    rows: Counter[str] = Counter()
    written: dict[str, str] = {}
    for text, count in counts.items():
        if unit := unit_of(text):
            rows[_canonical(unit)] += count
            written.setdefault(_canonical(unit), unit)
    return {written[unit]: count for unit, count in rows.most_common()}


def decimal_signs(text: str) -> tuple[bool, bool]:
    """Return whether a text is a number with a decimal comma, and whether with a decimal point; of any unit.

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
    """Return the digits of a number with the signs between them, empty if it is none.

    Examples
    --------
    >>> digits_of("-1,234.50 EUR"), digits_of("five")
    ('1,234.50', '')
    """
    parts = _parts(text)
    return "" if parts is None else parts[1]


def compared(text: str) -> bool:
    """Whether a number is written with a sign such as that of '<5': it is below 5."""
    return text[:1] in "<>≤≥~≈"


def _parts(text: str) -> tuple[str, str, str] | None:
    """Return the sign, the digits and the unit of a number."""
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
    """Whether what stands before a number is a currency: of 'shop 7' it is not."""
    word = prefix.rstrip(".")
    has_sign = len(prefix) <= 3 and any(unicodedata.category(letter) == "Sc" for letter in prefix)
    return has_sign or word.upper() in _CURRENCIES or word.lower() in _CURRENCY_WORDS


def _is_unit(suffix: str) -> bool:
    """Whether what stands after a number may be a unit; the halves of the day are not."""
    if not suffix:
        return True
    begins = suffix[0].isalpha() or suffix[0] in "%‰°\"″'′" or unicodedata.category(suffix[0]) == "Sc"
    return begins and len(suffix) <= 16 and suffix.lower() not in ("am", "pm", "a.m.", "p.m.")


def _canonical(unit: str) -> str:
    """Return what the ways to write a unit have in common: 'Euro' is 'euros', but 'M' is not 'm'."""
    word = unit.casefold() if len(unit) > 2 else unit
    word = word[:-1] if len(word) > 3 and word.endswith("s") else word
    return _SAME.get(word, word)


def _bounded(text: str) -> float | None:
    number = float(text)
    return number if abs(number) <= LARGEST else None
