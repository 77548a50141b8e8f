"""From a request to its reply."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from . import reading, schema, session, writing
from .context import Command, Context
from .errors import CommandError, from_exception
from .scram import OPEN

if TYPE_CHECKING:
    from .context import Handler
    from .documents import Document
    from .scram import Session
    from .wire import Request

_LOGGER = logging.getLogger(__name__)

HANDLERS: dict[str, Handler] = {
    "find": reading.find,
    "aggregate": reading.aggregate,
    "count": reading.count,
    "distinct": reading.distinct,
    "getMore": reading.get_more,
    "killCursors": reading.kill_cursors,
    "insert": writing.insert,
    "update": writing.update,
    "delete": writing.delete,
    "findAndModify": writing.find_and_modify,
    "findandmodify": writing.find_and_modify,
    "create": schema.create,
    "drop": schema.drop,
    "dropDatabase": schema.drop_database,
    "listCollections": schema.list_collections,
    "listDatabases": schema.list_databases,
    "createIndexes": schema.create_indexes,
    "listIndexes": schema.list_indexes,
    "dropIndexes": schema.drop_indexes,
    "hello": session.hello,
    "isMaster": session.hello,
    "ismaster": session.hello,
    "saslStart": session.start_authentication,
    "saslContinue": session.continue_authentication,
    "logout": session.acknowledge,
    "ping": session.acknowledge,
    "endSessions": session.acknowledge,
    "refreshSessions": session.acknowledge,
    "buildInfo": session.build_info,
    "buildinfo": session.build_info,
    "serverStatus": session.server_status,
}

_WRITING = frozenset(
    {
        *("insert", "update", "delete", "findAndModify", "findandmodify"),
        *("create", "drop", "dropDatabase", "createIndexes", "dropIndexes"),
    }
)

_REFUSED = {
    "startTransaction": "Transaction numbers are only allowed on a replica set member or mongos",
    "collation": "The embedded MongoDB compares strings by code point only: collation is not supported",
    "let": "The embedded MongoDB does not support 'let' variables in commands",
}


def answer(context: Context, request: Request, client: Session) -> Document:
    """The reply to `request`, in every case: what goes wrong is told in MongoDB's own form.

    What a command has changed is in the data file before the reply: a write that was acknowledged survives a kill.
    """
    try:
        handler = HANDLERS.get(request.command)
        if handler is None:
            raise CommandError(59, f"no such command: '{request.command}'")
        for option, reason in _REFUSED.items():
            if request.body.get(option):
                raise CommandError(20 if option == "startTransaction" else 238, reason)
        if context.user and not client.authenticated and request.command not in OPEN:
            raise CommandError(13, f"Command {request.command} requires authentication")
        try:
            return handler(context, Command(request, client))
        finally:
            if request.command in _WRITING:
                context.store.journal.flush()
    except Exception as error:  # the client waits for a reply, whatever it was
        known = from_exception(error)
        if known is None:
            _LOGGER.exception("%s failed", request.command)
            known = CommandError(1, f"The embedded MongoDB failed in {request.command}: {error!r}")
        else:
            _LOGGER.debug("%s: %s", request.command, known)
        return known.reply()
