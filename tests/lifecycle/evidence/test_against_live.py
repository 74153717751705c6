"""Drift, and the difference to what is live: by the word of a real API server."""

import base64

import pytest
from django.db import connection

from portal.clusters.kubernetes import Kubernetes
from portal.environments.models import Environment
from portal.lifecycle.models import Evidence, Release
from portal.lifecycle.operations import observation
from portal.lifecycle.operations.evidence import sights
from portal.lifecycle.selectors import evidence
from tests.lifecycle.evidence.conftest import NEW_SECRET, OLD_SECRET, PLACE, entry, gathered
from tests.lifecycle.helpers import WEB, ask

pytestmark = pytest.mark.django_db
Status = Evidence.Status


def test_what_runs_as_it_was_sealed_is_no_drift_and_only_the_wish_differs(stage):
    rows = gathered(stage.update(replicas=3, secretEnv={"TOKEN": OLD_SECRET}))
    assert (rows["drift"].status, rows["drift"].summary) == (Status.GOOD, "As sealed")
    assert rows["diff"].status == Status.GOOD
    first = rows["diff"].detail["objects"][0]
    assert (first["key"]["kind"], first["change"]) == ("Deployment", "changed")
    assert first["fields"] == [{"path": "spec.replicas", "old": 1, "new": 3}]
    assert [line for line in first["text"].splitlines() if line[0] in "+-"] == [
        "-  replicas: 1",
        "+  replicas: 3",
    ]
    others = {each["key"]["kind"]: each["change"] for each in rows["diff"].detail["objects"][1:]}
    assert others.pop("PodDisruptionBudget") == "added"
    assert set(others.values()) == {"same"}


def test_an_edit_in_the_target_is_drift_with_its_author_and_differs_from_what_is_live(stage):
    change = stage.update(replicas=3, secretEnv={"TOKEN": OLD_SECRET})
    stage.patch("deployment/shop-web", {"spec": {"replicas": 5}})
    rows = gathered(change)
    assert rows["drift"].status == Status.NOTE
    assert "1 differ of" in rows["drift"].summary
    (field,) = entry(rows["drift"], "Deployment")["fields"]
    assert (field["path"], field["sealed"], field["live"]) == ("spec.replicas", 1, 5)
    assert (field["manager"], field["at"][:2]) == ("kubectl-patch", "20")
    assert entry(rows["diff"], "Deployment")["fields"] == [{"path": "spec.replicas", "old": 5, "new": 3}]


def test_what_somebody_deleted_is_missing_and_would_be_made_again(stage):
    change = stage.update(secretEnv={"TOKEN": OLD_SECRET})
    stage.kubectl("delete", "service", "shop-web")
    rows = gathered(change)
    assert entry(rows["drift"], "Service") == {
        "key": {"api_version": "v1", "kind": "Service", "namespace": PLACE, "name": "shop-web"},
        "fields": [],
        "missing": True,
    }
    assert entry(rows["diff"], "Service")["change"] == "added"


def test_a_restart_is_no_drift_and_a_label_or_an_annotation_that_somebody_put_is(stage):
    """Controllers do as annotations tell them, and policies select by labels."""
    change = stage.update(secretEnv={"TOKEN": OLD_SECRET})
    stage.kubectl("rollout", "restart", "deployment/shop-web")
    assert gathered(change)["drift"].status == Status.GOOD
    stage.kubectl("annotate", "deployment/shop-web", "example.com/seen=yes")
    stage.kubectl("label", "service/shop-web", "example.com/tier=gold")
    row = gathered(change)["drift"]
    assert row.status == Status.NOTE
    (annotated,) = entry(row, "Deployment")["fields"]
    (labelled,) = entry(row, "Service")["fields"]
    assert (annotated["path"], annotated["sealed"], annotated["live"]) == (
        "metadata.annotations.example.com/seen",
        None,
        "yes",
    )
    assert (labelled["path"], labelled["manager"]) == ("metadata.labels.example.com/tier", "kubectl-label")


