"""Services asked through the API server's proxy: what they answer, and what they must not be able to do."""

from __future__ import annotations

import json
import socket
import threading
import time
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.clusters import prometheus
from portal.clusters.errors import ClusterForbidden, ClusterUnreachable, MetricUnknown, ServiceSilent
from portal.clusters.proxy import MOST_BYTES, ServiceProxy, why_not_a_path
from portal.clusters.types import Connection, ServicePort
from portal.core.errors import InvalidInput


def documents(image, annotations=None):
    labels = {"app": "web"}
    container = {"name": "app", "image": f"registry.example.com/{image}", "ports": [{"containerPort": 8080}]}
    yield {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "web"},
        "spec": {"selector": labels, "ports": [{"name": "http", "port": 80, "targetPort": 8080}]},
    }
    yield {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web"},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels, "annotations": annotations or {}},
                "spec": {"containers": [container]},
            },
        },
    }


@pytest.fixture
def serve(kubectl, namespace):
    def serve(image="app:1", **more):
        for document in documents(image, **more):
            kubectl("-n", namespace, "apply", "-f", "-", input=json.dumps(document))
        kubectl("-n", namespace, "rollout", "status", "deployment/web", "--timeout=20s")
        return ServicePort(namespace, "web", "http")

    return serve


@pytest.fixture
def proxy(connection):
    return ServiceProxy(connection)


def test_the_answer_of_a_service(serve, proxy):
    found = proxy.get(serve(), "/healthz?full=1")
    assert found.status == 200
    assert json.loads(found.body)["path"] == "/healthz"
    assert 0 < found.seconds < 10


def test_a_bad_answer_is_an_answer(serve, proxy):
    service = serve("unwell:1")
    assert proxy.get(service, "/healthz").status == 500
    assert proxy.get(service, "/status/404").status == 404


def test_a_redirect_is_not_followed(serve, proxy):
    assert proxy.get(serve(), "/status/302").status == 302


def test_a_service_that_nobody_stands_behind_is_silent(serve, proxy, kubectl, namespace):
    service = serve()
    kubectl("-n", namespace, "scale", "deployment/web", "--replicas", "0")
    kubectl("-n", namespace, "wait", "pod", "--all", "--for=delete", "--timeout=20s")
    with pytest.raises(ServiceSilent, match="no endpoints available for service"):
        proxy.get(service, "/")
    with pytest.raises(ServiceSilent, match="not found"):
        proxy.get(ServicePort(namespace, "nothing", "80"), "/")


def test_a_slow_answer_is_given_up_in_time(serve, proxy):
    service = serve("slow-answer-20:1")
    began = time.monotonic()
    with pytest.raises(ClusterUnreachable, match=r"did not answer within 0\.5 s"):
        proxy.get(service, "/", seconds=0.5)
    assert time.monotonic() - began < 10


def test_who_may_not_use_the_proxy_is_told(serve, connection):
    service = serve()
    with pytest.raises(ClusterForbidden, match="services/proxy"):
        ServiceProxy(connection.impersonating("somebody", ("system:authenticated",))).get(service, "/")


# no path leads out of the service


@pytest.mark.parametrize(
    "path",
    [
        "/../secrets/token",
        "/..",
        "/a/../../b",
        "/%2e%2e/b",
        "/.%2E/b",
        "/%252e%252e/b",
        "/..%2fsecrets",
        "/a/./b",
        "healthz",
        "",
        "//x\\y",
        "/a\r\nHost: other",
        "/a%0d%0aHost: other",
        "/a#b",
        "/" + "a" * 2000,
    ],
)
def test_paths_that_lead_elsewhere_are_refused(proxy, path):
    assert why_not_a_path(path)
    with pytest.raises(InvalidInput):
        proxy.get(ServicePort("shop", "web", "http"), path)


@given(st.text(alphabet="/.%2eEfF5c?&=ab \\é", max_size=30))
def test_what_is_asked_is_always_below_the_proxy(tail):
    path = f"/{tail}"
    if why_not_a_path(path):
        return
    address = ServiceProxy._address(ServicePort("shop", "web", "http"), path, {})
    base = "/api/v1/namespaces/shop/services/http:web:http/proxy/"
    assert address.startswith(base)
    assert ".." not in unquote(unquote(address.partition("?")[0])).split("/")


