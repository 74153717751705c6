"""Whether somebody whom the source trusts has signed a version."""

from __future__ import annotations

from django.conf import settings

from portal.clusters import provenance as helm
from portal.clusters.errors import ClusterError
from services_catalog.models import ChartSource, Provenance
from services_catalog.sources.errors import VersionRefused
from services_catalog.sources.index import clean

Proven = tuple[Provenance, str]


def check(source: ChartSource, archive: bytes | None, file_name: str, signature: bytes | None) -> Proven:
    """What is known of the signature, and who signed. Raises VersionRefused where the source requires one
    that holds, and for one that is wrong anywhere."""
    required = source.requires_provenance
    if archive is None or signature is None:
        if required:
            why = "It is not signed, and this source takes signed versions only."
            raise VersionRefused("not_signed", why)
        return Provenance.NONE, ""
    if not source.keyring:
        if required:
            why = "It is signed, but the source has no keyring. Add the signer's public key."
            raise VersionRefused("keyring_missing", why)
        return Provenance.UNCHECKED, ""
    try:
        keys = helm.dearmoured(source.keyring)
        found = helm.verify(archive, file_name, signature, keys, binary=settings.SLIPWAY_HELM)
    except helm.SignatureUnknown as exc:
        if required:
            raise VersionRefused(exc.code, exc.message) from exc
        return Provenance.FAILED, ""
    except ClusterError as exc:  # broken, or helm could not tell: neither is a signature that holds
        raise VersionRefused(exc.code, exc.message, again=exc.retryable) from exc
    return Provenance.VERIFIED, clean(f"{found.signer} {found.fingerprint}")[:300]
