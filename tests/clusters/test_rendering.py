"""`render` with both real helms: what comes out, what is refused, what is bounded."""

from __future__ import annotations

import os
import shutil
import subprocess
import time

import pytest

from portal.clusters.errors import ChartDoesNotRender, HelmKilled, HelmMissing, RenderLimitExceeded
from portal.clusters.helm import render
from portal.clusters.types import MIB, Capabilities, RenderLimits, Target
from portal.core.errors import InvalidInput

TARGET = Target("web", "team-a")


@pytest.fixture
def rendered(helm_binary, demo_chart):
    def rendered(values=None, chart=demo_chart, **more):
        return render(chart, target=TARGET, values=values or {}, binary=helm_binary, **more)

    return rendered


def names(result):
    return {f"{document['kind']}/{document['metadata']['name']}" for document in result.documents}


def test_objects_and_images_of_a_chart(rendered):
    result = rendered({"replicas": 3, "image": "registry.example.com/demo:2.0"})
    assert names(result) == {"ConfigMap/web", "Service/web", "Deployment/web"}
    assert result.images == ("registry.example.com/demo:2.0",)
    (deployment,) = [document for document in result.documents if document["kind"] == "Deployment"]
    assert deployment["spec"]["replicas"] == 3


def test_hooks_and_their_images_are_included(rendered):
    result = rendered({"hook": {"enabled": True}})
    assert "Job/web-migrate" in names(result)
    assert "registry.example.com/migrate:1.0" in result.images


def test_tests_and_crds_are_included(rendered, demo_chart, tmp_path):
    chart = shutil.copytree(demo_chart, tmp_path / "demo")
    (chart / "crds").mkdir()
    (chart / "crds" / "things.yaml").write_text(
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n"
        "metadata: {name: things.example.com}\n"
    )
    (chart / "templates" / "test.yaml").write_text(
        "apiVersion: v1\nkind: Pod\nmetadata: {name: probe, annotations: {helm.sh/hook: test}}\n"
        "spec: {containers: [{name: a, image: 'probe:1'}]}\n"
    )
    result = rendered(chart=chart)
    assert {"CustomResourceDefinition/things.example.com", "Pod/probe"} <= names(result)
    assert "probe:1" in result.images


def test_init_and_ephemeral_containers_count_among_the_images(rendered):
    raw = (
        "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  initContainers: [{name: i, image: 'i:1'}]\n"
        "  containers: [{name: c, image: 'c:1'}]\n  ephemeralContainers: [{name: e, image: 'e:1'}]\n"
    )
    assert set(rendered({"raw": raw}).images) >= {"i:1", "c:1", "e:1"}


def test_a_second_document_slipped_in_by_a_value_is_found(rendered):
    raw = "apiVersion: v1\nkind: {0}\nmetadata: {{name: {0}}}\n"
    assert {"A/A", "B/B"} <= names(rendered({"raw": f"{raw.format('A')}---\n{raw.format('B')}"}))


@pytest.mark.parametrize("items", ["items", "ITEMS"])
def test_members_of_a_list_are_documents_of_their_own(rendered, items):
    raw = f"apiVersion: v1\nkind: ConfigMapList\n{items}:\n- metadata: {{name: inner}}\n"
    assert "ConfigMap/inner" in names(rendered({"raw": raw}))


def test_an_archive_renders_like_its_directory(rendered, demo_chart, tmp_path, helm_binary):
    subprocess.run(
        [helm_binary, "package", demo_chart, "-d", tmp_path], check=True, capture_output=True, timeout=30
    )
    (archive,) = tmp_path.glob("*.tgz")
    assert rendered(chart=archive).documents == rendered().documents


def test_values_are_checked_against_the_charts_schema_and_every_error_is_named(rendered):
    with pytest.raises(ChartDoesNotRender) as caught:
        rendered({"replicas": "three", "image": 7})
    assert "/replicas" in caught.value.message
    assert "/image" in caught.value.message


def test_a_failing_template_says_where_but_not_where_on_this_machine(rendered, demo_chart):
    with pytest.raises(ChartDoesNotRender) as caught:
        rendered({"raw": '{{ fail "pick a size" }}'})
    message = caught.value.message
    assert "pick a size" in message
    assert "templates/raw.yaml" in message
    assert str(demo_chart) not in message
    assert "/tmp" not in message
    assert "--debug" not in message


def test_secret_values_do_not_show_in_errors(rendered):
    with pytest.raises(ChartDoesNotRender) as caught:
        rendered(
            {
                "password": "hunter2-hunter2",
                "raw": '{{ fail (printf "%s %s" .Values.password (b64enc .Values.password)) }}',
            }
        )
    assert "hunter2" not in caught.value.message
    assert "aHVudGVy" not in caught.value.message


