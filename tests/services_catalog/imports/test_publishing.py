"""From a version that a source has to a draft, and from a draft to what people may request."""

from __future__ import annotations

import itertools
import json

import pytest

from portal.accounts.models import PlatformRole, User
from portal.audit.models import AuditEvent
from portal.core import clock
from portal.core.errors import NotPermitted, StateConflict, ValidationFailed
from services_catalog import selectors
from services_catalog.imports import declarations, followers, moves, proposals, publishing
from services_catalog.imports.errors import NotPublishable
from services_catalog.imports.policies import Policies, of_the_folder
from services_catalog.models import Offering, OfferingVersion, SourceVersion, VersionStatus
from services_catalog.sync import sync
from services_catalog.values import compose
from tests.factories import UserFactory
from tests.services_catalog.conftest import CONTEXT
from tests.services_catalog.imports.charts import chart, declaration, redis, seen


@pytest.fixture
def pete(db) -> User:
    person = UserFactory(username="pete")
    PlatformRole.objects.create(user=person, role="platform_engineer")
    return User.objects.get(pk=person.pk)


@pytest.fixture
def lenient() -> Policies:
    """One policy, which has nothing to say about a ConfigMap."""
    return Policies(of_the_folder().bundle.narrowed(["image-tag"]))


CACHE = {"offering": "cache", "name": "Cache"}


def test_a_draft_is_made_as_declared_and_only_curators_see_it(pete):
    version = publishing.publish(seen(chart()), declaration(), actor=pete)
    assert (version.status, version.version, version.offering.slug) == ("draft", "1.0.0", "greeter")
    assert [plan.slug for plan in version.plans.all()] == ["standard"]
    assert version.default_values == {"greeting": "hello"}
    assert not Offering.objects.requestable().filter(slug="greeter").exists()
    shown = selectors.offering_detail(UserFactory(), "greeter")
    assert shown.versions == []
    event = AuditEvent.objects.get(action="version.drafted")
    assert event.actor == pete
    assert event.after["chart"] == "greeter 1.0.0"


def test_nobody_but_a_platform_engineer_publishes(db):
    row = seen(chart())
    with pytest.raises(NotPermitted):
        publishing.publish(row, declaration(), actor=UserFactory())
    assert not OfferingVersion.objects.exists()


@pytest.mark.parametrize(
    ("given", "path"),
    [
        (declaration(name=""), "/name"),
        (declaration(offering="Not A Slug"), "/offering"),
        (declaration({"short_form": ["/nowhere"]}), "/versions/0/short_form/0"),
        (declaration({"locked_values": {"greeting": 7}}), "/versions/0/locked_values/greeting"),
        (declaration({"plans": []}), "/versions/0/plans"),
        (
            declaration(
                {"plans": [{"slug": "a", "name": "A", "description": "A.", "price_cents_per_month": 1}]}
            ),
            "/versions/0/plans",
        ),
        (declaration({"marks": {"/nowhere": {"x-slipway-secret": True}}}), "/versions/0/marks/~1nowhere"),
        (declaration({"marks": {"/greeting": {"type": "integer"}}}), "/versions/0/marks/~1greeting/type"),
        (declaration({"status": "active"}), "/versions/0/status"),
        (declaration({"version": "2.0.0"}), "/versions/0/version"),
        (declaration(lifecycle="retired"), "/lifecycle"),
    ],
)
def test_each_mistake_is_told_at_its_place_and_nothing_is_made(pete, given, path):
    schema = '{"properties": {"greeting": {"type": "string"}}}'
    with pytest.raises(ValidationFailed) as refused:
        publishing.publish(seen(chart(**{"values.schema.json": schema})), given, actor=pete)
    assert path in [error["path"] for error in refused.value.errors]
    assert not Offering.objects.exists()


def test_what_is_blocked_is_not_published(pete):
    row = seen(chart(metadata={"dependencies": [{"name": "gone", "version": "1"}]}))
    with pytest.raises(NotPublishable) as refused:
        publishing.publish(row, declaration(), actor=pete)
    assert [each["code"] for each in refused.value.reasons] == ["dependency_missing"]


