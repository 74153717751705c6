"""The cluster's own certificate authority and serving certificate, kept in the data directory."""

from __future__ import annotations

import ipaddress
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_LIFETIME = timedelta(days=3650)
_RENEW_BEFORE = timedelta(days=30)
_NAMES = (
    "localhost",
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
    "kubernetes.default.svc.cluster.local",
)


@dataclass(frozen=True)
class Authority:
    """PEM files of one authority and the certificate that it signed."""

    certificate: Path
    key: Path
    serving_certificate: Path
    serving_key: Path

    def server_context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(self.serving_certificate, self.serving_key)
        context.set_alpn_protocols(["http/1.1"])
        return context


def ensure(folder: Path, host: str) -> Authority:
    """Make what is missing or about to expire, keys with mode 0600; the authority survives restarts."""
    folder.mkdir(parents=True, exist_ok=True)
    found = Authority(
        folder / "ca.crt", folder / "ca.key", folder / f"server-{host}.crt", folder / f"server-{host}.key"
    )
    if not (found.certificate.exists() and found.key.exists()):
        _make_authority(found)
    if not (found.serving_certificate.exists() and found.serving_key.exists()) or _is_stale(found):
        _make_serving(found, host)
    return found


def _is_stale(found: Authority) -> bool:
    certificate = x509.load_pem_x509_certificate(found.serving_certificate.read_bytes())
    authority = x509.load_pem_x509_certificate(found.certificate.read_bytes())
    return (
        certificate.issuer != authority.subject
        or certificate.not_valid_after_utc - datetime.now(UTC) < _RENEW_BEFORE
    )


def _make_authority(found: Authority) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name("slipway-sandbox-ca")
    usage = x509.KeyUsage(
        digital_signature=True, key_cert_sign=True, crl_sign=True, content_commitment=False,
        key_encipherment=False,
        data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    certificate = (
        _builder(name, name, key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    _write(found.key, _private(key))
    _write(found.certificate, certificate.public_bytes(serialization.Encoding.PEM))


def _make_serving(found: Authority, host: str) -> None:
    authority = x509.load_pem_x509_certificate(found.certificate.read_bytes())
    signer = serialization.load_pem_private_key(found.key.read_bytes(), None)
    if not isinstance(signer, ec.EllipticCurvePrivateKey):
        raise TypeError(f"{found.key} is not an elliptic curve key")
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = (
        _builder(_name("slipway-sandbox"), authority.subject, key.public_key())
        .add_extension(x509.SubjectAlternativeName(_alternatives(host)), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
        )
        .sign(signer, hashes.SHA256())
    )
    _write(found.serving_key, _private(key))
    _write(found.serving_certificate, certificate.public_bytes(serialization.Encoding.PEM))


def _alternatives(host: str) -> list[x509.GeneralName]:
    names: list[x509.GeneralName] = [x509.DNSName(name) for name in _NAMES]
    addresses = {"127.0.0.1", "::1", "10.250.0.1"}
    try:
        addresses.add(str(ipaddress.ip_address(host)))
    except ValueError:
        names.append(x509.DNSName(host))
    return names + [x509.IPAddress(ipaddress.ip_address(each)) for each in sorted(addresses)]


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + _LIFETIME)
    )


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write(path: Path, content: bytes) -> None:
    """Never readable by others, not even for a moment."""
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_bytes(content)
