from __future__ import annotations

from drf_spectacular.utils import OpenApiExample

FREEZE = {
    "kind": "freeze",
    "reason": "Christmas business",
    "time_zone": "Europe/Berlin",
    "starts_at": "2030-12-20T18:00:00+01:00",
    "ends_at": "2031-01-02T08:00:00+01:00",
}
HOURS = {
    "kind": "opening",
    "reason": "Somebody is at work",
    "time_zone": "Europe/Berlin",
    "rrule": "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH",
    "first_day": "2030-01-07",
    "start_time": "09:00",
    "minutes": 480,
}
WINDOWS = [
    OpenApiExample("Freeze once", FREEZE, request_only=True),
    OpenApiExample("Opening hours", HOURS, request_only=True),
]
CHANGES = [OpenApiExample("Until later", {"minutes": 540}, request_only=True)]
