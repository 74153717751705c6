"""The Celery application. Messages are only wake-ups; rows are the queue."""

from __future__ import annotations

import gc
import os
from typing import Any

from celery import Celery
from celery.signals import worker_process_init
from django_structlog.celery.steps import DjangoStructLogInitStep

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings.dev")

app = Celery("portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.steps["worker"].add(DjangoStructLogInitStep)


@worker_process_init.connect
def keep_what_was_loaded(**_: Any) -> None:
    """What is loaded stays for ever: no collection has to look at it again."""
    gc.collect()
    gc.freeze()
