"""The records that may match a filter, found only by its conditions for equal values.

The result may contain records that do not match (filter_applies decides), but it contains every record that does.
"""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

from bson.regex import Regex

from .documents import Document, Value, key_of

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from .indexes import Postings

INTERSECT_ABOVE = 8
"""From this many candidates on it pays to intersect with the next index."""


def candidates(filter_: Document, postings: Postings) -> AbstractSet[int] | None:
    """The sequence numbers of the records that `filter_` can match, or None when no index narrows it.

    Used are equalities, `$eq` and `$in` on an indexed path, anywhere under `$and`, and an `$or` of which
    every branch can be narrowed. The set may be an index's own: do not change it.
    """
    found: list[AbstractSet[int]] = []
    for name, condition in filter_.items():
        if name == "$and":
            hits = [candidates(clause, postings) for clause in _clauses(condition)]
            found.extend(hit for hit in hits if hit is not None)
        elif name == "$or":
            branches = [candidates(clause, postings) for clause in _clauses(condition)]
            narrowed = [branch for branch in branches if branch is not None]
            if branches and len(narrowed) == len(branches):
                found.append(_union(narrowed))
        elif not name.startswith("$") and postings.holds(name):
            hit = _equalities(name, condition, postings)
            if hit is not None:
                found.append(hit)
    return _intersection(found) if found else None


def _clauses(condition: Value) -> list[Document]:
    """The clauses of a logical operator; a broken one has none here and is refused by the filter itself."""
    return [clause for clause in condition if isinstance(clause, dict)] if isinstance(condition, list) else []


def _equalities(path: str, condition: Value, postings: Postings) -> AbstractSet[int] | None:
    if isinstance(condition, Regex):
        return None
    if not isinstance(condition, dict):
        return postings.find(path, key_of(condition))
    found: list[AbstractSet[int]] = []
    if "$eq" in condition and not isinstance(condition["$eq"], Regex):
        found.append(postings.find(path, key_of(condition["$eq"])))
    wanted = condition.get("$in")
    if isinstance(wanted, list) and not any(isinstance(value, Regex) for value in wanted):
        found.append(_union([postings.find(path, key_of(value)) for value in wanted]))
    if not found and not any(name.startswith("$") for name in condition):
        found.append(postings.find(path, key_of(condition)))
    return _intersection(found) if found else None


def _union(sets: list[AbstractSet[int]]) -> AbstractSet[int]:
    if len(sets) == 1:
        return sets[0]
    return reduce(lambda left, right: left | right, sets, frozenset())


def _intersection(sets: list[AbstractSet[int]]) -> AbstractSet[int]:
    ordered = sorted(sets, key=len)
    result = ordered[0]
    for other in ordered[1:]:
        if len(result) <= INTERSECT_ABOVE:
            break
        result = result & other
    return result
