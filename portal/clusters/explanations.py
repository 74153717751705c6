"""What Kubernetes' words for trouble mean, and what to do about it. Data, no rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Explanation:
    """`what` in plain words, `remedy` for whoever owns the service."""

    what: str
    remedy: str


_PULL = Explanation(
    "The node cannot pull the container's image.",
    "Check that the image's name and tag exist and that the registry is approved and reachable; the events "
    "have its answer. Then change the image, or ask for a rollback.",
)
_CONFIG = Explanation(
    "The container refers to a Secret, a ConfigMap or a key that is not there.",
    "Make the missing object, or correct its name in the values; the message names it.",
)
EXPLANATIONS: Mapping[str, Explanation] = {
    "CrashLoopBackOff": Explanation(
        "The container starts, ends with an error, and is started again after ever longer pauses.",
        "Read the log of the run before: its last lines usually say why. Then correct the image or the "
        "values, or roll back to the release that worked.",
    ),
    "Error": Explanation(
        "The container ended with an error.",
        "Read its log. The exit code is the program's own.",
    ),
    "OOMKilled": Explanation(
        "The container wanted more memory than its limit, and was ended.",
        "Choose a larger plan or raise the memory limit, or find out why it needs so much: the log of the "
        "run before may tell.",
    ),
    "ImagePullBackOff": _PULL,
    "ErrImagePull": _PULL,
    "InvalidImageName": Explanation(
        "The image's name is not one that a registry could have.",
        "Correct repository and tag in the values.",
    ),
    "ErrImageNeverPull": Explanation(
        "The image is not on the node, and may not be pulled.",
        "Let the pull policy be IfNotPresent, or Always.",
    ),
    "CreateContainerConfigError": _CONFIG,
    "CreateContainerError": Explanation(
        "The node could not make the container.",
        "The message says why; often its command or a mount is wrong.",
    ),
    "RunContainerError": Explanation(
        "The container was made, but did not start.",
        "Check its command and its mounts; the message says which of them.",
    ),
    "StartError": Explanation(
        "The container's program could not be started.",
        "Check the command: it has to be in the image, and may have to be executable by the user it runs as.",
    ),
    "ContainerCannotRun": Explanation(
        "The container's program could not be started.",
        "Check the command: it has to be in the image, and may have to be executable by the user it runs as.",
    ),
    "DeadlineExceeded": Explanation(
        "It took longer than it may.",
        "Allow it more time (activeDeadlineSeconds), or give it less to do.",
    ),
    "Evicted": Explanation(
        "The node ran short of memory, disk or processes and put the pod out; another takes its place.",
        "If it happens again, raise the pod's requests to what it really uses, or write less to its disk.",
    ),
    "Preempted": Explanation(
        "A pod of higher priority took its place on the node.",
        "It is placed again where there is room. If it waits for long, ask the platform team for capacity.",
    ),
    "NodeLost": Explanation(
        "The node does not answer any more, so nobody knows how the pod is.",
        "Wait for the node, or for the pod to be placed elsewhere. Tell the platform team if it lasts.",
    ),
    "NodeAffinity": Explanation(
        "The node does not fit the pod any more.", "It is placed again; nothing is to be done."
    ),
    "Unschedulable": Explanation(
        "No node has room for the pod, or none fits what it asks for.",
        "Ask for less CPU or memory, or for fewer replicas; the message counts the nodes and says why each "
        "does not fit. If that is what the service needs, ask the platform team for capacity.",
    ),
    "SchedulingGated": Explanation(
        "Something holds the pod back before it is given a node.",
        "Wait for whoever set the gate; the pod's YAML names it.",
    ),
    "ContainerStatusUnknown": Explanation(
        "The node does not know how the container ended.",
        "Usually the node was lost or restarted. The pod's successor is what counts.",
    ),
    # warnings of events
    "FailedScheduling": Explanation(
        "No node has room for the pod, or none fits what it asks for.",
        "Ask for less CPU or memory, or for fewer replicas; the message says why each node does not fit.",
    ),
    "BackOff": Explanation(
        "Something failed and is tried again after a pause.",
        "The pod's log and the other events say what failed.",
    ),
    "Unhealthy": Explanation(
        "A probe of the container failed.",
        "Look at the log at that time. If the service merely needs longer to start, give it a startup probe.",
    ),
    "FailedMount": Explanation(
        "A volume could not be mounted.",
        "The message names the Secret, ConfigMap or claim that is missing or held elsewhere.",
    ),
    "FailedAttachVolume": Explanation(
        "The volume is still attached to another node.",
        "Usually that ends by itself within minutes. Tell the platform team if it lasts.",
    ),
    "FailedCreate": Explanation(
        "The controller may not make what it should.",
        "The message says whether quota, policy or an admission webhook refused it, and what it wants.",
    ),
    "ProvisioningFailed": Explanation(
        "No volume could be made for the claim.",
        "Check the storage class; ask the platform team which ones there are.",
    ),
    "ProgressDeadlineExceeded": Explanation(
        "The new version did not become ready in time.",
        "Look at its pods: the first reason there is usually the cause.",
    ),
    "BackoffLimitExceeded": Explanation(
        "The job failed as often as it may.",
        "Read the log of its last pod, correct the cause, and run it again.",
    ),
}


def explain(reason: str) -> Explanation | None:
    """Of the kubelet's or a controller's word; a reason of an initial container is the same."""
    return EXPLANATIONS.get(reason.removeprefix("Init:"))
