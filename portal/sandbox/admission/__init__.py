"""Admission: what changes and judges a request before it is stored, in the API server's order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from portal.sandbox.admission.addresses import ServiceAddresses
from portal.sandbox.admission.base import Plugin
from portal.sandbox.admission.escalation import EscalationCheck
from portal.sandbox.admission.inert import InertKinds
from portal.sandbox.admission.jobs import JobSelectors
from portal.sandbox.admission.limits import LimitRanger
from portal.sandbox.admission.namespaces import NamespaceLifecycle
from portal.sandbox.admission.pod_defaults import DefaultStorageClass, PodDefaults, ServiceAccounts
from portal.sandbox.admission.pod_security import PodSecurity
from portal.sandbox.admission.policies import ValidatingAdmissionPolicies
from portal.sandbox.admission.quota import ResourceQuotaAdmission
from portal.sandbox.admission.webhooks import MutatingWebhooks

if TYPE_CHECKING:
    from portal.sandbox.cluster import Cluster


def default_chain(cluster: Cluster) -> list[Plugin]:
    """All plugins; the quota comes last, so that it only weighs what everything else let through."""
    store, resources = cluster.store, cluster.resources
    return [
        NamespaceLifecycle(store, resources),
        EscalationCheck(cluster.authorizer),
        LimitRanger(store, resources),
        ServiceAccounts(store, resources),
        PodDefaults(store, resources),
        DefaultStorageClass(store, resources),
        ServiceAddresses(store, resources),
        JobSelectors(),
        MutatingWebhooks(store, resources, cluster.decoder),
        InertKinds(),
        PodSecurity(store, resources),
        ValidatingAdmissionPolicies(store, resources),
        ResourceQuotaAdmission(store, resources),
    ]
