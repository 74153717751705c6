"""What can go wrong with a cluster or a chart, in the cluster's own words where it has any."""

from __future__ import annotations

from portal.core.errors import SlipwayError


class ClusterError(SlipwayError):
    """Base of what follows. `retryable`: the same call may succeed later, with nobody changing anything."""

    code = "cluster_error"
    retryable = False


class BadKubeconfig(ClusterError):
    """The kubeconfig of a cluster cannot be used; nothing was tried."""

    code = "bad_kubeconfig"
    default_message = "The cluster's kubeconfig cannot be used."


class ClusterUnreachable(ClusterError):
    """No answer, or an answer that says 'not now'."""

    code = "cluster_unreachable"
    default_message = "The cluster does not answer. It is tried again; look at its status if this lasts."
    retryable = True


class ClusterTrouble(ClusterUnreachable):
    """The API server answers, with an error of its own: this request met it, others need not."""

    code = "cluster_trouble"
    default_message = "The cluster answers with an error of its own. It is tried again."


class ServiceSilent(ClusterError):
    """The API server answers, the service behind its proxy does not: not found, no ready pod, or refused."""

    code = "service_silent"
    default_message = "The service does not answer."
    retryable = True


class MetricUnknown(ClusterError):
    """The metrics service answers, but not with a number."""

    code = "metric_unknown"
    default_message = "The metrics service does not know this."
    retryable = True


class ClusterForbidden(ClusterError):
    """The identity in use lacks the right (RBAC), or its credentials are not accepted."""

    code = "cluster_forbidden"
    default_message = "The cluster does not allow this to the identity in use."


class ClusterConflict(ClusterError):
    """Somebody else owns the object or a field, or changed it meanwhile."""

    code = "cluster_conflict"
    default_message = "The object was changed by somebody else meanwhile."


class ClusterBusy(ClusterConflict):
    """Somebody changed the object in this very moment, or it is on its way out: soon it works."""

    code = "cluster_busy"
    default_message = "The object was changed by somebody else in this very moment. It is tried again."
    retryable = True


class ClusterRefused(ClusterError):
    """Admission or validation refused the object; the message is the cluster's, verbatim."""

    code = "cluster_refused"
    default_message = "The cluster refused the object."


class NamespaceMissing(ClusterRefused):
    """The namespace of a release is not there; what the cluster says then names a right that went with it."""

    code = "namespace_missing"
    default_message = "The namespace is not in the cluster any more."


class ChartDoesNotRender(ClusterError):
    """The chart and these values give no manifest; the message is helm's, without paths of this machine."""

    code = "chart_does_not_render"
    default_message = "The chart does not render with these values."


class RenderLimitExceeded(ClusterError):
    """Rendering took more time, memory or output than is allowed."""

    code = "render_limit_exceeded"
    default_message = "Rendering the chart takes more than is allowed."


class HelmFailed(ClusterError):
    """Helm ended with an error that none of the others names."""

    code = "helm_failed"
    default_message = "Helm ended with an error."


class HelmKilled(HelmFailed):
    """Somebody else ended it: the kernel for want of memory, or a person. A release may be left pending."""

    code = "helm_killed"
    default_message = "Helm was killed before it ended. It is tried again; look at this machine's memory."
    retryable = True


class HelmMissing(HelmFailed):
    """There is no helm at the configured place, or it is not helm."""

    code = "helm_missing"
    default_message = "Helm was not found."


class HelmTimeout(ClusterError):
    """Helm did not end in time and was stopped, or waited in vain for a hook."""

    code = "helm_timeout"
    default_message = "Helm did not end in time."
    retryable = True


class HelmStopped(ClusterError):
    """The caller asked for the stop."""

    code = "helm_stopped"
    default_message = "Helm was stopped before it ended."


class ReleaseLocked(ClusterError):
    """The release is in a `pending-*` state: another helm is at work on it, or one was killed."""

    code = "release_locked"
    default_message = "Another operation on this release is in progress."
    retryable = True
