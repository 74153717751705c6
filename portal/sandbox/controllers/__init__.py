"""The controllers: what brings stored objects to life. Level-triggered, and idle when nothing changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from portal.sandbox.controllers.accounts import RoleAggregationController, TokenController
from portal.sandbox.controllers.autoscaler import AutoscalerController
from portal.sandbox.controllers.base import Controller
from portal.sandbox.controllers.cosi import BucketAccessOperator, BucketOperator
from portal.sandbox.controllers.cronjob import CronJobController
from portal.sandbox.controllers.daemonset import DaemonSetController
from portal.sandbox.controllers.deployment import DeploymentController
from portal.sandbox.controllers.disruption import DisruptionController
from portal.sandbox.controllers.endpoints import EndpointSliceController
from portal.sandbox.controllers.garbage import GarbageCollector
from portal.sandbox.controllers.gateway import RouteOperator
from portal.sandbox.controllers.job import JobController
from portal.sandbox.controllers.kubelet import NodeController
from portal.sandbox.controllers.namespace import NamespaceController
from portal.sandbox.controllers.plane import ControlPlane
from portal.sandbox.controllers.quota import QuotaController
from portal.sandbox.controllers.replicaset import ReplicaSetController
from portal.sandbox.controllers.statefulset import StatefulSetController
from portal.sandbox.controllers.strimzi import KafkaTopicOperator, KafkaUserOperator
from portal.sandbox.controllers.volumes import VolumeController

if TYPE_CHECKING:
    from portal.sandbox.cluster import Cluster

ALL: tuple[type[Controller], ...] = (
    NamespaceController,
    RoleAggregationController,
    TokenController,
    DeploymentController,
    ReplicaSetController,
    StatefulSetController,
    DaemonSetController,
    JobController,
    CronJobController,
    AutoscalerController,
    DisruptionController,
    VolumeController,
    EndpointSliceController,
    NodeController,
    QuotaController,
    GarbageCollector,
    # of addons: idle until somebody installs their kinds
    KafkaTopicOperator,
    KafkaUserOperator,
    BucketOperator,
    BucketAccessOperator,
    RouteOperator,
)


class Running:
    """The controllers of a started cluster."""

    def __init__(self, running: list[Controller]) -> None:
        self._running = running

    def stop(self) -> None:
        for controller in self._running:
            controller.stop()


def start(cluster: Cluster) -> Running:
    """Start all controllers on the running event loop."""
    plane = ControlPlane(cluster)
    return Running([controller(plane) for controller in ALL])
