"""Lines as helm 3.19 and 4.3 write them with --debug, and as people get to read them."""

# ruff: noqa: E501 the lines as they are

from __future__ import annotations

import pytest

from portal.clusters.helm_log import readable

LINES = {
    'level=DEBUG msg="Created resource via patch" namespace=ops name=web gvk="apps/v1, Kind=Deployment"': "Created resource via patch: Deployment/web",
    'level=DEBUG msg="starting delete resource" namespace=ops name=web-migrate kind=Job': "starting delete resource: Job/web-migrate",
    'level=DEBUG msg="waiting for resources" count=1 timeout=5s': "waiting for resources (count 1, timeout 5s)",
    'time=2026-11-23T05:20:42.0Z level=WARN msg="a \\"quoted\\" word"': 'a "quoted" word',
    "level=INFO msg=plain": "plain",
    "client.go:144: 2026-11-23 05:23:51.126378815 +0000 UTC m=+0.747431825 [debug] creating 5 resource(s)": "creating 5 resource(s)",
    "client.go:144: [debug] creating 5 resource(s)": "creating 5 resource(s)",
    "Error: UPGRADE FAILED: boom": "Error: UPGRADE FAILED: boom",
    'level=DEBUG msg="Chart path" path=/somewhere/charts/demo': None,
    "install.go:242: 2026-11-23 05:23:50.623778794 +0000 UTC m=+0.24 [debug] CHART PATH: /somewhere/demo": None,
    'level=DEBUG msg="unmarshalled JSON schema" schema="{\\n}"': None,
    "helm.go:92: 2026-11-23 05:23:51.147735286 +0000 UTC m=+0.768788296 [debug] boom": None,
    "": None,
}


@pytest.mark.parametrize(("line", "text"), LINES.items())
def test_a_line_in_plain_words(line, text):
    assert readable(line) == text
