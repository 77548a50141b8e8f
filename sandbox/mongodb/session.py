"""The commands of drivers other than reads and writes: hello, ping, authentication, sessions."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from .documents import MAX_DOCUMENT_BYTES, Document
from .errors import CommandError
from .scram import MECHANISM
from .wire import MAX_MESSAGE_BYTES

if TYPE_CHECKING:
    from .context import Command, Context
    from .scram import User

WIRE_VERSION = 21
VERSION = "7.0.0"
"""What a server with that wire version is called: drivers choose their commands by it."""


def hello(context: Context, command: Command) -> Document:
    """Who this is: a standalone server that can be written to.

    No topologyVersion: drivers then ask again every ten seconds instead of holding a streaming connection.
    """
    reply: Document = {
        "helloOk": True,
        "isWritablePrimary": True,
        "maxBsonObjectSize": MAX_DOCUMENT_BYTES,
        "maxMessageSizeBytes": MAX_MESSAGE_BYTES,
        "maxWriteBatchSize": 100_000,
        "localTime": datetime.now(UTC),
        "logicalSessionTimeoutMinutes": 30,
        "connectionId": next(context.connection_ids),
        "minWireVersion": 0,
        "maxWireVersion": WIRE_VERSION,
        "readOnly": False,
    }
    if command.name != "hello":
        reply["ismaster"] = True
    if command.has("saslSupportedMechs"):
        reply["saslSupportedMechs"] = [MECHANISM]
    early = command.document("speculativeAuthenticate")
    if context.user and early.get("mechanism") == MECHANISM:
        reply["speculativeAuthenticate"] = command.client.start(context.user, early)
    return {**reply, "ok": 1.0}


def start_authentication(context: Context, command: Command) -> Document:
    """The first step of a client's authentication."""
    return command.client.start(_user(context), command.request.body)


def continue_authentication(context: Context, command: Command) -> Document:
    """The next steps."""
    return command.client.proceed(_user(context), command.request.body)


def _user(context: Context) -> User:
    if context.user is None:
        raise CommandError(18, "This server has no users: connect without a name and a password")
    return context.user


def acknowledge(_: Context, __: Command) -> Document:
    """Nothing to do: ping, and the end of sessions that are not kept."""
    return {"ok": 1.0}


def build_info(_: Context, __: Command) -> Document:
    """Version and limits."""
    return {
        "version": VERSION,
        "versionArray": [*(int(part) for part in VERSION.split(".")), 0],
        "gitVersion": "embedded",
        "modules": ["embedded"],
        "bits": 64,
        "debug": False,
        "maxBsonObjectSize": MAX_DOCUMENT_BYTES,
        "ok": 1.0,
    }


def server_status(_: Context, __: Command) -> Document:
    """The little of it that can be told."""
    return {
        "host": platform.node(),
        "version": VERSION,
        "process": "embedded",
        "pid": os.getpid(),
        "localTime": datetime.now(UTC),
        "ok": 1.0,
    }
