"""Signatures: DSSE envelopes with Ed25519.

https://github.com/secure-systems-lab/dsse/blob/v1.0.2/protocol.md and envelope.md.
"""

from __future__ import annotations

import base64
import hashlib
import json
from typing import TYPE_CHECKING

from flows.images.attestation.statement import parse_json
from flows.images.errors import SigningKeyError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

_MAKE = "Make one with `openssl genpkey -algorithm ed25519`"


def private_key(pem: bytes, where: str) -> Ed25519PrivateKey:
    """Return a private key.

    Args:
        pem: PEM, PKCS #8, without a password.
        where: What contains it, for messages.

    Raises:
        SigningKeyError: it is not such a key. The message shows nothing of it.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(pem, password=None)
    except Exception:  # noqa: BLE001 - whatever OpenSSL raises may quote the key
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise SigningKeyError(f"{where} contains no Ed25519 private key in PEM without a password", _MAKE)
    return key


def public_key(pem: bytes, where: str) -> Ed25519PublicKey:
    """Return a public key; arguments and errors are those of `private_key`."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        key = load_pem_public_key(pem)
    except Exception:  # noqa: BLE001 - it may be the private key by mistake
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise SigningKeyError(
            f"{where} contains no Ed25519 public key in PEM", "Make it with `openssl pkey -in KEY -pubout`"
        )
    return key


def key_id(key: Ed25519PublicKey) -> str:
    """Return a name for a public key: the SHA-256 of its bytes in hexadecimal."""
    return hashlib.sha256(key.public_bytes_raw()).hexdigest()


def sign(payload: bytes, kind: str, key: Ed25519PrivateKey) -> bytes:
    """Return the envelope of a payload. The same payload and key give the same bytes.

    Args:
        payload: What is signed.
        kind: Its media type, which is signed too.
        key: The private key.
    """
    signature = {
        "keyid": key_id(key.public_key()),
        "sig": base64.b64encode(key.sign(_signed(payload, kind))).decode(),
    }
    document = {
        "payload": base64.b64encode(payload).decode(),
        "payloadType": kind,
        "signatures": [signature],
    }
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()


def payload_of(envelope: bytes, kind: str) -> tuple[bytes, list[bytes]]:
    """Return what an envelope contains and its signatures, which are not verified.

    Raises:
        ValueError: it is not an envelope of that media type.
    """
    document = parse_json(envelope)
    try:
        if document["payloadType"] != kind:
            raise KeyError(kind)
        signatures = [_decoded(each["sig"]) for each in document["signatures"]]
        return _decoded(document["payload"]), signatures
    except (KeyError, TypeError, AttributeError, ValueError):
        raise ValueError("is not a DSSE envelope") from None


def is_signed_by(payload: bytes, kind: str, signatures: list[bytes], key: Ed25519PublicKey) -> bool:
    """Whether one of the signatures was made with the private key of `key`."""
    from cryptography.exceptions import InvalidSignature

    for signature in signatures:
        try:
            key.verify(signature, _signed(payload, kind))
        except InvalidSignature:
            continue
        return True
    return False


def _signed(payload: bytes, kind: str) -> bytes:
    """The bytes that are signed: DSSE's pre-authentication encoding."""
    name = kind.encode()
    return b"DSSEv1 %d %b %d %b" % (len(name), name, len(payload), payload)


def _decoded(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
