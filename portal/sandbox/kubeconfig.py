"""The kubeconfig of the cluster's administrator."""

from __future__ import annotations

import base64
import os
import secrets
from pathlib import Path

import yaml

NAME = "slipway-sandbox"


def admin_token(folder: Path) -> str:
    """The administrator's bearer token, made once and kept with mode 0600."""
    path = folder / "admin.token"
    if path.exists():
        return path.read_text("ascii").strip()
    token = secrets.token_urlsafe(32)
    path.touch(mode=0o600)
    path.write_text(token, "ascii")
    return token


def write(path: Path, *, server: str, certificate: bytes, token: str) -> None:
    """Replace `path` in one step, mode 0600."""
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {
                "name": NAME,
                "cluster": {
                    "server": server,
                    "certificate-authority-data": base64.b64encode(certificate).decode(),
                },
            }
        ],
        "users": [{"name": NAME, "user": {"token": token}}],
        "contexts": [{"name": NAME, "context": {"cluster": NAME, "user": NAME}}],
        "current-context": NAME,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    fresh.touch(mode=0o600)
    fresh.write_text(yaml.safe_dump(document, sort_keys=False), "utf-8")
    fresh.replace(path)
