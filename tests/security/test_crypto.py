"""What the code must not use, and what production must."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from django.conf import global_settings
from django.contrib.auth import hashers
from django.test import Client, override_settings

from portal.core import yaml_loader
from portal.lifecycle.selectors import policies
from portal.policy import bundle
from portal.sandbox import bodies
from portal.settings import base

CODE = [path for folder in ("portal", "services_catalog") for path in sorted(Path(folder).rglob("*.py"))]
SCRIPTS = sorted(Path("portal/web/assets").rglob("*.js"))
# each is yaml.CSafeLoader, or made from it: see test_the_loaders_make_plain_values_only
SAFE_LOADERS = {"JsonLoader", "Loader", "_Loader", "yaml.CSafeLoader"}
WEAK = {"md5", "sha1", "new"}
# the sandbox plays a cluster: names of its pods are no secrets
EXCEPT = ("portal/sandbox/",)


def calls() -> Iterator[tuple[Path, ast.Attribute]]:
    for path in CODE:
        if not str(path).startswith(EXCEPT):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                    yield path, node


def test_no_weak_hash_or_random_source_is_used() -> None:
    """`random` only where pauses are spread out."""
    spreading = {"uniform", "random", "randrange", "sample", "shuffle", "SystemRandom", "Random"}
    for path, node in calls():
        assert isinstance(node.value, ast.Name)
        if node.value.id == "hashlib":
            assert node.attr not in WEAK, f"{path}:{node.lineno}"
        if node.value.id == "random":
            assert node.attr in spreading, f"{path}:{node.lineno}"
    for path in CODE:
        text = path.read_text()
        assert not re.search(
            r"^import pickle|^import marshal|^import shelve|\beval\(|\bexec\(|(unsafe|full)_load", text, re.M
        ), path
        loaders = re.findall(r"\byaml\.load(?:_all)?\(.*?(?:Loader=([\w.]+)|$)", text, re.M)
        assert set(loaders) <= SAFE_LOADERS, path
        assert "shell=True" not in text, path
        assert "verify=False" not in text, path


def test_the_loaders_make_plain_values_only() -> None:
    for loader in (
        yaml_loader.JsonLoader,
        yaml_loader.Loader,
        bundle.Loader,
        policies.Loader,
        bodies._Loader,
    ):
        assert issubclass(loader, yaml.CSafeLoader | yaml.SafeLoader)
        with pytest.raises(yaml.YAMLError):
            yaml.load("!!python/object/apply:os.system [id]", Loader=loader)


def test_passwords_are_hashed_slowly_in_production() -> None:
    assert not hasattr(base, "PASSWORD_HASHERS")
    with override_settings(PASSWORD_HASHERS=global_settings.PASSWORD_HASHERS):
        algorithm, rounds, *_ = hashers.make_password("correct horse battery").split("$")
        assert algorithm == "pbkdf2_sha256"
        assert int(rounds) >= 600_000
        old = hashers.PBKDF2PasswordHasher().encode("correct horse battery", "salt0salt0salt0salt0sal", 1000)
        assert hashers.check_password("correct horse battery", old)
        assert hashers.get_hasher("default").must_update(old)


# what is typed into a request, for as long as the tab lives; tests/browser/test_live_form.py: never a secret
KEPT = {("request.js", "sessionStorage")}


def test_scripts_store_nothing_in_the_browser() -> None:
    assert SCRIPTS
    for path in SCRIPTS:
        text = path.read_text()
        for word in ("localStorage", "sessionStorage", "indexedDB", "document.cookie =", "eval(", "Function(",
                     "__proto__", "document.write", "addEventListener(\"message\""):  # fmt: skip
            assert word not in text or (path.name, word) in KEPT, f"{path}: {word}"


@pytest.mark.parametrize(
    "address", ["/static/", "/static/slipway/", "/static/slipway/js/", "/static/../manage.py"]
)
def test_no_folder_of_static_files_is_listed(db: None, address: str) -> None:
    answer = Client(raise_request_exception=False).get(address)
    assert answer.status_code in (302, 404)
    assert b"base.js" not in answer.content


def test_no_address_carries_a_secret() -> None:
    """No form that holds a password or a token is sent by GET."""
    for path in sorted(Path("templates").rglob("*.html")):
        for form in re.findall(r"<form\b.*?</form>", path.read_text(), re.S):
            if "password" in form or "csrf_token" in form:
                assert 'method="post"' in form, path
