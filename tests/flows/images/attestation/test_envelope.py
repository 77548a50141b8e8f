import base64
import json

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from flows.images import errors
from flows.images.attestation.envelope import is_signed_by, key_id, payload_of, private_key, public_key, sign

KIND = "application/vnd.in-toto+json"
KEY, OTHER = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()


def pem(key, encryption=None):
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption or NoEncryption())


def public_pem(key):
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def test_what_is_signed_is_read_and_verified_again():
    envelope = sign(b'{"a":1}', KIND, KEY)
    payload, signatures = payload_of(envelope, KIND)
    assert payload == b'{"a":1}'
    assert is_signed_by(payload, KIND, signatures, KEY.public_key())
    assert not is_signed_by(payload, KIND, signatures, OTHER.public_key())
    assert not is_signed_by(payload + b" ", KIND, signatures, KEY.public_key())
    assert not is_signed_by(payload, "text/plain", signatures, KEY.public_key())
    assert not is_signed_by(payload, KIND, [], KEY.public_key())
    assert json.loads(envelope)["signatures"][0]["keyid"] == key_id(KEY.public_key())


def test_the_same_payload_gives_the_same_bytes():
    assert sign(b"x", KIND, KEY) == sign(b"x", KIND, KEY)


def test_the_signed_bytes_are_those_of_the_specification():
    """The example of DSSE's protocol.md: `PAE("http://example.com/HelloWorld", "hello world")`."""
    kind = "http://example.com/HelloWorld"
    signature = base64.b64decode(json.loads(sign(b"hello world", kind, KEY))["signatures"][0]["sig"])
    KEY.public_key().verify(signature, b"DSSEv1 29 http://example.com/HelloWorld 11 hello world")


@pytest.mark.parametrize(
    "envelope",
    [
        b"",
        b"[]",
        b"{}",
        b"[" * 100_000,
        b'{"payloadType": "x", "payload": "", "signatures": []}',
        b'{"payloadType": "application/vnd.in-toto+json", "payload": "!", "signatures": []}',
        b'{"payloadType": "application/vnd.in-toto+json", "payload": "", "signatures": [{"sig": 7}]}',
        b'{"payloadType": "application/vnd.in-toto+json", "payload": "\xc3\xa4", "signatures": []}',
    ],
)
def test_anything_else_is_no_envelope(envelope):
    with pytest.raises(ValueError, match="is not"):
        payload_of(envelope, KIND)


def test_keys_are_read():
    assert key_id(private_key(pem(KEY), "K").public_key()) == key_id(public_key(public_pem(KEY), "P"))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"secret-1234",
        b"-----BEGIN PRIVATE KEY-----\nc2VjcmV0LTEyMzQ=\n-----END PRIVATE KEY-----\n",
        pem(KEY, BestAvailableEncryption(b"x")),
        pem(ec.generate_private_key(ec.SECP256R1())),
        public_pem(KEY),
    ],
)
def test_another_private_key_is_refused_and_not_shown(content):
    with pytest.raises(errors.SigningKeyError, match="K contains no Ed25519 private key") as caught:
        private_key(content, "K")
    assert "secret" not in str(caught.value)
    assert "c2Vj" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", pem(KEY), public_pem(ec.generate_private_key(ec.SECP256R1()))])
def test_another_public_key_is_refused(content):
    with pytest.raises(errors.SigningKeyError, match="P contains no Ed25519 public key"):
        public_key(content, "P")
