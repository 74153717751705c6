"""The static site's server: what its configuration says, and what no value can make it say."""

from __future__ import annotations

import pytest

from portal.core.errors import ValidationFailed
from services_catalog import values
from services_catalog.checks import model_of
from services_catalog.models import Plan
from tests.services_catalog.pod_security import pod_of
from tests.services_catalog.rendered_charts import case_of, documents_of, one


def server(**overrides):
    return one(documents_of(case_of("static-site"), **overrides), "ConfigMap")["data"]["default.conf"]


def test_pages_are_asked_for_each_time_and_named_content_is_kept_but_never_what_is_missing():
    text = server(caching={"immutablePaths": ["/v1.2/"]})
    assert 'default "no-cache";' in text
    # a 404 that is kept for a year could not be mended
    assert '"~^(200|206|304) /v1[.]2/" "public, max-age=31536000, immutable";' in text


def test_a_single_page_application_gets_its_start_page_for_unknown_paths_alone():
    assert "try_files $uri $uri/ =404;" in server()
    text = server(site={"singlePage": True})
    assert "try_files $uri $uri/ /index.html;" in text
    assert "location /assets/ {\n    try_files $uri =404;" in text


def test_every_answer_carries_the_security_headers():
    text = server(headers={"more": {"Cross-Origin-Opener-Policy": "same-origin"}})
    for header in (
        "Content-Security-Policy",
        "Cross-Origin-Opener-Policy",
        "Permissions-Policy",
        "Referrer-Policy",
        "Strict-Transport-Security",
        "X-Content-Type-Options",
    ):
        assert f"\n  add_header {header} " in text
    # a header in a location would take away those of the server
    assert "add_header" not in text[text.index("location =") :]
    assert "Content-Security-Policy" not in server(headers={"contentSecurityPolicy": ""})


@pytest.mark.parametrize(
    "wrong",
    [
        {"headers": {"contentSecurityPolicy": 'a"; } location / { return 200'}},
        {"headers": {"permissionsPolicy": "$remote_addr"}},
        {"headers": {"more": {"X-A b": "x"}}},
        {"headers": {"more": {"X-A": "line\nbreak"}}},
        {"caching": {"immutablePaths": ["/a b/"]}},
        {"caching": {"immutablePaths": ["/(a+)+/"]}},
        {"site": {"index": "a; root /etc"}},
        {"site": {"notFound": "/404.html; alias /etc"}},
    ],
)
def test_no_value_can_change_what_the_configuration_means(wrong):
    case = case_of("static-site")
    with pytest.raises(ValidationFailed):
        values.compose(model_of(case.version), Plan(values={}), {**case.values(), **wrong}, case.context)


def test_the_server_is_the_platforms():
    case = case_of("static-site")
    wish = {"image": case.values()["image"], "server": {"image": {"tag": "1.0.0"}}}
    with pytest.raises(ValidationFailed, match="need to be corrected"):
        values.compose(model_of(case.version), Plan(values={}), wish, case.context)


def test_a_change_of_the_configuration_restarts_the_copies():
    def stamp(**overrides):
        template = one(documents_of(case_of("static-site"), **overrides), "Deployment")["spec"]["template"]
        return template["metadata"]["annotations"]["slipway.dev/server-digest"]

    assert stamp() == stamp(replicas=3)
    assert stamp() != stamp(site={"singlePage": True})


def test_files_are_copied_from_your_image_and_served_by_the_platforms():
    pod = pod_of(one(documents_of(case_of("static-site"), site={"folder": "/app/dist/"}), "Deployment"))
    copy, serve = pod["initContainers"][0], pod["containers"][0]
    assert copy["image"].startswith("registry.example.com/shop/handbook:")
    assert copy["command"] == ["cp", "-R", "/app/dist/.", "/content/"]
    assert serve["image"].startswith("registry.example.com/platform/nginx-unprivileged:")
    assert {"name": "content", "mountPath": "/content", "readOnly": True} in serve["volumeMounts"]