@pytest.mark.parametrize(
    "text", ["web:80", "shop/web", "shop/web:80/x", "shop/../web:80", "shop/web:80?a", "/:"]
)
def test_what_names_no_service_is_refused(text):
    with pytest.raises(InvalidInput, match="namespace/service:port"):
        ServicePort.parse(text)


def test_a_service_is_named_in_one_text():
    assert ServicePort.parse("monitoring/prometheus:web") == ServicePort("monitoring", "prometheus", "web")
    assert str(ServicePort.parse("monitoring/prometheus:9090")) == "monitoring/prometheus:9090"


# answers without end


@pytest.fixture
def endless():
    """An API server whose proxied service drips, or pours, for ever; TLS is left out of it."""
    listener = socket.create_server(("127.0.0.1", 0))
    stop = threading.Event()

    def answer(pieces):
        def run():
            while not stop.is_set():
                try:
                    client, _ = listener.accept()
                except OSError:
                    return
                client.recv(65536)
                try:
                    client.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                    for piece in pieces():
                        if stop.is_set():
                            break
                        client.sendall(b"%x\r\n%s\r\n" % (len(piece), piece))
                except OSError:
                    pass
                client.close()

        threading.Thread(target=run, daemon=True).start()
        port = listener.getsockname()[1]
        kubeconfig = {
            "clusters": [{"name": "x", "cluster": {"server": f"http://127.0.0.1:{port}"}}],
            "users": [{"name": "x", "user": {"token": "x"}}],
            "contexts": [{"name": "x", "context": {"cluster": "x", "user": "x"}}],
            "current-context": "x",
        }
        return ServiceProxy(Connection("endless", json.dumps(kubeconfig)))

    yield answer
    stop.set()
    listener.close()


def test_an_answer_without_end_is_cut(endless):
    def pour():
        while True:
            yield b"x" * 8192

    found = endless(pour).get(ServicePort("shop", "web", "http"), "/")
    assert len(found.body) == MOST_BYTES


def test_an_answer_that_drips_is_given_up_in_time(endless):
    def drip():
        while True:
            yield b"x"
            time.sleep(0.1)

    # each byte comes in time, so only a limit of the whole ends it
    with pytest.raises(ClusterUnreachable, match="did not answer within 1 s"):
        endless(drip).get(ServicePort("shop", "web", "http"), "/", seconds=1)


# metrics


@pytest.fixture
def measured(serve, proxy):
    metrics = {
        "one": "0.5",
        "many": {'{"path":"/a"}': "1", '{"path":"/b"}': "3"},
        "nan": "NaN",
        "huge": "+Inf",
    }
    service = serve("prometheus:3", annotations={"sandbox.slipway.dev/metrics": json.dumps(metrics)})
    return lambda promql: prometheus.query(proxy, service, promql, seconds=5)


def test_numbers_of_a_metric(measured):
    assert measured("one") == [0.5]
    assert measured("many") == [1, 3]
    assert measured("huge") == [float("inf")]


@pytest.mark.parametrize(
    ("promql", "said"), [("unknown", "no data"), ("nan", "NaN"), ("", "refuses the query")]
)
def test_what_is_no_number_is_not_known(measured, promql, said):
    with pytest.raises(MetricUnknown, match=said):
        measured(promql)


def test_a_service_that_is_no_prometheus(serve, proxy):
    with pytest.raises(MetricUnknown, match="is no Prometheus"):
        prometheus.query(proxy, serve(), "up", seconds=5)


# as Prometheus 2.42 answered
RECORDED = [
    ('{"resultType":"scalar","result":[1795649966.611,"1"]}', [1.0]),
    ('{"resultType":"vector","result":[{"metric":{},"value":[1795649966.684,"+Inf"]}]}', [float("inf")]),
    ('{"resultType":"string","result":[1795649966.621,"a"]}', None),
    ('{"resultType":"scalar","result":[1795649966.674,"NaN"]}', None),
    ('{"resultType":"matrix","result":[{"metric":{},"values":[[1795649966.370,"1"]]}]}', None),
    ('{"resultType":"vector","result":[{"metric":{}}]}', None),
    ("null", None),
]


@pytest.mark.parametrize(("data", "values"), RECORDED)
def test_recorded_answers(data, values):
    if values is not None:
        assert prometheus._values(json.loads(data)) == values
        return
    with pytest.raises(MetricUnknown):
        prometheus._values(json.loads(data))