def test_what_a_wrong_key_has_signed_is_not_published(pete):
    with pytest.raises(NotPublishable, match="signature does not hold"):
        publishing.publish(seen(chart(), provenance="failed"), declaration(), actor=pete)


def test_what_was_never_taken_is_not_published(pete):
    row = seen(chart())
    SourceVersion.objects.update(archive=None, state="refused", refusal_code="digest", refusal="It lies.")
    with pytest.raises(NotPublishable, match="It lies"):
        publishing.publish(SourceVersion.objects.get(pk=row.pk), declaration(), actor=pete)


def test_what_the_source_lost_stays_usable(pete, lenient):
    row = seen(chart())
    version = publishing.publish(row, declaration(), actor=pete)
    SourceVersion.objects.update(state="gone", gone_at=clock.now())
    other = seen(chart("1.1.0"), state="gone", gone_at=clock.now())
    assert publishing.publish(other, declaration(), actor=pete).offering == version.offering


def test_somebody_elses_offering_is_never_taken_over(pete):
    Offering.objects.create(slug="greeter", name="Ours", summary="…", category="a", owner="b")
    with pytest.raises(ValidationFailed) as refused:
        publishing.publish(seen(chart()), declaration(), actor=pete)
    assert refused.value.errors[0]["path"] == "/offering"
    assert Offering.objects.get(slug="greeter").name == "Ours"


def test_a_charts_versions_stay_together(pete):
    publishing.publish(seen(chart()), declaration(), actor=pete)
    with pytest.raises(ValidationFailed, match="in greeter already"):
        publishing.publish(seen(chart("1.1.0")), declaration(offering="other"), actor=pete)


def test_a_draft_is_declared_anew_as_often_as_one_likes(pete):
    row = seen(chart())
    first = publishing.publish(row, declaration(), actor=pete)
    second = publishing.publish(
        row, declaration({"locked_values": {"greeting": "hi"}}, name="New"), actor=pete
    )
    assert second.pk == first.pk
    assert second.locked_values == {"greeting": "hi"}
    assert Offering.objects.get().name == "New"


def test_a_v_in_front_of_a_version_is_no_hindrance(pete):
    assert publishing.publish(seen(chart("v1.2.3")), declaration(), actor=pete).version == "1.2.3"


def test_the_proposal_for_any_chart_is_a_complete_declaration(pete):
    for packed in (chart(), redis(), chart("v0.1.0", name="9.Odd_Name", metadata={"keywords": ["A B", "*"]})):
        row = seen(packed)
        publishing.publish(row, proposals.proposal(row, packed), actor=pete)
    assert OfferingVersion.objects.count() == 3


def test_a_declaration_survives_being_stored(pete):
    given = declaration(
        {"locked_values": {"greeting": "hi"}, "short_form": ["/greeting"], "notes": "New."},
        tags=["a"],
        environments=["dev"],
        cluster_scoped=True,
    )
    schema = '{"properties": {"greeting": {"type": "string"}}}'
    version = publishing.publish(seen(chart(**{"values.schema.json": schema})), given, actor=pete)
    stored = declarations.of_version(OfferingVersion.objects.get(pk=version.pk))
    assert {
        **stored,
        "versions": [{k: v for k, v in stored["versions"][0].items() if k != "ready_timeout_seconds"}],
    } == {**given, "role": "service"}


# what is put on offer


def test_what_passes_every_policy_is_put_on_offer(pete):
    row = seen(redis())
    version = publishing.publish(row, {**proposals.proposal(row, redis()), **CACHE}, actor=pete)
    moves.activate(version, actor=pete, policies=of_the_folder())
    assert selectors.version_for("cache").pk == version.pk
    assert AuditEvent.objects.filter(action="version.activated", actor=pete).count() == 1


