"""The Celery application. Messages are only wake-ups; rows are the queue."""

from __future__ import annotations

import gc
import os
import time
from typing import Any

from celery import Celery, Task
from celery.signals import celeryd_after_setup, worker_process_init
from django_structlog.celery.steps import DjangoStructLogInitStep

from portal import broker

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings.dev")


class Paced(Task):  # type: ignore[type-arg]
    """A periodic task whose messages have piled up runs once, not once for each of them. Only beat's messages
    carry an end, so only they are looked at."""

    abstract = True
    _ran_at: float | None = None

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.request.called_directly or not self.request.expires:
            return self.run(*args, **kwargs)
        now = time.monotonic()
        if self._ran_at is not None and now - self._ran_at < self._interval() / 2:
            return None
        self._ran_at = now
        return self.run(*args, **kwargs)

    def _interval(self) -> float:
        """Seconds between two messages of beat; 0 for a task that is not in its schedule."""
        entries = app.conf.beat_schedule.values()
        return min((each["schedule"].seconds for each in entries if each["task"] == self.name), default=0.0)


app = Celery("portal", task_cls=Paced)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.steps["worker"].add(DjangoStructLogInitStep)
broker.harden()


@celeryd_after_setup.connect
def greet_nobody(instance: Any, **_: Any) -> None:
    """A worker whose output goes to a full disk would end of its banner; its log says the same."""
    instance.quiet = True


@worker_process_init.connect
def keep_what_was_loaded(**_: Any) -> None:
    """What is loaded stays for ever: no collection has to look at it again."""
    gc.collect()
    gc.freeze()
