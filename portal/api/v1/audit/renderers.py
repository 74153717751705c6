"""What an export is offered as. The lines are streamed by the view; these only let `Accept` name them."""

from __future__ import annotations

from rest_framework.renderers import JSONRenderer


class JsonLines(JSONRenderer):
    media_type = "application/x-ndjson"
    format = "jsonl"


class CommaSeparated(JSONRenderer):
    media_type = "text/csv"
    format = "csv"