def test_what_policy_refuses_with_the_usual_plan_is_not(pete):
    def careless(files: dict[str, bytes]) -> None:
        files["values.yaml"] = files["values.yaml"].replace(b"registry.example.com", b"docker.io")
        schema = json.loads(files["values.schema.json"])
        schema["properties"]["image"] = {"type": "object"}
        files["values.schema.json"] = json.dumps(schema).encode()

    packed = redis(change=careless)
    row = seen(packed)
    version = publishing.publish(row, {**proposals.proposal(row, packed), **CACHE}, actor=pete)
    with pytest.raises(NotPublishable) as refused:
        moves.activate(version, actor=pete, policies=of_the_folder())
    assert {each["code"] for each in refused.value.reasons} == {"policy_denies"}
    locked = {"image": {"repository": "registry.example.com/library/redis"}}
    version = publishing.publish(row, declaration({"locked_values": locked}, **CACHE), actor=pete)
    moves.activate(version, actor=pete, policies=of_the_folder())
    assert OfferingVersion.objects.get(pk=version.pk).status == "active", "what is locked makes it pass"


CHANCE = """\
apiVersion: v1
kind: Secret
metadata: {name: "{{ .Release.Name }}", namespace: "{{ .Release.Namespace }}"}
stringData: {password: {{ .Values.password | default (randAlphaNum 12) | quote }}}
"""


def test_a_password_by_chance_is_settled_by_a_mark(pete, lenient):
    files = {
        "templates/secret.yaml": CHANCE,
        "values.yaml": 'greeting: a\npassword: ""\n',
        "values.schema.json": '{"properties": {"password": {"type": "string"}}}',
    }
    row = seen(chart(**files))
    version = publishing.publish(row, declaration(), actor=pete)
    assert version.reproducibility["status"] == "varies"
    with pytest.raises(NotPublishable, match="renders differently"):
        moves.activate(version, actor=pete, policies=lenient)
    marks = {"/password": {"x-slipway-secret": True, "x-slipway-generate": {"length": 20}}}
    version = publishing.publish(row, declaration({"marks": marks}), actor=pete)
    moves.activate(version, actor=pete, policies=lenient)
    version.refresh_from_db()
    assert version.status == "active"
    made = compose(version, version.plans.get(), {}, CONTEXT).values["password"]
    assert len(made) == 20


ROLE = """\
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: reader}
rules: []
"""


def test_what_goes_beyond_a_team_needs_a_platform_engineer_to_say_so(pete, lenient):
    row = seen(chart(**{"templates/role.yaml": ROLE}))
    version = publishing.publish(row, declaration(), actor=pete)
    with pytest.raises(NotPublishable, match="ClusterRole/reader"):
        moves.activate(version, actor=pete, policies=lenient)
    version = publishing.publish(row, declaration(cluster_scoped=True), actor=pete)
    moves.activate(version, actor=pete, policies=lenient)
    assert OfferingVersion.objects.get().status == "active"


NEEDY = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: needy}
data:
  whom: {{ required "Say whom to greet." .Values.whom }}
