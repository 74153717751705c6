"""apps, batch, autoscaling and policy (kubernetes/pkg/apis/{apps,batch,autoscaling,policy}/validation)."""

from __future__ import annotations

from typing import Any

from portal.sandbox.objects import Object, dig, without
from portal.sandbox.statuses import FieldError, field_forbidden, field_invalid, field_required
from portal.sandbox.validation.common import (
    amount_or_percent,
    immutable,
    label_selector,
    not_negative,
    one_of,
    required,
    selects,
)
from portal.sandbox.validation.pods import validate_template

_MISMATCH = "`selector` does not match template `labels`"
_STATEFUL_MUTABLE = (
    "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', "
    "'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"
)
_CRON_FIELDS = 5


def _selector_and_template(
    spec: Object, kind: str, restart: tuple[str, ...] = ("Always",)
) -> list[FieldError]:
    selector = spec.get("selector")
    template = spec.get("template") or {}
    errors = []
    if selector is None:
        errors.append(field_required("spec.selector"))
    else:
        errors += label_selector(selector, "spec.selector")
        if not selector.get("matchLabels") and not selector.get("matchExpressions"):
            errors.append(field_invalid("spec.selector", selector, f"empty selector is invalid for {kind}"))
    labels = (template.get("metadata") or {}).get("labels") or {}
    if selector is not None and not selects(selector, labels):
        errors.append(field_invalid("spec.template.metadata.labels", labels, _MISMATCH))
    return errors + validate_template(template, "spec.template", restart)


def _deployment(obj: Object) -> list[FieldError]:
    spec = obj.get("spec") or {}
    errors = not_negative(spec.get("replicas"), "spec.replicas")
    errors += _selector_and_template(spec, "deployment")
    strategy = spec.get("strategy") or {}
    errors += one_of(
        strategy.get("type", "RollingUpdate"), "spec.strategy.type", ("Recreate", "RollingUpdate")
    )
    rolling = strategy.get("rollingUpdate")
    if strategy.get("type") == "Recreate" and rolling is not None:
        errors.append(
            field_forbidden(
                "spec.strategy.rollingUpdate", "may not be specified when strategy `type` is 'Recreate'"
            )
        )
    elif rolling is not None:
        for field in ("maxUnavailable", "maxSurge"):
            errors += amount_or_percent(rolling.get(field, 0), f"spec.strategy.rollingUpdate.{field}")
        if _is_zero(rolling.get("maxUnavailable")) and _is_zero(rolling.get("maxSurge")):
            errors.append(
                field_invalid(
                    "spec.strategy.rollingUpdate.maxUnavailable",
                    rolling.get("maxUnavailable"),
                    "may not be 0 when `maxSurge` is 0",
                )
            )
    errors += not_negative(spec.get("minReadySeconds"), "spec.minReadySeconds")
    errors += not_negative(spec.get("revisionHistoryLimit"), "spec.revisionHistoryLimit")
    deadline = spec.get("progressDeadlineSeconds")
    errors += not_negative(deadline, "spec.progressDeadlineSeconds")
    if deadline is not None and deadline <= (spec.get("minReadySeconds") or 0):
        errors.append(
            field_invalid("spec.progressDeadlineSeconds", deadline, "must be greater than minReadySeconds")
        )
    return errors


def _is_zero(value: Any) -> bool:
    return value in (0, "0%", None)


def _replica_set(obj: Object) -> list[FieldError]:
    spec = obj.get("spec") or {}
    return not_negative(spec.get("replicas"), "spec.replicas") + _selector_and_template(spec, "deployment")


def _replication_controller(obj: Object) -> list[FieldError]:
    spec = obj.get("spec") or {}
    errors = not_negative(spec.get("replicas"), "spec.replicas")
    if not spec.get("selector"):
        errors.append(field_required("spec.selector"))
    if spec.get("template") is None:
        return [*errors, field_required("spec.template")]
    return errors + validate_template(spec["template"], "spec.template")


def _stateful_set(obj: Object) -> list[FieldError]:
    spec = obj.get("spec") or {}
    errors = not_negative(spec.get("replicas"), "spec.replicas")
    errors += one_of(
        spec.get("podManagementPolicy", "OrderedReady"),
        "spec.podManagementPolicy",
        ("OrderedReady", "Parallel"),
    )
    errors += one_of(
        dig(spec, "updateStrategy", "type") or "RollingUpdate",
        "spec.updateStrategy",
        ("OnDelete", "RollingUpdate"),
    )
    return errors + _selector_and_template(_with_claims(spec), "statefulset")


def _with_claims(spec: Object) -> Object:
    """The spec as its pods will have it: each claim template is a volume that containers may mount."""
    claims = [dig(claim, "metadata", "name") for claim in spec.get("volumeClaimTemplates") or []]
    template = spec.get("template") or {}
    pod = template.get("spec") or {}
    declared = pod.get("volumes") or []
    known = {volume.get("name") for volume in declared}
    added = [{"name": name, "emptyDir": {}} for name in claims if name and name not in known]
    return {**spec, "template": {**template, "spec": {**pod, "volumes": [*declared, *added]}}}


