"""Reading the part of RFC 5545's RRULE that windows can have; what is refused says what to write instead."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
TOO_DENSE = ("SECONDLY", "MINUTELY", "HOURLY")
MOST_STARTS_A_DAY = 4
LONGEST_TEXT = 255
LONGEST_INTERVAL = 400
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
BYDAY = re.compile(r"([+-]?[0-9]{1,2})?(MO|TU|WE|TH|FR|SA|SU)")
# the largest n of "the n-th Monday"
ORDINALS = {"MONTHLY": 5, "YEARLY": 53}
# name → smallest, largest, whether negative ones count from the end, the frequencies that know it
NUMBERS: Mapping[str, tuple[int, int, bool, tuple[str, ...]]] = {
    "BYMONTH": (1, 12, False, FREQUENCIES),
    "BYMONTHDAY": (1, 31, True, ("DAILY", "MONTHLY", "YEARLY")),
    "BYYEARDAY": (1, 366, True, ("YEARLY",)),
    "BYWEEKNO": (1, 53, True, ("YEARLY",)),
    "BYHOUR": (0, 23, False, FREQUENCIES),
    "BYMINUTE": (0, 59, False, FREQUENCIES),
    "BYSETPOS": (1, 366, True, ("MONTHLY", "YEARLY")),
}
KNOWN = frozenset({"FREQ", "INTERVAL", "WKST", "BYDAY", *NUMBERS})
LAST_DAY = "Leave {} out: the last day (until) says when it ends."
SAID_OTHERWISE = {
    "UNTIL": LAST_DAY.format("UNTIL"),
    "COUNT": LAST_DAY.format("COUNT"),
    "DTSTART": "Leave DTSTART out: the first day and the start time say it.",
    "BYSECOND": "Leave BYSECOND out: windows start at a full minute.",
}


class NoRecurrence(ValueError):
    """The text is no recurrence that windows can have; the message says what to do."""


@dataclass(frozen=True)
class Rule:
    """A parsed RRULE. `days` are (n of "the n-th", or 0; weekday, Monday is 0)."""

    frequency: str
    interval: int = 1
    week_starts: int = 0
    days: tuple[tuple[int, int], ...] = ()
    numbers: Mapping[str, tuple[int, ...]] = field(default_factory=dict)


@lru_cache(maxsize=1024)
def parse(text: str) -> Rule:
    """Read an RRULE such as FREQ=WEEKLY;BYDAY=MO,TU. Raises NoRecurrence."""
    parts = _parts(text)
    frequency = _frequency(parts.pop("FREQ", ""))
    interval = _number("INTERVAL", parts.pop("INTERVAL", "1"), 1, LONGEST_INTERVAL)
    week_starts = parts.pop("WKST", "MO")
    if week_starts not in WEEKDAYS:
        raise NoRecurrence(f"WKST is one of {', '.join(WEEKDAYS)}.")
    days = _days(parts.pop("BYDAY", None), frequency, parts)
    numbers = {name: _numbers(name, given, frequency) for name, given in parts.items()}
    if "BYSETPOS" in numbers and not days and len(numbers) == 1:
        raise NoRecurrence("BYSETPOS chooses from what another part such as BYDAY names: add that part.")
    if len(numbers.get("BYHOUR", (0,))) * len(numbers.get("BYMINUTE", (0,))) > MOST_STARTS_A_DAY:
        raise NoRecurrence(_too_dense("That"))
    return Rule(frequency, interval, WEEKDAYS.index(week_starts), days, numbers)


def _parts(text: str) -> dict[str, str]:
    text = text.strip().upper().removeprefix("RRULE:")
    if not text or len(text) > LONGEST_TEXT:
        raise NoRecurrence(f"A recurrence has 1 to {LONGEST_TEXT} characters, such as FREQ=WEEKLY;BYDAY=FR.")
    parts: dict[str, str] = {}
    for part in text.removesuffix(";").split(";"):
        name, _, given = part.partition("=")
        if name in SAID_OTHERWISE:
            raise NoRecurrence(SAID_OTHERWISE[name])
        if not given or name not in KNOWN:
            raise NoRecurrence(f"{part[:40]!r} is no part of a recurrence that is known here.")
        if name in parts:
            raise NoRecurrence(f"{name} is there twice.")
        parts[name] = given
    return parts


def _frequency(given: str) -> str:
    if given in TOO_DENSE:
        raise NoRecurrence(_too_dense(f"FREQ={given}"))
    if given not in FREQUENCIES:
        raise NoRecurrence(f"Begin with FREQ= and one of {', '.join(FREQUENCIES)}.")
    return given


def _too_dense(what: str) -> str:
    return f"{what} is too dense: a window starts at most {MOST_STARTS_A_DAY} times a day, as BYHOUR says."


def _days(given: str | None, frequency: str, others: Mapping[str, str]) -> tuple[tuple[int, int], ...]:
    if given is None:
        return ()
    found = []
    # with months it is the n-th Monday of each month
    counted = "MONTHLY" if "BYMONTH" in others and frequency == "YEARLY" else frequency
    largest = 0 if "BYWEEKNO" in others else ORDINALS.get(counted, 0)
    for each in given.split(","):
        match = BYDAY.fullmatch(each)
        if match is None:
            raise NoRecurrence(f"BYDAY names days as {', '.join(WEEKDAYS)}, not {each[:20]!r}.")
        if match[1] and not 1 <= abs(int(match[1])) <= largest:
            raise NoRecurrence(f"BYDAY={each} has no meaning with FREQ={frequency} and what else is said.")
        found.append((int(match[1] or 0), WEEKDAYS.index(match[2])))
    return tuple(dict.fromkeys(found))


def _numbers(name: str, given: str, frequency: str) -> tuple[int, ...]:
    smallest, largest, from_end, known_to = NUMBERS[name]
    if frequency not in known_to:
        raise NoRecurrence(f"{name} has no meaning with FREQ={frequency}.")
    return tuple(sorted({_number(name, each, smallest, largest, from_end) for each in given.split(",")}))


def _number(name: str, given: str, smallest: int, largest: int, from_end: bool = False) -> int:
    if not re.fullmatch(r"[+-]?[0-9]{1,3}" if from_end else r"[0-9]{1,3}", given):
        raise NoRecurrence(f"{name} takes whole numbers, not {given[:20]!r}.")
    if not smallest <= (abs(int(given)) if from_end else int(given)) <= largest:
        raise NoRecurrence(f"{name} is from {smallest} to {largest}, not {given}.")
    return int(given)
