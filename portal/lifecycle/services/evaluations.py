"""Judging objects that belong to nothing yet: whatever somebody pastes or sends. Writes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from portal.accounts.models import User
from portal.environments.models import Environment
from portal.lifecycle.models import Application
from portal.lifecycle.operations import waivers
from portal.lifecycle.operations.rendering import deployer_of
from portal.lifecycle.selectors import bundle, instances
from portal.lifecycle.services import manifests
from portal.lifecycle.services.naming import Errors
from portal.policy import Judgement, UserInfo
from portal.policy.expansion import flatten, keyed, why_not_an_object

MOST_OBJECTS = 200  # about a second and a half of judging, at the worst
AUTHENTICATED = "system:authenticated"


def evaluate(documents: Sequence[Any], environment: Environment, *, only: str = "") -> Judgement:
    """What the policies say of `documents`, created in a namespace of this environment by its deployer.

    `only` names one policy to judge by; "" is all of them. Raises PolicyInvalid.
    """
    policies = bundle.current()
    namespace = namespace_of(environment)
    user = _user(None, namespace["metadata"]["name"])
    return (policies.narrowed({only}) if only else policies).judge(documents, namespace=namespace, user=user)


def evaluate_for(actor: User, data: Mapping[str, Any]) -> Judgement:
    """What the policies say of the objects in `data`, as somebody sends them.

    `data`: environment; documents, or text (YAML); operation (CREATE, the usual one, UPDATE or DELETE); old
    (the objects as they are now, which makes those of the same name updates); user {username, groups} in
    place of the namespace's deployer; namespace, or application and instance (a name): then the exceptions
    count that are honoured there, but for those for one value, since there are no values.
    Raises ValidationFailed with all errors, PolicyInvalid.
    """
    errors = Errors()
    environment = Environment.objects.filter(slug=data.get("environment") or "").first()
    if environment is None:
        said = f"There is no environment {str(data.get('environment') or '')[:60]!r}."
        errors.add("/environment", said, "unknown")
    application = _application(actor, data, errors)
    documents = _objects(data, errors)
    for index, document in enumerate(data.get("old") or ()):
        if why := why_not_an_object(document):
            errors.add(f"/old/{index}", why)
    errors.raise_any()
    assert environment is not None  # noqa: S101 its absence was raised
    namespace = _namespace(environment, application, str(data.get("namespace") or ""))
    name = namespace["metadata"]["name"]
    excepted = None
    if application is not None:
        excepted = waivers.for_instance(application, environment, str(data.get("instance") or ""))
    return bundle.current().judge(
        documents,
        operation=data.get("operation") or "CREATE",
        namespace=namespace,
        user=_user(data.get("user"), name),
        old=keyed(data.get("old") or (), documents, name),
        waivers=excepted,
    )


def namespace_of(environment: Environment, name: str = "") -> dict[str, Any]:
    """A namespace of the environment that has nothing in it."""
    metadata = {"name": name or f"evaluation-{environment.slug}", "labels": environment.namespace_labels()}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}


def _application(actor: User, data: Mapping[str, Any], errors: Errors) -> Application | None:
    slug = data.get("application")
    if not slug:
        if data.get("instance"):
            errors.add("/application", "Say which application the instance belongs to.", "required")
        return None
    if data.get("namespace"):
        errors.add("/namespace", "It follows from application and environment. Leave it out.")
    application = Application.objects.visible_to(actor).filter(slug=slug).first()
    if application is None:
        said = f"There is no application {str(slug)[:60]!r}, or it is not visible to you."
        errors.add("/application", said, "unknown")
    return application


def _objects(data: Mapping[str, Any], errors: Errors) -> list[Any]:
    """The objects, lists written out. None at all is an error: an empty render is no pass."""
    before = len(errors.found)
    documents = list(flatten(manifests.given(data, errors)))
    if len(errors.found) > before:
        return []
    where = manifests.place(data)
    if not documents:
        errors.add(where, "There is no Kubernetes object in it.", "required")
    elif len(documents) > MOST_OBJECTS:
        errors.add(where, f"Send at most {MOST_OBJECTS} objects at once; these are {len(documents):,}.")
    return documents


def _namespace(environment: Environment, application: Application | None, name: str) -> dict[str, Any]:
    """The Namespace that objects without one land in: the application's as it was sealed, else as the
    environment would have it."""
    if application is None:
        return namespace_of(environment, name)
    release = instances.namespace_release(application, environment)
    for document in release.objects_masked if release else ():
        if (document.get("apiVersion"), document.get("kind")) == ("v1", "Namespace"):
            return dict(document)
    return namespace_of(environment, application.namespace_in(environment))


def _user(user: Mapping[str, Any] | None, namespace: str) -> UserInfo:
    if not user:
        return UserInfo(deployer_of(namespace), ("system:serviceaccounts", AUTHENTICATED))
    return UserInfo(str(user["username"]), tuple(user.get("groups") or (AUTHENTICATED,)))
