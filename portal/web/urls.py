"""Every page has an address. All of them need a signed-in person, but those marked open."""

from __future__ import annotations

from django.urls import URLPattern, path

from portal.web.access import Page, signed_in
from portal.web.views import (
    applications,
    approvals,
    audit,
    blast_radii,
    break_glass,
    catalog,
    changes,
    decisions,
    design,
    exception_decisions,
    exceptions,
    home,
    instance_actions,
    instances,
    notifications,
    offering,
    platform,
    platform_policies,
    playground,
    policies,
    policy_modes,
    requests,
    retirement,
    search,
    session,
    theme,
    tokens,
    windows,
)

app_name = "web"


def page(route: str, view: Page, name: str) -> URLPattern:
    """A page for signed-in people: closed by default."""
    return path(route, signed_in(view), name=name)


open_pages = [
    path("sign-in/", session.SignIn.as_view(), name="sign-in"),
    path("sign-out/", session.sign_out, name="sign-out"),
    path("theme/", theme.choose, name="theme"),
]

urlpatterns = [
    *open_pages,
    page("", home.show, "home"),
    page("search/", search.show, "search"),
    page("catalog/", catalog.browse, "catalog"),
    page("catalog/<slug:slug>/", offering.show, "catalog-offering"),
    page("catalog/<slug:slug>/request/", requests.ask, "catalog-request"),
    page("catalog/<slug:slug>/request/preview/", requests.preview, "catalog-request-preview"),
    page("applications/", applications.browse, "applications"),
    page("applications/new/", applications.create, "applications-new"),
    page("applications/<slug:slug>/", applications.show, "applications-one"),
    page("instances/", instances.browse, "instances"),
    page("instances/<int:pk>/", instances.show, "instances-one"),
    page("instances/<int:pk>/live/", instances.live, "instances-live"),
    page("instances/<int:pk>/objects/", instances.objects, "instances-objects"),
    page("instances/<int:pk>/compare/", instances.compare, "instances-compare"),
    page("instances/<int:pk>/update/", instance_actions.update, "instances-update"),
    page("instances/<int:pk>/upgrade/", instance_actions.upgrade, "instances-upgrade"),
    page("instances/<int:pk>/update/preview/", instance_actions.preview, "instances-update-preview"),
    page("instances/<int:pk>/promote/<slug:environment>/", instance_actions.promote, "instances-promote"),
    page("instances/<int:pk>/rollback/<int:release>/", instance_actions.rollback, "instances-rollback"),
    page("instances/<int:pk>/retire/", retirement.show, "instances-retire"),
    page("instances/<int:pk>/retire/announce/", retirement.announce, "instances-retire-announce"),
    page("instances/<int:pk>/retire/withdraw/", retirement.withdraw, "instances-retire-withdraw"),
    page("changes/", changes.browse, "changes"),
    page("changes/<int:pk>/", changes.show, "changes-one"),
    page("changes/<int:pk>/live/", changes.live, "changes-live"),
    page("changes/<int:pk>/diff/", changes.diff, "changes-diff"),
    page("changes/<int:pk>/approve/", decisions.approve, "changes-approve"),
    page("changes/<int:pk>/reject/", decisions.reject, "changes-reject"),
    page("changes/<int:pk>/ask/", decisions.ask, "changes-ask"),
    page("changes/<int:pk>/comments/", decisions.say, "changes-say"),
    page("changes/<int:pk>/comments/<int:comment>/settle/", decisions.settle, "changes-settle"),
    page("changes/<int:pk>/evidence/", decisions.refresh, "changes-evidence"),
    page("changes/<int:pk>/seal/", decisions.seal_again, "changes-seal"),
    page("changes/<int:pk>/cancel/", decisions.cancel, "changes-cancel"),
    page("changes/<int:pk>/break-glass/", break_glass.show, "changes-break-glass"),
    page("changes/<int:pk>/review/", decisions.review, "changes-review"),
    page("approvals/", approvals.queue, "approvals"),
    page("approvals/bulk/", approvals.bulk, "approvals-bulk"),
    page("policies/", policies.browse, "policies"),
    page("policies/playground/", playground.show, "policies-playground"),
    page("policies/blast-radius/", blast_radii.browse, "policies-blast-radius"),
    page("policies/blast-radius/<int:pk>/", blast_radii.show, "policies-blast-radius-one"),
    page("policies/blast-radius/<int:pk>/live/", blast_radii.live, "policies-blast-radius-live"),
    page("policies/<str:name>/", policies.show, "policies-one"),
    page("policies/<str:name>/mode/", policy_modes.choose, "policies-mode"),
    page("policies/<str:name>/mode/live/", policy_modes.live, "policies-mode-live"),
    page("policies/<str:name>/mode/confirm/", policy_modes.confirm, "policies-mode-confirm"),
    page("exceptions/", exceptions.browse, "exceptions"),
    page("exceptions/new/", exceptions.create, "exceptions-new"),
    page("exceptions/debt/", exceptions.debt, "exceptions-debt"),
    page("exceptions/<int:pk>/", exceptions.show, "exceptions-one"),
    page("exceptions/<int:pk>/grant/", exception_decisions.grant, "exceptions-grant"),
    page("exceptions/<int:pk>/reject/", exception_decisions.reject, "exceptions-reject"),
    page("exceptions/<int:pk>/revoke/", exception_decisions.revoke, "exceptions-revoke"),
    page("exceptions/<int:pk>/withdraw/", exception_decisions.withdraw, "exceptions-withdraw"),
    page("audit/", audit.browse, "audit"),
    page("audit/verify/", audit.verify, "audit-verify"),
    page("notifications/", notifications.browse, "notifications"),
    page("notifications/read-all/", notifications.read_all, "notifications-read-all"),
    page("notifications/preference/", notifications.prefer, "notifications-preference"),
    page("notifications/<uuid:pk>/open/", notifications.open_one, "notifications-open"),
    page("notifications/<uuid:pk>/read/", notifications.read, "notifications-read"),
    page("me/tokens/", tokens.browse, "tokens"),
    page("me/tokens/new/", tokens.create, "tokens-new"),
    page("me/tokens/<str:pk>/revoke/", tokens.revoke, "tokens-revoke"),
    page("platform/", platform.show, "platform"),
    page("platform/environments/<slug:slug>/windows/", windows.show, "platform-windows"),
    page("platform/environments/<slug:slug>/windows/add/", windows.add, "platform-windows-add"),
    page(
        "platform/environments/<slug:slug>/windows/<int:pk>/remove/",
        windows.remove,
        "platform-windows-remove",
    ),
    page("platform/clusters/<slug:slug>/policies/", platform_policies.show, "platform-policies"),
    page(
        "platform/clusters/<slug:slug>/policies/install/",
        platform_policies.install,
        "platform-policies-install",
    ),
    page(
        "platform/clusters/<slug:slug>/policies/remove/", platform_policies.remove, "platform-policies-remove"
    ),
    page("design/", design.show, "design"),
]
