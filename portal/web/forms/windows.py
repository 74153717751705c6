"""Adding a freeze or opening hours without knowing RRULE; experts may write one."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django import forms

from portal.core import clock
from portal.environments.rrules import WEEKDAYS
from portal.environments.window_checks import YEARS, time_zones
from portal.environments.windows import Kind, once
from portal.web.forms.decision import ServiceForm

ONCE, FREEZE, OPENING = "once", "freeze", "opening"
WHAT = [
    (ONCE, "Freeze once"),
    (FREEZE, "Freeze again and again"),
    (OPENING, "Opening hours"),
]
NAMES = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
CONTROL = {"class": "form-control"}
MINUTES_A_DAY = 24 * 60


def _input(kind: str, **attrs: str) -> Any:
    return forms.TextInput(attrs={**CONTROL, "type": kind, **attrs})


def _moment(label: str) -> forms.DateTimeField:
    formats = ["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S"]
    return forms.DateTimeField(
        required=False, label=label, input_formats=formats, widget=_input("datetime-local")
    )


class WindowForm(ServiceForm):
    """`what` says which of the two halves counts; the other one is not read."""

    what = forms.ChoiceField(choices=WHAT, initial=ONCE, widget=forms.RadioSelect)
    reason = forms.CharField(
        required=False, label="Why? Everybody who waits reads it", max_length=300, widget=_input("text")
    )
    time_zone = forms.CharField(
        required=False,
        label="Time zone",
        max_length=64,
        widget=_input("text", list="zones", autocomplete="off", spellcheck="false"),
    )
    starts = _moment("From")
    ends = _moment("Until")
    days = forms.MultipleChoiceField(
        required=False,
        label="On",
        choices=list(zip(WEEKDAYS, NAMES, strict=True)),
        initial=list(WEEKDAYS[:5]),
        widget=forms.CheckboxSelectMultiple,
    )
    start = forms.TimeField(required=False, label="From", widget=_input("time"))
    end = forms.TimeField(required=False, label="To", widget=_input("time"))
    first_day = forms.DateField(required=False, label="First day", widget=_input("date"))
    until = forms.DateField(required=False, label="Last day", widget=_input("date"))
    rrule = forms.CharField(
        required=False,
        label="RRULE, instead of the weekdays",
        max_length=255,
        widget=forms.TextInput(
            attrs={
                "class": "form-control mono",
                "autocomplete": "off",
                "spellcheck": "false",
                "placeholder": "FREQ=MONTHLY;BYDAY=-1FR",
            }
        ),
    )
    places = {"starts_at": "starts", "ends_at": "ends", "start_time": "start", "minutes": "end"}

    def clean_time_zone(self) -> str:
        zone = str(self.cleaned_data["time_zone"]).strip()
        if zone not in time_zones():
            raise forms.ValidationError("There is no such time zone. Write it like Europe/Berlin, or UTC.")
        return zone

    @property
    def asked(self) -> dict[str, Any]:
        """The window, as the service takes it; of a valid form."""
        given = self.cleaned_data
        kind = Kind.OPENING if given["what"] == OPENING else Kind.FREEZE
        when = self._once(kind) if given["what"] == ONCE else self._recurring()
        return {"kind": kind.value, "reason": given["reason"], "time_zone": given["time_zone"], **when}

    def _once(self, kind: Kind) -> dict[str, Any]:
        """What was typed is the zone's own time, whatever zone the server or the browser is in."""
        start, end = (_naive(self.cleaned_data[name]) for name in ("starts", "ends"))
        if start is None or end is None:
            return {}
        when = once(kind, self.cleaned_data["time_zone"], start, end)
        return {"starts_at": when.start, "ends_at": when.end}

    def _recurring(self) -> dict[str, Any]:
        given = self.cleaned_data
        today = clock.now().astimezone(ZoneInfo(given["time_zone"])).date()
        return {
            "rrule": given["rrule"].strip() or _weekly(given["days"]),
            "first_day": given["first_day"] or today,
            "start_time": given["start"],
            "minutes": _minutes(given["start"], given["end"]),
            "until": given["until"],
        }

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if given.get("what") == ONCE:
            wanted = {"starts": "From when on?", "ends": "Until when?"}
        else:
            wanted = {"start": "From which time on?", "end": "Until which time?"}
            if not given.get("rrule") and not given.get("days"):
                self.add_error("days", "Choose the days.")
        for name, message in wanted.items():
            if given.get(name) is None and name not in self.errors:
                self.add_error(name, message)
        for name in ("starts", "ends", "first_day", "until"):
            if given.get(name) and given[name].year not in YEARS:
                self.add_error(name, f"The year is from {YEARS[0]} to {YEARS[-1]}.")
        return given


def _naive(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=None) if moment else None


def _weekly(days: list[str]) -> str:
    return "FREQ=DAILY" if len(days) == len(WEEKDAYS) else f"FREQ=WEEKLY;BYDAY={','.join(days)}"


def _minutes(start: time | None, end: time | None) -> int | None:
    """On the wall clock; an end that is not later is the next day's."""
    if start is None or end is None:
        return None
    day = date.min
    passed = datetime.combine(day, end) - datetime.combine(day, start)
    return int(passed.total_seconds() // 60) % MINUTES_A_DAY or MINUTES_A_DAY
