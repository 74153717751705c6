"""The image and the compose file name things that exist; no Docker engine is asked."""

import dataclasses
import re
import shlex

import pytest
import yaml

from portal.settings.environment import Environment
from tools.paths import ROOT

COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
OUR_ROLES = ("migrate", "web", "worker", "beat")


def test_the_production_parts_are_there_and_the_cluster_only_on_demand():
    assert set(SERVICES) == {"db", "broker", "k3s", *OUR_ROLES}
    assert [name for name, service in SERVICES.items() if service.get("profiles")] == ["k3s"]


def test_every_dependency_exists_and_can_meet_its_condition():
    for name, service in SERVICES.items():
        for other, wanted in (service.get("depends_on") or {}).items():
            assert other in SERVICES, f"{name} waits for {other}"
            if wanted["condition"] == "service_healthy":
                assert "test" in SERVICES[other]["healthcheck"], f"{name} waits for the health of {other}"


def test_the_portal_starts_only_after_the_migrations():
    for name in ("web", "worker", "beat"):
        assert SERVICES[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}


@pytest.mark.parametrize("name", OUR_ROLES)
def test_every_variable_given_to_the_portal_is_a_setting(name):
    known = {f"SLIPWAY_{field.name.upper()}" for field in dataclasses.fields(Environment)}
    given = set(SERVICES[name]["environment"])
    assert given <= known
    assert {
        "SLIPWAY_SECRET_KEY",
        "SLIPWAY_DATABASE_URL",
        "SLIPWAY_BROKER_URL",
        "SLIPWAY_ALLOWED_HOSTS",
    } <= given


def test_no_secret_has_a_default():
    text = (ROOT / "docker-compose.yml").read_text()
    for variable in ("SLIPWAY_SECRET_KEY", "SLIPWAY_AUDIT_KEY", "POSTGRES_PASSWORD"):
        uses = re.findall(r"\$\{" + variable + r"([^}]*)\}", text)
        assert uses
        assert all(use.startswith(":?") for use in uses)


@pytest.mark.parametrize("name", OUR_ROLES)
def test_the_portal_runs_without_privileges_on_a_read_only_root(name):
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]


def test_volumes_that_are_mounted_are_declared():
    mounted = {volume.split(":")[0] for service in SERVICES.values() for volume in service.get("volumes", [])}
    assert mounted == set(COMPOSE["volumes"])


def test_the_image_copies_only_what_is_there_and_let_through():
    let_through = set(re.findall(r"^!(.+)$", (ROOT / ".dockerignore").read_text(), flags=re.MULTILINE))
    for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, flags=re.MULTILINE):
        for source in shlex.split(line)[:-1]:
            assert (ROOT / source).exists(), source
            assert source.rstrip("/") in let_through, source


def test_the_image_runs_as_an_unprivileged_user_by_number():
    users = re.findall(r"^USER (.+)$", DOCKERFILE, flags=re.MULTILINE)
    assert users[-1].isdigit()
    assert int(users[-1]) > 0


def test_everything_installed_into_the_image_is_hash_checked():
    installs = re.findall(r"pip install (.+)", DOCKERFILE)
    assert len(installs) == 2
    assert all("--require-hashes" in install and "--no-deps" in install for install in installs)
    assert "npm ci" in DOCKERFILE
    assert "npm install" not in DOCKERFILE
