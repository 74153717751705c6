"""Short cuts to a state from which a test starts; made through the services, without a cluster."""

from __future__ import annotations

from typing import Any

from portal.accounts.models import User
from portal.lifecycle.models import ChangeRequest, ServiceInstance
from portal.lifecycle.operations import claims, outcomes
from portal.lifecycle.services import changes, wishes

WEB = {"image": {"repository": "registry.example.com/shop/storefront", "tag": "1.4.2"}}


def ask(actor: User, **data: Any) -> ChangeRequest:
    return changes.open_change(wishes.resolve(actor, data)).change


def succeed(change: ChangeRequest) -> ServiceInstance:
    """Let a queued change end well, as if a worker had applied it."""
    claim = claims.take(change.pk, owner="test")
    assert claim is not None
    change.refresh_from_db()
    outcomes.succeed(change, claim, message="as if applied")
    instance = change.subject
    instance.refresh_from_db()
    return instance


def live_namespace(organisation: Any, environment: str = "dev") -> ServiceInstance:
    existing = ServiceInstance.objects.filter(name=f"storefront-{environment}").first()
    if existing is not None:
        return existing
    return succeed(
        ask(organisation.alice, application="storefront", environment=environment, offering="namespace")
    )


def live_service(organisation: Any, name: str = "shop-web") -> ServiceInstance:
    live_namespace(organisation)
    data = {"application": "storefront", "environment": "dev", "offering": "web-service", "name": name}
    return succeed(ask(organisation.alice, **data, values=WEB))
