"""`catalog check`, with the organisation's own policies and both helms."""

from __future__ import annotations

from io import StringIO

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from portal.policy import load_bundle
from services_catalog import checks
from tests import tools
from tests.services_catalog.test_library import change


@pytest.fixture(scope="module")
def bundle():
    return load_bundle(settings.SLIPWAY_POLICY_DIR)


@pytest.fixture
def redis_only(library_copy):
    """A library of one offering with one plan and one example, so that a check takes a second."""
    for file in library_copy.glob("*.yaml"):
        if file.stem != "redis":
            file.unlink()
    change(library_copy, "redis", reduce)
    (library_copy.parent / "charts" / "redis" / "1.0.0" / "ci" / "full-values.yaml").unlink()
    return library_copy


def reduce(document):
    """To the first plan of the first version."""
    document["versions"] = document["versions"][:1]
    document["versions"][0]["plans"] = document["versions"][0]["plans"][:1]


def with_small_gpus_alone(document):
    version = document["versions"][0]
    version["plans"] = [{**plan, "default": True} for plan in version["plans"] if plan["slug"] == "small-gpu"]


def edit(folder, file, old, new):
    path = folder.parent / "charts" / "redis" / "1.0.0" / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def messages(folder, bundle) -> set[str]:
    return {failure.message for failure in checks.check(folder, bundle, [tools.helm()])}


@pytest.mark.timeout(600)  # some 700 renderings
def test_our_library_passes_with_every_plan_both_helms_and_all_policies():
    out = StringIO()
    call_command("catalog", "check", helm=[tools.helm(), tools.helm3()], stdout=out)
    assert "passes policy" in out.getvalue()


def test_every_plan_example_and_environment_is_looked_at(offerings):
    seen = {str(case) for case in checks.cases(offerings)}
    assert "web-service 1.0.0 large ci/full-values.yaml production" in seen
    assert "ml-batch-job 1.0.0 large-gpu ci/distributed-values.yaml production" in seen
    assert len(seen) == 3 * sum(
        len(version.plans) * len(checks.examples(version))
        for offering in offerings
        for version in offering.versions
    )


def test_a_chart_that_breaks_policy_fails_the_check(redis_only, bundle):
    edit(redis_only, "templates/_helpers.tpl", '"allowPrivilegeEscalation" false', '"privileged" true')
    assert any("breaks policy pod-privileged" in message for message in messages(redis_only, bundle))


def test_gpus_are_judged_in_a_namespace_of_the_class_that_their_object_names(library_copy, bundle):
    """And nothing else of policy is eased by it: without its node pool the Job is refused."""
    for file in library_copy.glob("*.yaml"):
        if file.stem != "ml-batch-job":
            file.unlink()
    change(
        library_copy,
        "ml-batch-job",
        lambda doc: doc["versions"][0].update(plans=doc["versions"][0]["plans"][2:3]),
    )
    change(library_copy, "ml-batch-job", with_small_gpus_alone)
    assert messages(library_copy, bundle) == set()
    chart = library_copy.parent / "charts" / "ml-batch-job" / "1.0.0" / "templates" / "_pod.tpl"
    chart.write_text(chart.read_text().replace("slipway.dev/node-pool", "slipway.dev/other-pool"))
    assert all("breaks policy gpu-nodes" in message for message in messages(library_copy, bundle))
    assert messages(library_copy, bundle)


def test_a_chart_that_does_not_render_fails_the_check(redis_only, bundle):
    edit(redis_only, "templates/services.yaml", "{{ include", "{{ inclood")
    assert any("inclood" in message for message in messages(redis_only, bundle))


def test_a_chart_that_renders_differently_each_time_fails_the_check(redis_only, bundle):
    edit(
        redis_only, "templates/services.yaml", "clusterIP: None", "externalName: {{ randAlphaNum 8 | quote }}"
    )
    assert any("not render the same each time" in message for message in messages(redis_only, bundle))


def test_an_object_that_does_not_say_its_namespace_fails_the_check(redis_only, bundle):
    edit(redis_only, "templates/pdb.yaml", "  namespace: {{ .Release.Namespace | quote }}\n", "")
    assert messages(redis_only, bundle) == {
        "PodDisruptionBudget/storefront-example must say metadata.namespace: {{ .Release.Namespace }}."
    }


def test_an_example_against_the_schema_fails_the_check(redis_only, bundle):
    edit(redis_only, "ci/minimal-values.yaml", "password: ", "eviction: sometimes\npassword: ")
    assert any(message.startswith("/eviction: Choose one of") for message in messages(redis_only, bundle))


def test_a_chart_without_an_example_fails_the_check(redis_only, bundle):
    (redis_only.parent / "charts" / "redis" / "1.0.0" / "ci" / "minimal-values.yaml").unlink()
    assert messages(redis_only, bundle) == {"The chart has no example in ci/*-values.yaml. Write one."}


def test_the_command_fails_and_names_each_case(redis_only):
    edit(redis_only, "ci/minimal-values.yaml", "password: ", "eviction: sometimes\npassword: ")
    with pytest.raises(CommandError, match=r"redis 1\.0\.0 small ci/minimal-values\.yaml staging: /eviction"):
        call_command("catalog", "check", library=redis_only, helm=[tools.helm()], stdout=StringIO())


def test_broken_policies_let_nothing_pass(redis_only, tmp_path):
    empty = tmp_path / "policies"
    empty.mkdir()
    with pytest.raises(CommandError, match="policies cannot be used"):
        call_command(
            "catalog", "check", library=redis_only, policies=empty, helm=[tools.helm()], stdout=StringIO()
        )
