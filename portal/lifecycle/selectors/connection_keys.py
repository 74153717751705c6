"""What the keys of a connection Secret mean. The first group is the Service Binding Specification's
(https://servicebinding.io/spec/core/1.1.0/, Well-known Secret Entries), the second our own and operators'."""

from __future__ import annotations

from collections.abc import Mapping

MEANINGS: Mapping[str, str] = {
    "type": "what kind of service it is, such as postgresql",
    "provider": "who provides it",
    "host": "the name or address to connect to",
    "port": "the port to connect to",
    "uri": "everything in one address, as clients take it",
    "username": "who to sign in as",
    "password": "the password of that user",
    "certificates": "the certificates to trust, PEM",
    "private-key": "the client's private key, PEM",
    "database": "the database to use",
    "vhost": "the virtual host to use",
    "management-uri": "the address of its management interface, inside of the cluster",
    "admin-username": "who to administer it as",
    "admin-password": "the password of the administrator",
    "topic": "the topic to use",
    "bootstrap-servers": "the brokers to begin with, separated by commas",
    "security-protocol": "how clients have to connect",
    "sasl-mechanism": "how clients have to sign in",
    "sasl.jaas.config": "the sign-in as Java clients take it",
    "group-id": "the consumer group that may be used",
    "user.crt": "the client's certificate, PEM",
    "user.key": "the client's private key, PEM",
    "user.p12": "certificate and key in one file, PKCS 12",
    "user.password": "the password of that file",
    "ca.crt": "the certificate to trust, PEM",
    "bucket": "the bucket's name",
    "endpoint": "the address of the object store",
    "region": "the region of the object store",
    "access-key-id": "who to sign requests as",
    "secret-access-key": "the key that signs requests",
    "BucketInfo": "name, address and credentials of the bucket as JSON (COSI)",
    "url": "its address",
    "tls.crt": "the certificate, PEM",
    "tls.key": "the private key of the certificate, PEM",
}


def meaning(key: str) -> str:
    """ "" for a key that only the chart knows."""
    return MEANINGS.get(key) or MEANINGS.get(key.lower().replace("_", "-"), "")
