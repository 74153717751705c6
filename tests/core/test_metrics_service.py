"""Where metrics come from, as the environment names it."""

import pytest

from portal.settings import environment

NEEDED = {
    "SLIPWAY_SECRET_KEY": "x",
    "SLIPWAY_DATABASE_URL": "sqlite:///x",
    "SLIPWAY_BROKER_URL": "memory://",
}


@pytest.mark.parametrize("value", ["", "monitoring/prometheus:9090", "monitoring/prometheus-server:http"])
def test_a_service_is_named_by_namespace_name_and_port(value):
    assert environment.read({**NEEDED, "SLIPWAY_METRICS_SERVICE": value}).metrics_service == value


@pytest.mark.parametrize(
    "value", ["prometheus", "prometheus:9090", "http://prometheus:9090", "a/b", "a/../b:1"]
)
def test_anything_else_is_refused_with_an_example(value):
    with pytest.raises(environment.SettingInvalid, match="monitoring/prometheus:9090"):
        environment.read({**NEEDED, "SLIPWAY_METRICS_SERVICE": value})