def test_what_a_person_puts_beside_the_release_is_drift(stage):
    """Applying the release again would leave it."""
    change = stage.update(secretEnv={"TOKEN": OLD_SECRET})
    stage.kubectl("set", "env", "deployment/shop-web", "DEBUG=1")
    stage.patch("secret/shop-web-secret-env", {"stringData": {"EXTRA": "Put-There-By-Hand"}})
    row = gathered(change)["drift"]
    fields = {field["path"]: field for field in entry(row, "Deployment")["fields"]}
    assert set(fields) == {
        "spec.template.spec.containers[app].env[DEBUG].name",
        "spec.template.spec.containers[app].env[DEBUG].value",
    }
    added = fields["spec.template.spec.containers[app].env[DEBUG].value"]
    assert (added["sealed"], added["live"], added["manager"]) == (None, "1", "kubectl-set")
    (extra,) = entry(row, "Secret", "shop-web-secret-env")["fields"]
    assert (extra["path"], extra["sealed"], extra["manager"]) == ("data.EXTRA", None, "kubectl-patch")
    assert "By-Hand" not in str(row.detail)
    assert base64.b64encode(b"Put-There-By-Hand").decode() not in str(row.detail)


def test_the_number_that_an_autoscaler_minds_is_no_drift(stage):
    change = stage.update(secretEnv={"TOKEN": OLD_SECRET})
    stage.kubectl("autoscale", "deployment/shop-web", "--min=2", "--max=4", "--cpu=80%")
    stage.kubectl("wait", "deployment/shop-web", "--for=jsonpath={.spec.replicas}=2", "--timeout=60s")
    assert gathered(change)["drift"].status == Status.GOOD


def test_no_secret_reaches_the_database_in_clear(stage):
    by_hand = "Edited-By-Hand-3"
    change = stage.update(secretEnv={"TOKEN": NEW_SECRET}, env={"COPY": f"of {NEW_SECRET}"})
    stage.patch("secret/shop-web-secret-env", {"stringData": {"TOKEN": by_hand}})
    rows = gathered(change)
    (drifted,) = entry(rows["drift"], "Secret", "shop-web-secret-env")["fields"]
    (differing,) = entry(rows["diff"], "Secret", "shop-web-secret-env")["fields"]
    assert drifted["path"] == differing["path"] == "data.TOKEN"
    assert drifted["live"] == differing["old"]
    assert len({drifted["live"], drifted["sealed"], differing["new"]}) == 3
    assert "COPY" in str(rows["diff"].detail)
    stored = " ".join(f"{row.summary} {row.detail}" for row in rows.values()) + everything()
    for secret in (OLD_SECRET, by_hand):
        assert secret not in stored
        assert base64.b64encode(secret.encode()).decode() not in stored
    said = " ".join(f"{row.summary} {row.detail}" for row in rows.values())
    assert NEW_SECRET not in said


