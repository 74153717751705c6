"""/api/v1/"""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path, re_path
from rest_framework.routers import SimpleRouter

from portal.api.v1.applications.views import ApplicationViewSet
from portal.api.v1.approver_groups.views import GroupViewSet
from portal.api.v1.audit.views import AuditViewSet
from portal.api.v1.blast_radii.views import BlastRadiusViewSet
from portal.api.v1.campaigns.views import CampaignItemViewSet, CampaignViewSet
from portal.api.v1.changes.comments import CommentViewSet
from portal.api.v1.changes.views import ChangeViewSet
from portal.api.v1.comparisons.views import ComparisonViewSet
from portal.api.v1.deprecations.urls import deprecation_patterns
from portal.api.v1.drift.urls import drift_patterns
from portal.api.v1.drift.views import DriftViewSet
from portal.api.v1.environments.views import ClusterViewSet, EnvironmentViewSet
from portal.api.v1.exceptions.views import ExceptionViewSet
from portal.api.v1.fleet.views import FleetViewSet
from portal.api.v1.gate_reports.views import GateReportViewSet
from portal.api.v1.guards.views import GuardViewSet
from portal.api.v1.instances.views import InstanceViewSet
from portal.api.v1.me.views import MeViewSet
from portal.api.v1.notifications.views import NotificationViewSet, PreferenceViewSet
from portal.api.v1.offerings.views import OfferingViewSet, PlanViewSet, VersionViewSet
from portal.api.v1.policies.views import NAME_PATTERN, ModeViewSet, PolicyViewSet, ViolationViewSet
from portal.api.v1.previews.views import PreviewViewSet
from portal.api.v1.quota_pools.views import QuotaPoolViewSet, QuotaRaiseViewSet
from portal.api.v1.reports.views import ReportViewSet
from portal.api.v1.running.urls import running_patterns
from portal.api.v1.sources.versions import SourceVersionViewSet
from portal.api.v1.sources.views import SourceViewSet
from portal.api.v1.teams.views import TeamViewSet
from portal.api.v1.tokens.views import TokenViewSet
from portal.api.v1.unknown import UnknownPath
from portal.api.v1.windows.views import WindowViewSet

app_name = "api"

router = SimpleRouter()
for prefix, viewset, name in (
    ("offerings", OfferingViewSet, "offering"),
    (r"offerings/(?P<offering_slug>[-a-zA-Z0-9_]{1,60})/versions", VersionViewSet, "version"),
    ("plans", PlanViewSet, "plan"),
    ("previews", PreviewViewSet, "preview"),
    ("changes", ChangeViewSet, "change"),
    (r"changes/(?P<change_id>[0-9]{1,18})/comments", CommentViewSet, "comment"),
    ("instances", InstanceViewSet, "instance"),
    ("drift", DriftViewSet, "drift"),
    ("fleet", FleetViewSet, "fleet"),
    ("campaigns", CampaignViewSet, "campaign"),
    (r"campaigns/(?P<campaign_id>[0-9]{1,18})/items", CampaignItemViewSet, "campaign-item"),
    ("applications", ApplicationViewSet, "application"),
    ("teams", TeamViewSet, "team"),
    ("environments", EnvironmentViewSet, "environment"),
    (r"environments/(?P<environment_slug>[-a-zA-Z0-9_]{1,20})/windows", WindowViewSet, "window"),
    ("sources", SourceViewSet, "source"),
    (r"sources/(?P<source_slug>[-a-zA-Z0-9_]{1,60})/versions", SourceVersionViewSet, "source-version"),
    ("quota-pools", QuotaPoolViewSet, "quota-pool"),
    ("quota-raises", QuotaRaiseViewSet, "quota-raise"),
    ("approver-groups", GroupViewSet, "approver-group"),
    ("clusters", ClusterViewSet, "cluster"),
    # before those that could take these words for a policy's name
    ("policies/reports", ReportViewSet, "policy-report"),
    ("policies/blast-radius", BlastRadiusViewSet, "blast-radius"),
    (rf"policies/(?P<name>{NAME_PATTERN})/violations", ViolationViewSet, "violation"),
    (rf"policies/(?P<name>{NAME_PATTERN})/modes", ModeViewSet, "policy-mode"),
    ("policies", PolicyViewSet, "policy"),
    ("reports/gates", GateReportViewSet, "gate-report"),
    ("exceptions", ExceptionViewSet, "exception"),
    ("audit", AuditViewSet, "audit"),
    ("tokens", TokenViewSet, "token"),
    ("me/notifications", NotificationViewSet, "notification"),
):
    router.register(prefix, viewset, basename=name)

urlpatterns: list[URLPattern | URLResolver] = [
    path("me/", MeViewSet.as_view({"get": "retrieve"}), name="me"),
    path(
        "me/notification-preference/",
        PreferenceViewSet.as_view({"get": "retrieve", "put": "update"}),
        name="notification-preference",
    ),
    re_path(
        r"^environments/(?P<slug>[-a-zA-Z0-9_]{1,20})/guard/$",
        GuardViewSet.as_view({"get": "retrieve", "post": "create"}),
        name="environment-guard",
    ),
    re_path(
        r"^offerings/(?P<offering_slug>[-a-zA-Z0-9_]{1,60})/compare/$",
        ComparisonViewSet.as_view({"get": "retrieve"}),
        name="offering-compare",
    ),
    *deprecation_patterns,
    *drift_patterns,
    *running_patterns,
    *router.urls,
    re_path("^", UnknownPath.as_view(), name="unknown"),
]
