"""The form of a chart with 1,000 values, against as many bare inputs in a template, in the same run."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from django.template import Context, Template

from services_catalog.forms import flat, form_fields, parse_form
from services_catalog.inference import infer
from services_catalog.models import OfferingVersion
from tests.benchmarks.reporting import report
from tests.services_catalog.browser_form import rendered, submission

pytestmark = pytest.mark.benchmark
ROUNDS = 15
GROUP = """
  # -- Whether it runs
  enabled: true
  # -- How many
  replicas: 2
  image: {repository: registry.example.com/app, tag: "1.4.2", pullPolicy: IfNotPresent}
  # -- What else it is told
  args: [--verbose]
  nodeSelector: {}
  tolerations: []
  resources: {requests: {cpu: 100m, memory: 128Mi}, limits: {memory: 256Mi}}
  service: {type: ClusterIP, port: 8080, annotations: {}}
  password: ""
  note:
"""
TEXT = "".join(f"# -- Part {number}\npart{number}:{GROUP}" for number in range(60))
BARE = Template(
    '{% for each in fields %}<label for="{{ each }}">{{ each }}</label><input name="{{ each }}">{% endfor %}'
)


def median_ms(work: Callable[[], Any]) -> float:
    work()
    found = []
    for _ in range(ROUNDS):
        start = time.process_time()
        work()
        found.append((time.process_time() - start) * 1000)
    return statistics.median(found)


def test_a_form_of_a_thousand_values() -> None:
    version = OfferingVersion(values_schema=infer(TEXT), default_values=yaml.safe_load(TEXT))
    fields = form_fields(version, None)
    count = sum(1 for _ in flat(fields))
    data = submission(fields)
    names = [field.path for field in flat(fields)]
    bare = median_ms(lambda: BARE.render(Context({"fields": names})))
    built = median_ms(lambda: form_fields(version, None))
    drawn = median_ms(lambda: rendered(fields))
    read = median_ms(lambda: parse_form(fields, data))
    assert count >= 1000
    report(
        f"form of {count} values, ms",
        built=built,
        drawn=drawn,
        read=read,
        kilobytes=len(rendered(fields)) / 1024,
        bare_inputs=bare,
        ratio=(built + drawn) / bare,
    )
    assert built + drawn < 30 * bare
