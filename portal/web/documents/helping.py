"""Which section of the documentation helps on which page."""

from __future__ import annotations

from django.urls import reverse

# By the beginning of a page's name, the longest that fits: `name of the document#anchor`.
HELP = {
    "home": "guide-developer#your-first-day",
    "search": "guide-developer#find-things",
    "catalog": "guide-developer#choose-from-the-catalog",
    "catalog-request": "guide-developer#ask-for-a-service",
    "catalog-compare": "campaigns#comparing",
    "catalog-deprecate": "campaigns#deprecation",
    "catalog-fleet": "campaigns#the-fleet",
    "applications": "guide-developer#see-how-your-application-is",
    "applications-new": "guide-maintainer#register-an-application",
    "instances": "guide-developer#look-after-what-runs",
    "instances-promote": "guide-developer#promote",
    "instances-rollback": "guide-developer#roll-back",
    "instances-upgrade": "guide-developer#upgrade",
    "instances-retire": "guide-developer#retire",
    "instances-drift": "drift",
    "drift": "drift",
    "fleet": "campaigns#the-fleet",
    "campaigns": "campaigns#upgrade-campaigns",
    "changes": "guide-developer#follow-a-change",
    "changes-break-glass": "gate#break-glass",
    "approvals": "guide-operator#decide-a-change",
    "policies": "policy-operations",
    "policies-playground": "guide-developer#try-objects-in-the-playground",
    "policies-mode": "guide-platform-engineer#change-a-policys-mode",
    "policies-blast-radius": "policy-operations#blast-radius",
    "exceptions": "guide-developer#ask-for-an-exception",
    "audit": "guide-auditor#find-who-did-what",
    "notifications": "gate#reminders-and-notices",
    "tokens": "api#the-first-call",
    "sessions": "security",
    "platform": "guide-platform-engineer",
    "platform-gate": "gate#rules-of-a-gate",
    "platform-guard": "gate#around-the-gate",
    "platform-windows": "gate#windows",
    "platform-policies": "policy-operations#in-the-clusters",
    "pools": "quotas",
    "pools-ask": "guide-developer#ask-for-more-quota",
    "pools-raise": "guide-operator#decide-on-a-raise-of-quota",
    "pools-grant": "guide-operator#decide-on-a-raise-of-quota",
    "pools-limit": "guide-platform-engineer#limit-a-team",
    "sources": "guide-platform-engineer#bring-charts-into-the-catalog",
    "sources-version": "sources#how-a-chart-is-examined",
    "design": "pages#parts",
}


def address(key: str) -> str:
    """Where `name#anchor` is shown."""
    name, hash_, anchor = key.partition("#")
    return f"{reverse('web:docs-one', args=[name])}{hash_}{anchor}"


def help_for(page: str) -> str:
    """The address of the section that helps on the page of this name; of all documents where none does."""
    parts = page.split("-")
    for length in range(len(parts), 0, -1):
        if key := HELP.get("-".join(parts[:length])):
            return address(key)
    return reverse("web:docs")
