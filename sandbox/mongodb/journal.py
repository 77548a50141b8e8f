"""The data file: every collection, index and document.

SQLite in WAL mode. Each document is one row. Its sequence number is the key and the natural order. The changes of a
command are collected and written in one transaction before the command is answered. Several commands at the same time
share a transaction. A server that is killed loses no change that it has acknowledged.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from typing import TYPE_CHECKING

from .documents import Document, decode, encode
from .errors import CommandError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FORMAT_VERSION = 1
"""Of the tables below; kept in the file as SQLite's user_version. Another one is refused."""

APPLICATION_ID = 0x534F4D44
_LOCK_SECONDS = 2.0

_TABLES = (
    "CREATE TABLE collections (id INTEGER PRIMARY KEY, database TEXT NOT NULL, name TEXT NOT NULL)",
    """CREATE TABLE indexes (collection INTEGER NOT NULL, name TEXT NOT NULL, definition BLOB NOT NULL,
       PRIMARY KEY (collection, name))""",
    "CREATE TABLE documents (sequence INTEGER PRIMARY KEY, collection INTEGER NOT NULL, body BLOB NOT NULL)",
    "CREATE INDEX documents_by_collection ON documents (collection)",
)

_LOGGER = logging.getLogger(__name__)


class JournalError(Exception):
    """The data file cannot be used; the message says why and what to do."""


class Journal:
    """The open data file. Methods that record a change only note it down; `flush` writes what was noted."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._changes = threading.Lock()
        self._writing = threading.Lock()
        self._structure: list[tuple[str, tuple[object, ...]]] = []
        self._documents: dict[int, tuple[int, bytes | None]] = {}
        self._failure: str | None = None
        self._connection = self._open()

    def _open(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(
            self._path, timeout=_LOCK_SECONDS, isolation_level=None, check_same_thread=False
        )
        try:
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            self._prepare(connection)
        except sqlite3.Error as error:
            connection.close()
            reason = "another server has it open" if "locked" in str(error) else str(error)
            raise JournalError(f"The data file {self._path} cannot be used: {reason}") from error
        except JournalError:
            connection.close()
            raise
        return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        connection.execute("BEGIN IMMEDIATE")
        if not tables and not version:
            for statement in _TABLES:
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {FORMAT_VERSION}")
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        elif application != APPLICATION_ID:
            raise JournalError(f"{self._path} is some other SQLite file: name a new one as --data")
        elif version != FORMAT_VERSION:
            raise JournalError(
                f"{self._path} has format {version} and this server reads format {FORMAT_VERSION}: "
                "move it away, or run the version that wrote it"
            )
        connection.execute("COMMIT")

    def collections(self) -> list[tuple[int, str, str]]:
        """Every collection as (id, database, name)."""
        return self._connection.execute("SELECT id, database, name FROM collections ORDER BY id").fetchall()

    def indexes(self, collection: int) -> list[Document]:
        """The definitions of a collection's indexes, in the order of their creation."""
        rows = self._connection.execute(
            "SELECT definition FROM indexes WHERE collection = ? ORDER BY rowid", (collection,)
        )
        return [decode(definition) for (definition,) in rows]

    def documents(self) -> Iterator[tuple[int, int, bytes]]:
        """Every document as (sequence, collection, BSON), in natural order."""
        yield from self._connection.execute(
            "SELECT sequence, collection, body FROM documents ORDER BY sequence"
        )

    def create_collection(self, collection: int, database: str, name: str) -> None:
        """Note a new collection."""
        self._note(
            "INSERT INTO collections (id, database, name) VALUES (?, ?, ?)", collection, database, name
        )

    def drop_collection(self, collection: int) -> None:
        """Note that a collection went away, with its documents and indexes."""
        with self._changes:
            for sequence, (owner, _) in list(self._documents.items()):
                if owner == collection:
                    del self._documents[sequence]
        self._note("DELETE FROM documents WHERE collection = ?", collection)
        self._note("DELETE FROM indexes WHERE collection = ?", collection)
        self._note("DELETE FROM collections WHERE id = ?", collection)

    def create_index(self, collection: int, name: str, definition: Document) -> None:
        """Note a new index."""
        self._note(
            "INSERT INTO indexes (collection, name, definition) VALUES (?, ?, ?)",
            collection,
            name,
            encode(definition),
        )

    def drop_index(self, collection: int, name: str) -> None:
        """Note that an index went away."""
        self._note("DELETE FROM indexes WHERE collection = ? AND name = ?", collection, name)

    def write(self, collection: int, sequence: int, raw: bytes) -> None:
        """Note a new or changed document."""
        with self._changes:
            self._documents[sequence] = (collection, raw)

    def remove(self, collection: int, sequence: int) -> None:
        """Note that a document went away."""
        with self._changes:
            self._documents[sequence] = (collection, None)

    def _note(self, statement: str, *parameters: object) -> None:
        with self._changes:
            self._structure.append((statement, parameters))

    def require_writable(self) -> None:
        """Try again what could not be written before.

        Raises:
            CommandError: it still cannot be written. Better a change is refused than acknowledged and lost.
        """
        if self._failure:
            self.flush()

    def flush(self) -> None:
        """Write everything noted so far; when this returns it survives the process.

        Raises:
            CommandError: the file cannot be written. The changes are kept, and written by the next call that succeeds.
        """
        with self._writing:
            with self._changes:
                structure, self._structure = self._structure, []
                documents, self._documents = self._documents, {}
            if not structure and not documents:
                return
            try:
                self._write(structure, documents)
            except sqlite3.Error as error:
                with self._changes:
                    self._structure = structure + self._structure
                    self._documents = documents | self._documents
                if not self._failure:
                    _LOGGER.exception("The data file %s cannot be written", self._path)
                self._failure = str(error)
                raise CommandError(14031, f"The data file {self._path} cannot be written: {error}") from error
            self._failure = None

    def _write(
        self, structure: list[tuple[str, tuple[object, ...]]], documents: dict[int, tuple[int, bytes | None]]
    ) -> None:
        removed = [(sequence,) for sequence, (_, raw) in documents.items() if raw is None]
        written = [(sequence, owner, raw) for sequence, (owner, raw) in documents.items() if raw is not None]
        connection = self._connection
        connection.execute("BEGIN IMMEDIATE")
        try:
            for statement, parameters in structure:
                connection.execute(statement, parameters)
            connection.executemany("DELETE FROM documents WHERE sequence = ?", removed)
            connection.executemany(
                "INSERT OR REPLACE INTO documents (sequence, collection, body) VALUES (?, ?, ?)", written
            )
            connection.execute("COMMIT")
        except BaseException:  # whatever it was, no transaction may stay open
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise

    def close(self) -> None:
        """Write what is left and close the file. Raises JournalError when that fails."""
        try:
            self.flush()
        except CommandError as error:
            raise JournalError(f"The last changes could not be written: {error}") from error
        finally:
            self._connection.close()