def _daemon_set(obj: Object) -> list[FieldError]:
    spec = obj.get("spec") or {}
    errors = _selector_and_template(spec, "daemonset")
    return errors + one_of(
        dig(spec, "updateStrategy", "type") or "RollingUpdate",
        "spec.updateStrategy.type",
        ("OnDelete", "RollingUpdate"),
    )


def _job(obj: Object) -> list[FieldError]:
    return _job_spec(obj.get("spec") or {}, "spec")


def _job_spec(spec: Object, path: str) -> list[FieldError]:
    errors = []
    for field in (
        "parallelism",
        "completions",
        "activeDeadlineSeconds",
        "backoffLimit",
        "ttlSecondsAfterFinished",
    ):
        errors += not_negative(spec.get(field), f"{path}.{field}")
    template = spec.get("template") or {}
    found = validate_template(template, f"{path}.template", ("Never", "OnFailure"))
    policy = dig(template, "spec", "restartPolicy")
    if policy == "Always":
        # the defaulted policy is named as required
        found = [each for each in found if each.field != f"{path}.template.spec.restartPolicy"]
        found.append(
            FieldError(
                "FieldValueNotSupported",
                f"{path}.template.spec.restartPolicy",
                'Unsupported value: "Always": supported values: "Never", "OnFailure"',
            )
        )
    return errors + found


def _cron_job(obj: Object) -> list[FieldError]:
    spec = obj.get("spec") or {}
    schedule = spec.get("schedule") or ""
    errors = []
    if not schedule:
        errors.append(field_required("spec.schedule"))
    elif not schedule.startswith("@") and len(schedule.split()) != _CRON_FIELDS:
        why = f"expected exactly 5 fields, found {len(schedule.split())}: [{schedule}]"
        errors.append(field_invalid("spec.schedule", schedule, why))
    policies = ("Allow", "Forbid", "Replace")
    errors += one_of(spec.get("concurrencyPolicy", "Allow"), "spec.concurrencyPolicy", policies)
    for field in ("startingDeadlineSeconds", "successfulJobsHistoryLimit", "failedJobsHistoryLimit"):
        errors += not_negative(spec.get(field), f"spec.{field}")
    return errors + _job_spec(dig(spec, "jobTemplate", "spec") or {}, "spec.jobTemplate.spec")


def _autoscaler(obj: Object) -> list[FieldError]:
    spec = obj.get("spec") or {}
    errors = required(spec.get("scaleTargetRef") or {}, "spec.scaleTargetRef", "kind", "name")
    low, high = spec.get("minReplicas", 1), spec.get("maxReplicas") or 0
    if low < 1:
        errors.append(field_invalid("spec.minReplicas", low, "must be greater than or equal to 1"))
    if high < 1:
        errors.append(field_invalid("spec.maxReplicas", high, "must be greater than 0"))
    elif high < low:
        errors.append(
            field_invalid("spec.maxReplicas", high, "must be greater than or equal to `minReplicas`")
        )
    return errors


def _disruption_budget(obj: Object) -> list[FieldError]:
    spec = obj.get("spec") or {}
    errors = []
    if "minAvailable" in spec and "maxUnavailable" in spec:
        errors.append(field_invalid("spec", spec, "minAvailable and maxUnavailable cannot be both set"))
    for field in ("minAvailable", "maxUnavailable"):
        if field in spec:
            errors += amount_or_percent(spec[field], f"spec.{field}")
    return errors + label_selector(spec.get("selector"), "spec.selector")


def _same_selector(new: Object, old: Object) -> list[FieldError]:
    return immutable(dig(new, "spec", "selector"), dig(old, "spec", "selector"), "spec.selector")


def _stateful_set_update(new: Object, old: Object) -> list[FieldError]:
    mutable = (
        "replicas", "ordinals", "template", "updateStrategy", "revisionHistoryLimit",
        "persistentVolumeClaimRetentionPolicy", "minReadySeconds",
    )  # fmt: skip
    if without(new["spec"], *mutable) == without(old["spec"], *mutable):
        return []
    return [field_forbidden("spec", _STATEFUL_MUTABLE)]


def _job_update(new: Object, old: Object) -> list[FieldError]:
    errors = _same_selector(new, old)
    errors += immutable(dig(new, "spec", "completions"), dig(old, "spec", "completions"), "spec.completions")
    suspended = bool(dig(old, "spec", "suspend"))
    if not suspended:
        errors += immutable(dig(new, "spec", "template"), dig(old, "spec", "template"), "spec.template")
    return errors


CHECKS = {
    ("apps", "Deployment"): _deployment,
    ("apps", "ReplicaSet"): _replica_set,
    ("apps", "StatefulSet"): _stateful_set,
    ("apps", "DaemonSet"): _daemon_set,
    ("", "ReplicationController"): _replication_controller,
    ("batch", "Job"): _job,
    ("batch", "CronJob"): _cron_job,
    ("autoscaling", "HorizontalPodAutoscaler"): _autoscaler,
    ("policy", "PodDisruptionBudget"): _disruption_budget,
}
UPDATE_CHECKS = {
    ("apps", "Deployment"): _same_selector,
    ("apps", "ReplicaSet"): _same_selector,
    ("apps", "DaemonSet"): _same_selector,
    ("apps", "StatefulSet"): _stateful_set_update,
    ("batch", "Job"): _job_update,
}
