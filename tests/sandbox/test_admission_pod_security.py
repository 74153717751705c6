"""The Pod Security Standards, in the API server's words."""

import pytest

from portal.sandbox.admission import standards

SAFE = {
    "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
    "containers": [
        {
            "name": "app",
            "image": "app:1",
            "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
        }
    ],
}
PLAIN = {"containers": [{"name": "app", "image": "app:1"}]}


def with_container(**fields: object) -> dict:
    return {"containers": [{"name": "app", "image": "app:1", **fields}]}


def test_hardened_pod_passes_every_level() -> None:
    assert all(standards.evaluate(level, {}, SAFE) == [] for level in standards.LEVELS)


def test_plain_pod_passes_baseline_and_hears_all_that_restricted_asks() -> None:
    assert standards.evaluate("baseline", {}, PLAIN) == []
    assert standards.evaluate("restricted", {}, PLAIN) == [
        'allowPrivilegeEscalation != false (container "app" must set '
        "securityContext.allowPrivilegeEscalation=false)",
        'unrestricted capabilities (container "app" must set securityContext.capabilities.drop=["ALL"])',
        'runAsNonRoot != true (pod or container "app" must set securityContext.runAsNonRoot=true)',
        'seccompProfile (pod or container "app" must set securityContext.seccompProfile.type to '
        '"RuntimeDefault" or "Localhost")',
    ]


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        (with_container(securityContext={"privileged": True}), "privileged"),
        ({**PLAIN, "hostNetwork": True, "hostPID": True}, "host namespaces (hostNetwork=true, hostPID=true)"),
        ({**PLAIN, "volumes": [{"name": "v", "hostPath": {"path": "/"}}]}, 'hostPath volumes (volume "v")'),
        (with_container(ports=[{"hostPort": 80}]), 'hostPort (container "app" uses hostPort 80)'),
        (
            with_container(securityContext={"capabilities": {"add": ["NET_ADMIN"]}}),
            "non-default capabilities",
        ),
        (with_container(securityContext={"procMount": "Unmasked"}), "procMount"),
        (with_container(securityContext={"seLinuxOptions": {"type": "evil_t"}}), "seLinuxOptions"),
        ({**PLAIN, "securityContext": {"seccompProfile": {"type": "Unconfined"}}}, "seccompProfile"),
        (
            {**PLAIN, "securityContext": {"sysctls": [{"name": "kernel.x", "value": "1"}]}},
            "forbidden sysctls",
        ),
        (
            with_container(livenessProbe={"httpGet": {"host": "evil.example", "port": 1}}),
            "probe or lifecycle host",
        ),
        ({**PLAIN, "securityContext": {"windowsOptions": {"hostProcess": True}}}, "hostProcess"),
        (
            {**PLAIN, "securityContext": {"appArmorProfile": {"type": "Unconfined"}}},
            "forbidden AppArmor profile",
        ),
        ({**PLAIN, "initContainers": [{"name": "i", "securityContext": {"privileged": True}}]}, "privileged"),
        (
            {**PLAIN, "ephemeralContainers": [{"name": "e", "securityContext": {"privileged": True}}]},
            "privileged",
        ),
    ],
)
def test_baseline_refuses(spec: dict, reason: str) -> None:
    (found,) = standards.evaluate("baseline", {}, spec)
    assert found.startswith(reason)
    assert standards.evaluate("privileged", {}, spec) == []


def test_restricted_names_a_host_path_once_as_a_restricted_volume() -> None:
    found = standards.evaluate(
        "restricted", {}, {**SAFE, "volumes": [{"name": "v", "hostPath": {"path": "/"}}]}
    )
    assert found == ['restricted volume types (volume "v" uses restricted volume type "hostPath")']


def test_a_container_cannot_undo_what_its_pod_sets() -> None:
    (container,) = SAFE["containers"]
    security = {**container["securityContext"], "runAsNonRoot": False}
    found = standards.evaluate(
        "restricted", {}, {**SAFE, "containers": [{**container, "securityContext": security}]}
    )
    assert found == ['runAsNonRoot != true (container "app" must not set securityContext.runAsNonRoot=false)']


def test_the_loopback_address_is_a_host_like_any_other() -> None:
    spec = with_container(livenessProbe={"httpGet": {"host": "127.0.0.1", "port": 1}})
    found = ['probe or lifecycle host (container "app" uses probe or lifecycle host "127.0.0.1")']
    assert standards.evaluate("baseline", {}, spec) == found


def test_a_user_namespace_relaxes_root_and_at_baseline_the_view_of_proc() -> None:
    inside = {
        "hostUsers": False,
        "securityContext": {"runAsUser": 0, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [
            {
                "name": "app",
                "image": "app:1",
                "securityContext": {
                    "allowPrivilegeEscalation": False,
                    "capabilities": {"drop": ["ALL"]},
                    "procMount": "Unmasked",
                },
            }
        ],
    }
    masked = 'procMount (container "app" must not set securityContext.procMount to "Unmasked")'
    assert standards.evaluate("baseline", {}, inside) == []
    assert standards.evaluate("restricted", {}, inside) == [masked]
    assert masked in standards.evaluate("baseline", {}, {**inside, "hostUsers": True})


def test_all_that_sets_an_apparmor_profile_is_named_with_what_it_sets() -> None:
    spec = with_container(securityContext={"appArmorProfile": {"type": "Unconfined"}})
    key = "container.apparmor.security.beta.kubernetes.io/app"
    assert standards.evaluate("baseline", {"annotations": {key: "unconfined"}}, spec) == [
        'forbidden AppArmor profiles (container "app" and annotation must not set AppArmor profile type to '
        f'"Unconfined", "{key}="unconfined"")'
    ]


def test_who_says_no_to_running_as_another_is_named_with_the_pod() -> None:
    spec = {
        **with_container(securityContext={"runAsNonRoot": False}),
        "securityContext": {"runAsNonRoot": False},
    }
    reasons = standards.evaluate("restricted", {}, spec)
    said = 'pod and container "app" must not set securityContext.runAsNonRoot=false'
    assert f"runAsNonRoot != true ({said})" in reasons