"""


def test_what_a_requester_has_to_give_is_tried_with_an_example(pete, lenient):
    row = seen(chart(**{"templates/needy.yaml": NEEDY}))
    version = publishing.publish(row, declaration(), actor=pete)
    with pytest.raises(NotPublishable, match="Say whom to greet"):
        moves.activate(version, actor=pete, policies=lenient)
    version = publishing.publish(row, declaration({"example": {"whom": "alice"}}), actor=pete)
    moves.activate(version, actor=pete, policies=lenient)
    assert OfferingVersion.objects.get().status == "active"


def test_a_draft_that_was_declared_anew_meanwhile_is_not_put_on_offer(pete, lenient, monkeypatch):
    row = seen(chart())
    version = publishing.publish(row, declaration(), actor=pete)
    faults = moves.trials.faults

    def slow(*args: object) -> list[dict[str, str]]:
        found = faults(*args)
        publishing.publish(row, declaration({"locked_values": {"greeting": "bad"}}), actor=pete)
        return found

    monkeypatch.setattr(moves.trials, "faults", slow)
    with pytest.raises(StateConflict, match="declared anew meanwhile"):
        moves.activate(version, actor=pete, policies=lenient)
    assert OfferingVersion.objects.get().status == "draft"


def test_only_listed_moves_are_made(pete, lenient):
    row = seen(chart())
    version = publishing.publish(row, declaration(), actor=pete)
    does = {
        VersionStatus.ACTIVE: lambda: moves.activate(version, actor=pete, policies=lenient),
        VersionStatus.RETIRED: lambda: moves.retire(version, actor=pete),
    }
    for old, new in itertools.product(VersionStatus, does):
        OfferingVersion.objects.update(status=old)
        version.refresh_from_db()
        if new in moves.MOVES[old]:
            does[new]()
        else:
            with pytest.raises(StateConflict):
                does[new]()


def test_a_library_files_version_is_not_moved_here(pete, lenient):
    offering = Offering.objects.create(slug="ours", name="Ours", summary="…", category="a", owner="b")
    row = seen(chart())
    version = OfferingVersion.objects.create(offering=offering, version="1.0.0", chart=row.archive)
    with pytest.raises(StateConflict, match="library's files"):
        moves.activate(version, actor=pete, policies=lenient)


def test_a_draft_that_is_thrown_away_leaves_nothing_behind(pete):
    row = seen(chart())
    moves.discard(publishing.publish(row, declaration(), actor=pete), actor=pete)
    assert not Offering.objects.exists()
    publishing.publish(SourceVersion.objects.get(pk=row.pk), declaration(), actor=pete)


# what follows


def test_the_next_version_of_a_published_chart_is_a_draft_by_itself(pete, lenient):
    first = publishing.publish(
        seen(chart()), declaration({"locked_values": {"greeting": "hi"}, "notes": "First."}), actor=pete
    )
    moves.activate(first, actor=pete, policies=lenient)
    row = seen(chart("1.1.0"))
    draft = followers.follow(row)
    assert draft is not None
    assert (draft.status, draft.version, draft.locked_values, draft.notes) == (
        "draft",
        "1.1.0",
        {"greeting": "hi"},
        "",
    )
    assert [plan.slug for plan in draft.plans.all()] == ["standard"]
    assert AuditEvent.objects.filter(action="version.drafted", actor=None).count() == 1
    assert followers.follow(SourceVersion.objects.get(pk=row.pk)) is None, "a second call is harmless"


def test_what_no_longer_fits_is_said_and_keeps_the_draft_from_being_put_on_offer(pete, lenient):
    first = publishing.publish(seen(chart()), declaration({"locked_values": {"greeting": "hi"}}), actor=pete)
    moves.activate(first, actor=pete, policies=lenient)
    schema = '{"properties": {"greeting": {"type": "integer"}}}'
    packed = chart("2.0.0", **{"values.schema.json": schema, "values.yaml": "greeting: 1\n"})
    draft = followers.follow(seen(packed))
    assert draft is not None
    problems = declarations.problems(declarations.of_version(draft), packed)
    assert [each["path"] for each in problems] == ["/versions/0/locked_values/greeting"]
    with pytest.raises(ValidationFailed):
        moves.activate(draft, actor=pete, policies=lenient)


def test_an_older_version_and_that_of_an_unpublished_chart_follow_nothing(pete, lenient):
    assert followers.follow(seen(chart("0.1.0"))) is None
    first = publishing.publish(seen(chart()), declaration(), actor=pete)
    assert followers.follow(seen(chart("1.1.0"))) is None, "a draft is not published yet"
    moves.activate(first, actor=pete, policies=lenient)
    assert followers.follow(seen(chart("0.9.0"))) is None


def test_a_library_file_does_not_take_over_what_was_made_of_a_chart(pete, library_copy):
    publishing.publish(seen(redis()), declaration(offering="redis"), actor=pete)
    with pytest.raises(StateConflict, match="made of the chart cache of the source public"):
        sync(library_copy)
    assert Offering.objects.get(slug="redis").name == "Greeter"
