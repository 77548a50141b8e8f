"""SCRAM-SHA-256 (RFC 5802, RFC 7677), the server's side: a client proves that it knows the password.

One user is known. Without a user, everybody may do everything: for tests on a loopback address.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass, field

from .documents import Document
from .errors import CommandError

MECHANISM = "SCRAM-SHA-256"
ITERATIONS = 4096  # the least that RFC 7677 allows; the password is random and long
#: What a client may ask before it has authenticated.
OPEN = frozenset(
    {"hello", "isMaster", "ismaster", "saslStart", "saslContinue", "ping", "buildInfo", "buildinfo"}
)
_FAILED = "Authentication failed."


class User:
    """The user that the server knows. The password itself is not kept.

    Args:
        name: the user's name.
        password: in ASCII, so that it needs no preparation (SASLprep).
    """

    def __init__(self, name: str, password: str) -> None:
        self.name = name
        self.salt = os.urandom(16)
        salted = hashlib.pbkdf2_hmac("sha256", password.encode("ascii"), self.salt, ITERATIONS)
        self.server_key = hmac.digest(salted, b"Server Key", "sha256")
        self.stored_key = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()


@dataclass
class Session:
    """One connection: who is on the other end, and how far its authentication is.

    Attributes:
        authenticated: whether the client has proved who it is.
    """

    authenticated: bool = False
    _client_first: str = field(default="", repr=False)
    _server_first: str = field(default="", repr=False)
    _nonce: str = field(default="", repr=False)  # empty if no conversation is open

    def start(self, user: User, body: Document) -> Document:
        """Answer saslStart: the nonce, the salt and the iterations.

        Raises:
            CommandError: another mechanism, another user, or no SCRAM message.
        """
        if body.get("mechanism") != MECHANISM:
            raise CommandError(334, f"Unsupported mechanism {body.get('mechanism')!r}: use {MECHANISM}")
        message = bytes(body.get("payload", b"")).decode(errors="replace")
        header, _, bare = message.partition(",,")
        fields = _fields(bare)
        if header not in {"n", "y"} or fields.get("n") != user.name or not fields.get("r"):
            raise CommandError(18, _FAILED)
        self._nonce = fields["r"] + secrets.token_urlsafe(18)
        self._client_first = bare
        salt = base64.b64encode(user.salt).decode()
        self._server_first = f"r={self._nonce},s={salt},i={ITERATIONS}"
        return _reply(self._server_first, done=False)

    def proceed(self, user: User, body: Document) -> Document:
        """Answer saslContinue: check the proof and show the server's own.

        Raises:
            CommandError: the proof is wrong, or nothing was started.
        """
        if self.authenticated and not self._nonce:  # a client that does not skip the empty exchange
            return _reply("", done=True)
        message = bytes(body.get("payload", b"")).decode(errors="replace")
        without_proof, _, _ = message.rpartition(",p=")
        fields = _fields(message)
        if not self._nonce or fields.get("r") != self._nonce:
            raise CommandError(18, _FAILED)
        signed = f"{self._client_first},{self._server_first},{without_proof}".encode()
        signature = hmac.digest(user.stored_key, signed, "sha256")
        try:
            proof = base64.b64decode(fields.get("p", ""), validate=True)
        except ValueError:
            proof = b""
        client_key = bytes(a ^ b for a, b in zip(proof, signature, strict=False))
        if len(proof) != len(signature) or not hmac.compare_digest(
            hashlib.sha256(client_key).digest(), user.stored_key
        ):
            self._nonce = ""
            raise CommandError(18, _FAILED)
        self._nonce = ""
        self.authenticated = True
        verifier = base64.b64encode(hmac.digest(user.server_key, signed, "sha256")).decode()
        return _reply(f"v={verifier}", done=False)


def _fields(message: str) -> dict[str, str]:
    parts = (part.partition("=") for part in message.split(","))
    return {name: value for name, _, value in parts}


def _reply(message: str, *, done: bool) -> Document:
    return {"conversationId": 1, "done": done, "payload": message.encode(), "ok": 1.0}
