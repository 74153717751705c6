"""What an instance gives its users: addresses filled in, and the shape (never the values) of its Secrets."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from portal.lifecycle.models import ServiceInstance
from portal.lifecycle.selectors import instances
from portal.lifecycle.selectors.connection_keys import meaning

BINDING = "servicebinding.io/"
HOST = "<host>"
ROUTES = frozenset({"HTTPRoute", "GRPCRoute", "TLSRoute"})
_OPEN = re.compile(r"<[^<>]+>")


@dataclass(frozen=True)
class Endpoint:
    address: str
    name: str = ""
    description: str = ""


@dataclass(frozen=True)
class SecretKey:
    name: str
    meaning: str = ""


@dataclass(frozen=True)
class ConnectionSecret:
    """`is_for_users`: meant for those who use the instance; else it is the instance's own business."""

    name: str
    type: str
    description: str
    keys: tuple[SecretKey, ...]
    is_for_users: bool

    @property
    def variable(self) -> str:
        """What its address is usually called in the environment of a program."""
        word = self.type.removeprefix(BINDING) if self.type.startswith(BINDING) else "service"
        known = {"postgresql": "DATABASE", "mysql": "DATABASE", "valkey": "REDIS", "rabbitmq": "AMQP"}
        return f"{known.get(word) or re.sub(r'[^A-Z0-9]', '_', word.upper())}_URL"


@dataclass(frozen=True)
class Connections:
    endpoints: tuple[Endpoint, ...] = ()
    secrets: tuple[ConnectionSecret, ...] = ()

    @property
    def binding(self) -> ConnectionSecret | None:
        """The Secret that other services name under `bindings`."""
        return next((each for each in self.secrets if each.is_for_users), None)


def of(instance: ServiceInstance) -> Connections:
    """From the sealed objects of the current release, and what the offering says that it provides."""
    release = instance.current_release
    if release is None:
        return Connections()
    documents = release.objects_masked
    provides = instance.offering.provides or {}
    return Connections(
        endpoints=tuple(_endpoints(instance, provides.get("endpoints") or (), documents)),
        secrets=tuple(_secrets(instance, provides.get("secrets") or (), documents)),
    )


def _endpoints(
    instance: ServiceInstance, declared: Iterable[Mapping[str, str]], documents: list[dict[str, Any]]
) -> Iterator[Endpoint]:
    hosts = list(_hosts(documents))
    said: set[str] = set()
    for each in declared:
        for host in hosts if HOST in each["address"] else ("",):
            address = _filled(each["address"].replace(HOST, host), instance)
            if not _OPEN.search(address) and address not in said:
                said.add(address)
                yield Endpoint(address, each["name"], _filled(each["description"], instance))
    names = " ".join(said)
    for address in instances.endpoints(documents, instance.namespace):
        host = address.partition("://")[2] or address
        if host not in names and not (said and "://" not in address):
            yield Endpoint(address)


def _hosts(documents: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for document in documents:
        spec = document.get("spec") or {}
        if document.get("kind") == "Ingress":
            yield from (rule["host"] for rule in spec.get("rules") or () if rule.get("host"))
        if document.get("kind") in ROUTES:
            yield from spec.get("hostnames") or ()


def _secrets(
    instance: ServiceInstance, declared: Iterable[Mapping[str, Any]], documents: Iterable[Mapping[str, Any]]
) -> Iterator[ConnectionSecret]:
    sealed = {
        str(document["metadata"]["name"]): document
        for document in documents
        if document.get("kind") == "Secret"
    }
    for each in declared:
        name = _filled(str(each["name"]), instance)
        if _OPEN.search(name):
            continue
        document = sealed.pop(name, {})
        keys = _keys_of(document) or [str(key) for key in each.get("keys") or ()]
        description = _filled(str(each.get("description") or ""), instance)
        yield _secret(name, str(document.get("type") or ""), keys, description, is_for_users=True)
    for name, document in sorted(sealed.items()):
        kind = str(document.get("type") or "")
        yield _secret(name, kind, _keys_of(document), "", is_for_users=kind.startswith(BINDING))


def _secret(
    name: str, kind: str, keys: Iterable[str], description: str, *, is_for_users: bool
) -> ConnectionSecret:
    found = tuple(SecretKey(key, meaning(key)) for key in keys)
    return ConnectionSecret(name, kind, description, found, is_for_users)


def _keys_of(document: Mapping[str, Any]) -> list[str]:
    return sorted({**(document.get("data") or {}), **(document.get("stringData") or {})})


def _filled(text: str, instance: ServiceInstance) -> str:
    for place, value in (
        ("<instance>", instance.name),
        ("<namespace>", instance.namespace),
        ("<application>", instance.application.slug),
        ("<environment>", instance.environment.slug),
    ):
        text = text.replace(place, value)
    return text
