from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sandbox.mongodb.errors import CommandError, DuplicateKeyError
from sandbox.mongodb.indexes import IndexSpec, Postings

if TYPE_CHECKING:
    from sandbox.mongodb.store import Collection, Store


@pytest.fixture
def plants(store: Store) -> Collection:
    return store.ensure("shop", "plants")


def test_name_is_made_of_the_key() -> None:
    assert IndexSpec.parse({"key": {"a": 1, "b.c": -1}}).name == "a_1_b.c_-1"


@pytest.mark.parametrize("definition", [{}, {"key": {}}, {"key": ["a"]}])
def test_index_without_a_key_is_refused(definition: dict[str, object]) -> None:
    with pytest.raises(CommandError, match="'key'"):
        IndexSpec.parse(definition)


def test_postings_follow_changes() -> None:
    postings = Postings()
    postings.add_path("tags", [(1, {"tags": ["a", "b"]}), (2, {"tags": ["b"]})])
    assert postings.find("tags", "b") == {1, 2}
    postings.move(1, {"tags": ["a", "b"]}, {"tags": ["c"]})
    assert postings.find("tags", "b") == {2}
    assert postings.find("tags", "c") == {1}
    postings.discard(2, {"tags": ["b"]})
    assert postings.find("tags", "b") == frozenset()
    assert not postings._paths["tags"].get("b")


def test_postings_forget_paths_without_an_index(plants: Collection) -> None:
    plants.create_index({"key": {"a": 1, "b": 1}, "name": "both"})
    plants.create_index({"key": {"b": 1}, "name": "one"})
    plants.drop_index("both")
    assert set(plants._postings.paths) == {"_id", "b"}


def test_unique_index_refuses_the_second(plants: Collection) -> None:
    plants.create_index({"key": {"name": 1, "shop": 1}, "name": "u", "unique": True})
    plants.insert({"_id": 1, "name": "fern", "shop": "a"})
    plants.insert({"_id": 2, "name": "fern", "shop": "b"})
    with pytest.raises(DuplicateKeyError) as caught:
        plants.insert({"_id": 3, "name": "fern", "shop": "a"})
    assert caught.value.details == {
        "keyPattern": {"name": 1, "shop": 1},
        "keyValue": {"name": "fern", "shop": "a"},
    }
    assert "shop.plants index: u" in caught.value.message
    assert len(plants) == 2


def test_refused_change_leaves_the_record_as_it_was(plants: Collection) -> None:
    plants.create_index({"key": {"name": 1}, "name": "u", "unique": True})
    plants.create_index({"key": {"colour": 1}, "name": "c"})
    plants.insert({"_id": 1, "name": "fern"})
    moss = plants.insert({"_id": 2, "name": "moss", "colour": "green"})
    with pytest.raises(DuplicateKeyError):
        plants.replace(moss, {"_id": 2, "name": "fern", "colour": "red"})
    assert plants.find({"colour": "green"}) == [moss]
    assert moss.document == {"_id": 2, "name": "moss", "colour": "green"}
    assert plants.find({"colour": "red"}) == []


def test_released_key_can_be_taken_again(plants: Collection) -> None:
    plants.create_index({"key": {"name": 1}, "name": "u", "unique": True})
    fern = plants.insert({"_id": 1, "name": "fern"})
    plants.replace(fern, {"_id": 1, "name": "moss"})
    plants.insert({"_id": 2, "name": "fern"})
    plants.remove(fern)
    plants.insert({"_id": 3, "name": "moss"})
    assert plants.count({}) == 2


def test_missing_field_counts_as_null_once(plants: Collection) -> None:
    plants.create_index({"key": {"name": 1}, "name": "u", "unique": True})
    plants.insert({"_id": 1})
    with pytest.raises(DuplicateKeyError):
        plants.insert({"_id": 2, "name": None})


def test_sparse_index_passes_over_missing_fields(plants: Collection) -> None:
    plants.create_index({"key": {"name": 1}, "name": "u", "unique": True, "sparse": True})
    plants.insert({"_id": 1})
    plants.insert({"_id": 2})
    assert len(plants) == 2


def test_partial_index_covers_its_filter_alone(plants: Collection) -> None:
    plants.create_index(
        {"key": {"name": 1}, "name": "u", "unique": True, "partialFilterExpression": {"state": "ACTIVE"}}
    )
    plants.insert({"_id": 1, "name": "fern", "state": "ACTIVE"})
    plants.insert({"_id": 2, "name": "fern", "state": "DELETED"})
    with pytest.raises(DuplicateKeyError):
        plants.insert({"_id": 3, "name": "fern", "state": "ACTIVE"})


def test_array_elements_are_unique_across_documents(plants: Collection) -> None:
    plants.create_index({"key": {"tags": 1}, "name": "u", "unique": True})
    plants.insert({"_id": 1, "tags": ["a", "b", "a"]})
    with pytest.raises(DuplicateKeyError):
        plants.insert({"_id": 2, "tags": ["c", "b"]})


def test_index_over_stored_duplicates_is_refused(plants: Collection) -> None:
    plants.insert({"_id": 1, "name": "fern"})
    plants.insert({"_id": 2, "name": "fern"})
    with pytest.raises(DuplicateKeyError):
        plants.create_index({"key": {"name": 1}, "name": "u", "unique": True})
    assert plants.indexes == {}


def test_same_index_twice_is_one(plants: Collection) -> None:
    assert plants.create_index({"key": {"a": 1}, "name": "a"})
    assert not plants.create_index({"key": {"a": 1}, "name": "a", "background": True, "unique": False})
    assert not plants.create_index({"key": {"_id": 1}, "name": "_id_"})
    assert list(plants.indexes) == ["a"]


@pytest.mark.parametrize(
    ("second", "code"),
    [
        ({"key": {"a": 1}, "name": "a", "unique": True}, 85),
        ({"key": {"b": 1}, "name": "a"}, 86),
        ({"key": {"a": 1}, "name": "other"}, 85),
    ],
)
def test_conflicting_index_is_refused(plants: Collection, second: dict[str, object], code: int) -> None:
    plants.create_index({"key": {"a": 1}, "name": "a"})
    with pytest.raises(CommandError) as caught:
        plants.create_index(second)
    assert caught.value.code == code
