"""Parse dates, times of day and durations as people write them and spreadsheets export them."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass
from typing import ClassVar

__all__ = ["ORDERS", "DateForm", "TimeForm", "clock", "day_of"]

#: Orders of year, month and day, with their titles. With the first, years of two digits are not read.
ORDERS = {
    "ymd": "year-month-day",
    "named": "month in letters",
    "dmy": "day.month.year",
    "mdy": "month/day/year",
    "compact": "YYYYMMDD",
    "short": "year/month/day, two digits each",
}
_EPOCH = datetime.date(1970, 1, 1)

#: The twelve months in English, German, French, Spanish, Italian, Portuguese and Dutch, short and long.
_MONTHS = {
    word: number
    for number, words in enumerate(
        (
            "jan january januar janvier janv ene enero gen gennaio janeiro januari jän jänner",
            "feb february februar février févr fév febrero febbraio fev fevereiro februari",
            "mar march mär märz mrz mars marzo março maart mrt",
            "apr april avril avr abr abril aprile",
            "may mai mayo mag maggio maio mei",
            "jun june juni juin junio giu giugno junho",
            "jul july juli juillet juil julio lug luglio julho",
            "aug august août aou agosto ago augustus",
            "sep sept september septembre septiembre set settembre setembro",
            "oct october okt oktober octobre octubre ott ottobre out outubro",
            "nov november novembre noviembre novembro",
            "dec december dez dezember décembre déc dic diciembre dicembre dezembro",
        ),
        start=1,
    )
    for word in words.split()
}

#: What may follow a time: a zone, which is ignored, so that a date has the time of the local clock.
_ZONE = (
    r"(?: ?(?:Z|z|(?:UTC|GMT)?[+-]\d{1,2}(?::?\d{2})?|UTC|GMT|CET|CEST|MEZ|MESZ|WET|WEST|EET|EEST|BST|MSK|IST|JST|"
    r"[ECMP][SD]T|AE[SD]T))?(?: ?\[[A-Za-z_/+-]+\])?(?: ?\([A-Za-z .]+\))?"
)
_CLOCK = (
    r"(?P<hour>\d{1,2})(?:(?::|h)(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,]\d+)?)?)?"
    r"(?: ?(?P<half>[AaPp])\.?[Mm]\.?)?" + _ZONE
)
_TIME = rf"(?:(?:[T ]|, ?| at | um | à ){_CLOCK}(?: Uhr)?)?"
_WEEKDAY = r"(?:[^\W\d]{2,10}\.?,? )?"
_FIRST_YEAR = re.compile(rf"(?P<year>\d{{4}})([-/.])(?P<month>\d{{1,2}})(?:\2(?P<day>\d{{1,2}}))?{_TIME}", re.ASCII)
_LAST_YEAR = re.compile(rf"(\d{{1,2}})([-/.]) ?(\d{{1,2}})\2 ?(?P<year>\d{{4}}|\d{{2}}){_TIME}", re.ASCII)
_MONTH_YEAR = re.compile(r"(\d{1,2})[-/](?P<year>\d{4})", re.ASCII)
_SHORT = re.compile(rf"(?P<year>\d{{2}})([-/.])(?P<month>\d{{1,2}})\2(?P<day>\d{{1,2}}){_TIME}", re.ASCII)
_COMPACT = re.compile(
    rf"(?P<year>\d{{4}})(?P<month>\d{{2}})(?P<day>\d{{2}})(?:[T ]?(?P<hms>\d{{6}})Z?|{_TIME})", re.ASCII
)
_DAY_NAME = re.compile(
    rf"{_WEEKDAY}(?:(?P<day>\d{{1,2}})(?:\.|st|nd|rd|th|er|º)?[- ./]?(?: ?de | ?of )?)?(?P<name>[^\W\d]{{3,10}})\.?"
    rf"[- ./,]* ?(?:de )?(?P<year>\d{{4}}|'?\d{{2}}){_TIME}"
)
_NAME_DAY = re.compile(
    rf"{_WEEKDAY}(?P<name>[^\W\d]{{3,10}})\.?[- ](?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?[- ](?P<year>\d{{4}}){_TIME}"
)
_YEAR_NAME = re.compile(rf"(?P<year>\d{{4}})[- /.](?P<name>[^\W\d]{{3,10}})\.?[- /.](?P<day>\d{{1,2}}){_TIME}")
#: As programs in C write it: Tue Dec 31 14:30:00 2023.
_ASCTIME = re.compile(
    rf"[A-Za-z]{{3}} (?P<name>[A-Za-z]{{3}}) {{1,2}}(?P<day>\d{{1,2}}) {_CLOCK} (?P<year>\d{{4}})", re.ASCII
)

_ONLY_CLOCK = re.compile(_CLOCK + "(?: Uhr)?", re.ASCII)
_SPAN = re.compile(
    r"(?:(?P<days>-?\d+) ?(?:d|days?)[ ,T+]*|(?P<sign>-?))"
    r"(?P<hours>\d+):(?P<minutes>[0-5]\d)(?::(?P<seconds>[0-5]\d(?:[.,]\d+)?))?",
    re.ASCII,
)
_SPAN_WORDS = re.compile(
    r"(?P<sign>-?)P?(?:(?P<weeks>\d+) ?(?:w|wks?|weeks?)[ ,]*)?(?:(?P<days>\d+) ?(?:d|days?)[ ,]*)?T?"
    r"(?:(?P<hours>\d+) ?(?:h|hrs?|hours?|std)[ ,]*)?(?:(?P<minutes>\d+) ?(?:m|min|mins|minutes?)[ ,]*)?"
    r"(?:(?P<seconds>\d+(?:\.\d+)?) ?(?:s|sec|secs|seconds?))?",
    re.ASCII | re.I,
)


@dataclass(frozen=True)
class DateForm:
    """The form of the dates in a column.

    Dates with a year of four digits first, or with the month in letters, are read with any order.

    Attributes
    ----------
    order : {'ymd', 'named', 'dmy', 'mdy', 'compact', 'short'}
        The order of dates of digits.
    """

    order: str = "ymd"

    def read(self, text: str) -> float | None:
        """Return the days since 1 January 1970, with the time of day as a fraction; None if the text is not a date.

        Examples
        --------
        >>> DateForm().read("1970-01-03 12:00"), DateForm().read("01.02.1970"), DateForm().read("2024-01-05 24:59")
        (2.5, None, None)
        >>> DateForm("dmy").read("01.02.1970"), DateForm("mdy").read("01/02/70"), DateForm().read("2 Jan 1970")
        (31.0, 1.0, 1.0)
        """
        if text[4:5] == "-" and (days := _iso(text)) is not None:
            return days
        if text.isascii() and text[:4].isdigit() and (found := _FIRST_YEAR.fullmatch(text)):
            return _days(found, int(found["month"]), int(found["day"] or 1))
        if self.order in ("dmy", "mdy") and (found := _LAST_YEAR.fullmatch(text)):
            day, month = int(found[1]), int(found[3])
            if self.order == "mdy":
                # Dates with points never have the month first.
                return None if found[2] == "." else _days(found, day, month)
            return _days(found, month, day)
        if self.order == "compact" and (found := _COMPACT.fullmatch(text)):
            return _days(found, int(found["month"]), int(found["day"]))
        if self.order == "short" and (found := _SHORT.fullmatch(text)):
            return _days(found, int(found["month"]), int(found["day"]))
        if found := _MONTH_YEAR.fullmatch(text):
            return _days(found, int(found[1]), 1)
        for form in (_DAY_NAME, _NAME_DAY, _YEAR_NAME, _ASCTIME):
            if (found := form.fullmatch(text)) and (name := _MONTHS.get(found["name"].lower())):
                return _days(found, name, int(found["day"] or 1))
        return None

    @property
    def title(self) -> str:
        """A description of the form."""
        return ORDERS[self.order]

    def example(self, *, hours: bool) -> str:
        """Return a date in this form."""
        written = {
            "named": "31 Dec 2024",
            "dmy": "31.12.2024",
            "mdy": "12/31/2024",
            "compact": "20241231",
            "short": "24/12/31",
        }
        return written.get(self.order, "2024-12-31") + (" 18:30" if hours else "")


@dataclass(frozen=True)
class TimeForm:
    """The form of the times in a column.

    Attributes
    ----------
    duration : bool
        Whether they are durations, which can exceed a day, rather than times of day.
    """

    duration: bool = False
    title: ClassVar[str] = ""

    def read(self, text: str) -> float | None:
        """Return the hours since midnight, or of a duration; None if the text is not a time.

        Examples
        --------
        >>> TimeForm().read("2:30 PM"), TimeForm().read("24:59"), TimeForm(duration=True).read("1 day, 12:30:00")
        (14.5, None, 36.5)
        """
        if not self.duration:
            # A number alone is not a time, but '3 PM' is.
            found = None if text.isdigit() else _ONLY_CLOCK.fullmatch(text)
            hours = None if found is None else _hours(found)
            return hours if hours is None or hours < 24 else None
        found = _SPAN.fullmatch(text) or (_SPAN_WORDS.fullmatch(text) if any(map(str.isdigit, text)) else None)
        if found is None or text.isdigit():
            return None
        parts = found.groupdict()
        sizes = {"weeks": 168.0, "days": 24.0, "hours": 1.0, "minutes": 1 / 60, "seconds": 1 / 3600}
        hours = sum(float((parts.get(name) or "0").replace(",", ".")) * size for name, size in sizes.items())
        return -hours if parts["sign"] else hours


def clock(hours: float) -> str:
    """Return hours as H:MM, with seconds if they are not 0.

    Examples
    --------
    >>> clock(14.5), clock(-36.0125)
    ('14:30', '-36:00:45')
    """
    seconds = round(abs(hours) * 3600)
    rest = f":{seconds % 60:02d}" if seconds % 60 else ""
    return f"{'-' if hours < 0 else ''}{seconds // 3600}:{seconds // 60 % 60:02d}{rest}"


def day_of(days: float) -> str:
    """Return the date of a number of days since 1970, in ISO 8601."""
    return str(_EPOCH + datetime.timedelta(days=int(days)))


def _iso(text: str) -> float | None:
    """Return the days since 1970 for a date in the most common form, which datetime parses faster."""
    if text[7:8] != "-" or not (len(text) == 10 or (len(text) in (16, 19) and text[10] in " T" and text[13] == ":")):
        return None
    try:
        moment = datetime.datetime.fromisoformat(text)
    except ValueError:
        return None
    seconds = moment.hour * 3600 + moment.minute * 60 + moment.second
    return moment.toordinal() - _EPOCH.toordinal() + seconds / 86400


def _days(found: re.Match[str], month: int, day: int) -> float | None:
    parts = found.groupdict()
    digits = parts["year"].lstrip("'")
    # Two digits stand for 1969 to 2068, as in POSIX.
    year = int(digits) + (0 if len(digits) == 4 else 1900 if int(digits) >= 69 else 2000)
    try:
        days = (datetime.date(year, month, day) - _EPOCH).days
    except ValueError:
        return None
    if parts.get("hms"):
        packed = parts["hms"]
        found_hours = _checked(int(packed[:2]), int(packed[2:4]), int(packed[4:]), None)
    else:
        found_hours = _hours(found)
    return None if found_hours is None else days + found_hours / 24


def _hours(found: re.Match[str]) -> float | None:
    """Return the hours since midnight; 0 without a time, None for an invalid one."""
    parts = found.groupdict()
    if parts.get("hour") is None:
        return 0.0
    # '2024-01-05 7' is not a date with a time.
    if parts["minute"] is None and parts["half"] is None:
        return None
    return _checked(int(parts["hour"]), int(parts["minute"] or 0), int(parts["second"] or 0), parts["half"])


def _checked(hour: int, minute: int, second: int, half: str | None) -> float | None:
    if half is not None:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half.lower() == "p" else 0)
    seconds = hour * 3600 + minute * 60 + second
    # A day ends at 24:00, and some with a leap second.
    if minute > 59 or second > 60 or seconds > 86400:
        return None
    return seconds / 3600