def test_what_is_not_a_manifest_is_refused(rendered):
    for raw in ("just text", "a: [", "- a list", "a: &a {b: *a}"):
        with pytest.raises(ChartDoesNotRender):
            rendered({"raw": raw})


def test_capabilities_are_those_given(rendered):
    raw = (
        'kind: {{ if .Capabilities.APIVersions.Has "x.io/v1/Foo" }}Foo{{ else }}Bar{{ end }}\n'
        'apiVersion: v1\nmetadata: {name: a, v: "{{ .Capabilities.KubeVersion.Version }}"}\n'
    )
    here = Capabilities("v1.31.7", ("v1", "x.io/v1", "x.io/v1/Foo"))
    (found,) = [
        d for d in rendered({"raw": raw}, capabilities=here).documents if d["metadata"]["name"] == "a"
    ]
    assert (found["kind"], found["metadata"]["v"]) == ("Foo", "v1.31.7")
    assert "Bar/a" in names(rendered({"raw": raw}))


def test_a_chart_sees_nothing_of_this_machine(rendered, monkeypatch, tmp_path):
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))
    monkeypatch.setenv("HELM_NAMESPACE", "elsewhere")
    raw = (
        "apiVersion: v1\nkind: A\nmetadata: {name: a, namespace: {{ .Release.Namespace }}}\n"
        'found: {{ lookup "v1" "Secret" "" "" | toJson }}\naddress: {{ getHostByName "localhost" | quote }}\n'
    )
    (found,) = [document for document in rendered({"raw": raw}).documents if document["kind"] == "A"]
    assert found == {
        "apiVersion": "v1",
        "kind": "A",
        "metadata": {"name": "a", "namespace": "team-a"},
        "found": {},
        "address": "",
    }
    with pytest.raises(ChartDoesNotRender, match="env"):
        rendered({"raw": '{{ env "HOME" }}'})


def test_a_chart_may_not_link_to_files_outside_of_it(rendered, demo_chart, tmp_path):
    chart = shutil.copytree(demo_chart, tmp_path / "demo")
    (chart / "secret.txt").symlink_to("/etc/hostname")
    with pytest.raises(ChartDoesNotRender, match=r"secret\.txt links to a file outside"):
        rendered({"raw": '{{ .Files.Get "secret.txt" }}'}, chart=chart)


def test_a_directory_that_is_no_chart(rendered, tmp_path):
    with pytest.raises(ChartDoesNotRender, match=r"no Chart\.yaml"):
        rendered(chart=tmp_path)


def test_time_is_bounded(rendered):
    started = time.monotonic()
    with pytest.raises(RenderLimitExceeded, match=r"more than 1 s"):
        rendered(
            {"raw": "{{ range until 100000 }}{{ range until 100000 }}{{ end }}{{ end }}"},
            limits=RenderLimits(seconds=1),
        )
    assert time.monotonic() - started < 20


def test_memory_is_bounded(rendered):
    with pytest.raises(RenderLimitExceeded, match="256 MiB of memory"):
        rendered(
            {"raw": '{{ $s := repeat 600000000 "x" }}{{ len $s }}'},
            limits=RenderLimits(memory_bytes=256 * MIB),
        )


def test_output_is_bounded(rendered):
    with pytest.raises(RenderLimitExceeded, match="1 MiB of manifest"):
        rendered({"raw": 'a: {{ repeat 2000000 "x" }}'}, limits=RenderLimits(output_bytes=MIB))


def test_nothing_is_left_behind(rendered, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    rendered({"password": "hunter2-hunter2"})
    with pytest.raises(ChartDoesNotRender):
        rendered({"raw": "{{ fail `no` }}"})
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("name", ["", "-x", "--debug", "Web", "a" * 54, "a/b", "a_b", "web\n", "web --debug"])
def test_a_release_name_that_helm_would_take_for_something_else_is_refused(name):
    with pytest.raises(InvalidInput, match="release"):
        Target(name, "team-a")


def test_a_missing_helm_says_how_to_get_one(demo_chart, tmp_path):
    with pytest.raises(HelmMissing, match="make up"):
        render(demo_chart, target=TARGET, values={}, binary=tmp_path / "helm")


def test_a_killed_helm_says_nothing_of_the_chart(demo_chart, tmp_path):
    helm = tmp_path / "helm"
    helm.write_text("#!/bin/sh\ncase $1 in version) echo v4.3.0;; *) kill -9 $$;; esac\n")
    helm.chmod(0o755)
    with pytest.raises(HelmKilled) as killed:
        render(demo_chart, target=TARGET, values={}, binary=helm)
    assert killed.value.retryable
