"""`helm verify`: who signed a chart's archive, by a keyring that is given; without network or settings."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from pathlib import Path

from portal.clusters import binary as helm_binary
from portal.clusters import process
from portal.clusters.errors import ClusterError, HelmKilled, HelmMissing, HelmTimeout
from portal.clusters.types import MIB

BOUNDS = process.Bounds(seconds=30, output_bytes=MIB, memory_bytes=512 * MIB)
MOST_KEYRING_BYTES = 256 * 1024
_FILE_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9._+-]{0,250}")
_BLOCK = re.compile(
    r"-----BEGIN PGP PUBLIC KEY BLOCK-----\r?\n(?P<body>.*?)-----END PGP PUBLIC KEY BLOCK-----", re.DOTALL
)
_SIGNER = re.compile(r"^Signed by: ?(.*)$", re.MULTILINE)
_FINGERPRINT = re.compile(r"^Using Key With Fingerprint: ?([0-9A-Fa-f]+)$", re.MULTILINE)
_HASH = re.compile(r"^Chart Hash Verified: ?sha256:([0-9a-f]{64})$", re.MULTILINE)


class KeyringUnreadable(ClusterError):
    code = "keyring_unreadable"
    default_message = (
        "These are no public OpenPGP keys in ASCII armour. Export them with `gpg --armor --export`."
    )


class SignatureUnknown(ClusterError):
    """Signed by somebody who is not in the keyring."""

    code = "signer_unknown"
    default_message = "It is signed with a key that is not in the source's keyring."


class SignatureBroken(ClusterError):
    """The signature is not of this archive, or is none."""

    code = "signature_broken"
    default_message = "Its signature does not hold for this archive."


@dataclass(frozen=True)
class Signature:
    signer: str
    fingerprint: str


def verify(
    archive: bytes, file_name: str, provenance: bytes, keyring: bytes, *, binary: Path | str | None = None
) -> Signature:
    """Who signed `archive`, which its provenance knows as `file_name`; `keyring` is as `dearmoured` gives it.

    Raises SignatureUnknown, SignatureBroken, HelmMissing, HelmTimeout, HelmKilled.
    """
    if not _FILE_NAME.fullmatch(file_name):
        raise SignatureBroken("Its file has a name that no provenance can be about.")
    helm = helm_binary.find(binary)
    with helm_binary.home() as home:
        path, keys = home / file_name, home / "keyring.gpg"
        path.write_bytes(archive)
        path.with_name(f"{file_name}.prov").write_bytes(provenance)
        keys.write_bytes(keyring)
        try:
            done = process.run(
                [str(helm), "verify", str(path), "--keyring", str(keys)],
                env=helm_binary.environment(home, network=False),
                cwd=home,
                bounds=BOUNDS,
            )
        except process.ChildTimedOut:
            raise HelmTimeout("Helm did not verify the signature in time.") from None
        except process.ChildError:
            raise SignatureBroken("Its signature takes more to verify than is allowed.") from None
        except OSError as exc:
            raise HelmMissing(f"{helm} cannot be run. {helm_binary.HOW_TO_INSTALL}") from exc
    if done.returncode < 0:
        raise HelmKilled
    said = done.stdout.decode(errors="replace")
    signer, fingerprint = _SIGNER.search(said), _FINGERPRINT.search(said)
    if done.returncode or not signer or not fingerprint or not _HASH.search(said):
        if "unknown entity" in done.stderr:
            raise SignatureUnknown
        raise SignatureBroken
    return Signature(signer.group(1).strip(), fingerprint.group(1).upper())


def dearmoured(text: str) -> bytes:
    """All keys of the armoured blocks, one behind the other, as every helm reads them.

    Helm 4 reads the first of several blocks only, and Helm 3 none. Raises KeyringUnreadable.
    """
    if len(text) > MOST_KEYRING_BYTES:
        raise KeyringUnreadable(f"The keyring has more than {MOST_KEYRING_BYTES // 1024} KiB.")
    keys = b""
    for block in _BLOCK.finditer(text):
        _, _, body = block.group("body").replace("\r\n", "\n").partition("\n\n")
        lines = [line.strip() for line in (body or block.group("body")).split("\n")]
        try:
            # a line that begins with = is the checksum, which RFC 9580 has done away with
            coded = "".join(line for line in lines if not line.startswith("="))
            keys += base64.b64decode(coded, validate=True)
        except binascii.Error as exc:
            raise KeyringUnreadable from exc
    if not keys:
        raise KeyringUnreadable
    return keys
