"""Which log is read, and how much of it."""

from __future__ import annotations

from typing import Any

from django import forms

from portal.lifecycle.operations import pod_logs

LINES = (100, 200, 500, 1_000, pod_logs.MOST_LINES)


class PodLogForm(forms.Form):
    pod = forms.CharField(max_length=253)
    container = forms.CharField(max_length=63, required=False)
    previous = forms.BooleanField(required=False)
    lines = forms.IntegerField(min_value=1, max_value=pod_logs.MOST_LINES, required=False)

    line_choices = LINES

    def clean(self) -> dict[str, Any]:
        data = dict(super().clean() or {})
        data["lines"] = data.get("lines") or pod_logs.DEFAULT_LINES
        return data