def everything() -> str:
    """All that the database holds, as it lies there."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            found += [str(row) for row in cursor.fetchall()]
    return "\n".join(found)


def test_what_the_new_release_has_no_more_is_removed(stage):
    rows = gathered(stage.update())
    removed = entry(rows["diff"], "Secret", "shop-web-secret-env")
    assert removed["change"] == "removed"
    assert rows["diff"].status == Status.NOTE
    assert "1 removed" in rows["diff"].summary


def test_a_retirement_removes_all_and_goes_back_to_nothing(stage):
    stage.service.retirement_announced_at = stage.service.created_at
    stage.service.retirement_announced_by = stage.organisation.alice
    stage.service.save()
    wish = {"kind": "retire", "instance": stage.service.pk, "confirm": "shop-web"}
    rows = gathered(ask(stage.organisation.alice, **wish))
    assert {each["change"] for each in rows["diff"].detail["objects"]} == {"removed"}
    assert set(rows) == {"findings", "health", "drift", "diff", "quota"}
    assert rows["quota"].detail["price_after"] == 0


def test_what_the_api_server_refuses_speaks_against_the_change_in_its_words(stage):
    """Somebody made it again by hand, with a selector that cannot be changed back."""
    Environment.objects.filter(slug="dev").update(required_evidence={"diff": 10, "drift": 10})
    change = stage.update(replicas=2, secretEnv={"TOKEN": OLD_SECRET})
    stage.kubectl("delete", "deployment", "shop-web")
    stage.kubectl("create", "deployment", "shop-web", "--image=registry.example.com/by/hand:1")
    rows = gathered(change)
    assert rows["diff"].status == Status.BAD
    assert "The cluster refuses Deployment/shop-web" in rows["diff"].summary
    refused = entry(rows["diff"], "Deployment")
    assert "field is immutable" in refused["refusal"]
    assert {"path": "spec.replicas", "old": 1, "new": 2} in refused["fields"]
    assert rows["diff"].detail["objects"][0] == refused
    (lacking,) = evidence.lacking(change)
    assert (lacking.kind, lacking.why, lacking.refresh) == ("diff", rows["diff"].summary, True)
    drifted = {field["path"]: field for field in entry(rows["drift"], "Deployment")["fields"]}
    assert drifted["spec.template.spec.automountServiceAccountToken"]["sealed"] is False
    assert "status" not in drifted


def test_a_deployer_without_rights_shows_before_the_rollout(stage):
    change = stage.update(replicas=2, secretEnv={"TOKEN": OLD_SECRET})
    stage.kubectl("delete", "rolebinding", "slipway-deployer")
    row = gathered(change)["diff"]
    assert row.status == Status.BAD
    assert "cannot patch" in row.summary


def test_helm_does_not_take_over_what_is_of_others(stage):
    stage.kubectl("create", "service", "clusterip", "other-web", "--tcp=80:80")
    data = {"application": "storefront", "environment": "dev", "offering": "web-service", "name": "other-web"}
    rows = gathered(ask(stage.organisation.alice, **data, values=WEB))
    assert rows["diff"].status == Status.BAD
    assert "does not take it over" in entry(rows["diff"], "Service", "other-web")["refusal"]
    assert "drift" not in rows
    assert rows["rollback"].status == Status.NOTE


def test_a_new_namespace_can_be_looked_at_before_it_exists(provisioned):
    Environment.objects.filter(slug="dev").update(approvals_required=1, required_evidence={"drift": 5})
    change = ask(provisioned.alice, application="storefront", environment="dev", offering="namespace")
    rows = gathered(change)
    assert rows["diff"].status == Status.GOOD
    assert {each["change"] for each in rows["diff"].detail["objects"]} == {"added"}
    # wanted, and beside the point: nothing runs that could have drifted
    assert (rows["drift"].status, rows["drift"].summary) == (Status.GOOD, "Does not concern this change")
    assert not evidence.lacking(change)


def test_a_rollback_target_that_no_longer_renders_as_sealed_is_said(stage):
    change = stage.update(replicas=2)
    assert gathered(change)["rollback"].summary == "Release #1 renders as sealed, and policy allows it"
    base = change.base_release
    Release.objects.filter(pk=base.pk).update(values={**base.values, "replicas": 7})
    row = gathered(change)["rollback"]
    assert row.status == Status.BAD
    assert "can no longer be brought back: Not what was sealed: values" in row.summary


def test_a_cluster_that_takes_too_long_is_not_waited_for(stage, monkeypatch):
    monkeypatch.setattr(sights, "PATIENCE_SECONDS", 0)
    rows = gathered(stage.update(replicas=2))
    assert rows["diff"].status == rows["drift"].status == Status.UNKNOWN
    assert "took more than 0 s" in rows["diff"].summary
    assert rows["policies"].status == Status.GOOD


def test_nothing_is_stored_in_the_cluster(stage):
    cluster = Kubernetes(stage.organisation.cluster.connection)
    change = stage.update(replicas=3)
    documents = observation.namespaced(change.release.objects_masked, stage.service)
    before = cluster.live(documents)
    gathered(change)
    assert cluster.live(documents) == before
