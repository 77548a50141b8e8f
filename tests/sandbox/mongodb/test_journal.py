from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.mongodb.errors import CommandError, DuplicateKeyError
from sandbox.mongodb.journal import FORMAT_VERSION, Journal, JournalError
from sandbox.mongodb.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def reopen(tmp_path: Path) -> Iterator[Callable[[], Store]]:
    """Opens the data file, each time after closing it."""
    journals: list[Journal] = []

    def one() -> Store:
        while journals:
            journals.pop().close()
        journals.append(Journal(tmp_path / "deep" / "data"))
        return Store(journals[-1])

    yield one
    for journal in journals:
        journal.close()


def documents(store: Store, name: str = "plants") -> list[dict[str, Any]]:
    collection = store.get("shop", name)
    return [] if collection is None else [record.document for record in collection.find({})]


def test_everything_is_there_again(reopen: Callable[[], Store]) -> None:
    plants = reopen().ensure("shop", "plants")
    plants.create_index({"key": {"name": 1}, "name": "u", "unique": True})
    first = plants.insert({"_id": {"a": 1}, "name": "fern"})
    plants.insert({"_id": 2, "name": "moss"})
    plants.insert({"_id": 3, "name": "palm"})
    plants.replace(first, {"_id": {"a": 1}, "name": "changed"})
    second = plants.find_first({"_id": 2})
    assert second is not None
    plants.remove(second)

    store = reopen()
    assert documents(store) == [{"_id": {"a": 1}, "name": "changed"}, {"_id": 3, "name": "palm"}]
    again = store.ensure("shop", "plants")
    assert again.indexes["u"].definition == {"v": 2, "key": {"name": 1}, "name": "u", "unique": True}
    with pytest.raises(DuplicateKeyError):
        again.insert({"_id": 4, "name": "palm"})


def test_natural_order_goes_on(reopen: Callable[[], Store]) -> None:
    for number in (5, 1, 3):
        store = reopen()
        store.ensure("shop", "plants").insert({"_id": number})
    assert [document["_id"] for document in documents(reopen())] == [5, 1, 3]


def test_dropped_collection_stays_away(reopen: Callable[[], Store]) -> None:
    store = reopen()
    store.ensure("shop", "plants").insert({"_id": 1})
    store.journal.flush()
    store.ensure("shop", "plants").insert({"_id": 2})
    assert store.drop("shop", "plants")
    store.ensure("shop", "plants").insert({"_id": 3})
    assert not store.drop("shop", "nothing")
    store = reopen()
    assert documents(store) == [{"_id": 3}]
    store.drop("shop", "plants")
    assert list(reopen().collections("shop")) == []


def test_dropped_index_stays_away(reopen: Callable[[], Store]) -> None:
    plants = reopen().ensure("shop", "plants")
    for name in ("a", "b", "c"):
        plants.create_index({"key": {name: 1}, "name": name})
    plants.drop_index("b")
    assert list(reopen().ensure("shop", "plants").indexes) == ["a", "c"]


def test_a_document_that_changes_often_is_written_once(reopen: Callable[[], Store]) -> None:
    store = reopen()
    record = store.ensure("shop", "plants").insert({"_id": 1, "n": 0})
    for number in range(1, 50):
        record.collection.replace(record, {"_id": 1, "n": number})
    assert len(store.journal._documents) <= 1
    assert documents(reopen()) == [{"_id": 1, "n": 49}]


def test_format_is_written_down(reopen: Callable[[], Store], tmp_path: Path) -> None:
    reopen().journal.close()
    connection = sqlite3.connect(tmp_path / "deep" / "data")
    assert connection.execute("PRAGMA user_version").fetchone() == (FORMAT_VERSION,)
    connection.close()


def test_other_format_is_refused(tmp_path: Path) -> None:
    Journal(tmp_path / "data").close()
    connection = sqlite3.connect(tmp_path / "data")
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(JournalError, match="format 99 and this server reads format 1: move it away"):
        Journal(tmp_path / "data")


def test_other_sqlite_file_is_refused(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "data")
    connection.execute("CREATE TABLE mine (a)")
    connection.close()
    with pytest.raises(JournalError, match="some other SQLite file"):
        Journal(tmp_path / "data")
    connection = sqlite3.connect(tmp_path / "data")
    assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("mine",)]
    connection.close()


def test_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("this is not a database at all, but long enough for a header" * 20)
    with pytest.raises(JournalError, match="cannot be used: file is not a database"):
        Journal(tmp_path / "data")


def test_file_in_use_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sandbox.mongodb.journal._LOCK_SECONDS", 0.1)
    journal = Journal(tmp_path / "data")
    with pytest.raises(JournalError, match="another server has it open"):
        Journal(tmp_path / "data")
    journal.close()


def test_failed_writing_is_told_and_made_good(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    journal = store.journal
    with monkeypatch.context() as patched:
        patched.setattr(journal, "_write", full)
        store.ensure("shop", "plants").insert({"_id": 1})
        with pytest.raises(CommandError, match="cannot be written: database or disk is full") as caught:
            journal.flush()
        assert caught.value.code == 14031
        with pytest.raises(CommandError):
            journal.require_writable()
    journal.require_writable()
    assert not journal._documents
