"""A plan that somebody has agreed to, and whether a release would still do the same.

What counts is what a release does: the version, its source, and the actions with their fields. Remarks do not. A hidden
value is compared only by whether there is one: no plan holds it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.files import MIB, read_named
from flows.resources.values import differences
from flows.steps.errors import PlanFileError, PlanMoved
from flows.text import shortened

if TYPE_CHECKING:
    from flows.steps.parts import Planned

SCHEMA = "plan/1"
"""The value of `schema` in a plan's JSON. A change that breaks readers increases its number."""
MAX_BYTES = 16 * MIB
_LONGEST = 120
_ALIKE = ("environment", "plugin_id", "version", "image", "source_digest")
"""What a plan is of."""


@dataclass(frozen=True)
class AgreedPlan:
    """A plan, as it was when somebody read it.

    Attributes:
        document: Its JSON.
    """

    document: Mapping[str, Any]

    @classmethod
    def of(cls, environment: str, planned: Planned) -> AgreedPlan:
        """The plan of a release into an environment."""
        shown = planned.as_json()
        document = {
            "schema": SCHEMA,
            "environment": environment,
            "plugin_id": planned.plan.action("plugin").name,
            "version": planned.source.plugin.version,
            **{name: shown[name] for name in ("image", "source_digest", "revision", "actions")},
        }
        return cls(json.loads(json.dumps(document)))  # as a file holds it: lists, and no tuples

    @classmethod
    def read(cls, path: Path) -> AgreedPlan:
        """The plan in a file.

        Raises:
            PlanFileError: there is no such file, or it holds no plan.
        """
        try:
            document = json.loads(read_named(path, MAX_BYTES))
            if document["schema"] == SCHEMA:
                _actions_of(document)
                return cls(document)
        except OSError as error:
            raise PlanFileError(path, error.strerror or str(error)) from error
        except (ValueError, TypeError, LookupError, RecursionError):
            pass  # no JSON, or something else in it
        raise PlanFileError(path, f"it holds no plan of the schema {SCHEMA}")

    def write(self, path: Path) -> None:
        """Writes it into a file.

        Raises:
            PlanFileError: it cannot be written.
        """
        try:
            path.write_text(json.dumps(self.document, indent=2) + "\n", encoding="utf-8")
        except OSError as error:
            raise PlanFileError(path, error.strerror or str(error)) from error

    def require(self, environment: str, planned: Planned) -> None:
        """Checks that a release would do what was agreed to.

        Raises:
            PlanMoved: it would do something else; the details say what.
        """
        if moved := list(self._moved(AgreedPlan.of(environment, planned))):
            raise PlanMoved(moved)

    def _moved(self, now: AgreedPlan) -> Iterator[str]:
        for name in _ALIKE:
            if (was := self.document.get(name)) != now.document[name]:
                yield f"{name}: the plan said {_shown(was)}, now it is {_shown(now.document[name])}"
        agreed, planned = _actions_of(self.document), _actions_of(now.document)
        for key in [*agreed, *(key for key in planned if key not in agreed)]:
            for words in _differing(agreed.get(key, _ABSENT), planned.get(key, _ABSENT)):
                yield f"{' '.join(key)}: {words}"


@dataclass(frozen=True)
class _Agreed:
    """An action of a plan's JSON: its verb, and by field what is before and after it."""

    verb: str
    fields: Mapping[str, tuple[Any, Any]]


_ABSENT = _Agreed("", {})


def _actions_of(document: Mapping[str, Any]) -> dict[tuple[str, str], _Agreed]:
    return {
        (str(each["kind"]), str(each["name"])): _Agreed(
            str(each["action"]),
            {str(field["field"]): (field["before"], field["after"]) for field in each["fields"]},
        )
        for each in document["actions"]
    }


def _differing(was: _Agreed, now: _Agreed) -> Iterator[str]:
    if was is _ABSENT:
        yield f"{now.verb}, of which the plan said nothing"
        return
    if now is _ABSENT:
        yield f"{was.verb} is no longer to be done"
        return
    if was.verb != now.verb:
        yield f"the plan said {was.verb}, now it is {now.verb}"
        return
    for name in [*was.fields, *(name for name in now.fields if name not in was.fields)]:
        if name not in now.fields:
            yield f"{name}: the plan changed it, now it stays"
        elif name not in was.fields:
            yield f"{name}: the plan left it, now it is changed"
        else:
            (there, agreed), (found, planned) = was.fields[name], now.fields[name]
            for path, before, after in differences(there, found, name):
                yield f"on the platform, {path} was {_shown(before)}, now it is {_shown(after)}"
            for path, before, after in differences(agreed, planned, name):
                yield f"{path}: the plan said {_shown(before)}, now it is {_shown(after)}"


def _shown(value: object) -> str:
    return "nothing" if value is None else shortened(" ".join(str(value).split()), _LONGEST)
