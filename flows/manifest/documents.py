"""The contents of a file as models. Errors name file, line and field."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, PrivateAttr, ValidationError
from pydantic.fields import FieldInfo

from flows.manifest.errors import InvalidField
from flows.manifest.reading import FieldPath, Part, Place

Model = TypeVar("Model", bound=BaseModel)

_FIELD = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,79}")
_QUOTED = re.compile(r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*\"""")


class Document(BaseModel):
    """The model of a file, or of a mapping in a file. Unknown fields are rejected; an instance cannot be changed."""

    # The validators of a model are built when it is first used: a command that reads no manifest does not build them.
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, defer_build=True)

    @classmethod
    def fields(cls) -> dict[str, FieldInfo]:
        """The fields, under their names in a file."""
        return {info.alias or name: info for name, info in cls.model_fields.items()}


class Declaration(Document):
    """A document that declares one resource, and its place in the files.

    Attributes:
        kind: Such as `service_account`.
        verb: The verb of spacectl that creates one.
        resource_types: Its names in spacectl, of both generations.
        several: Whether a manifest may contain more than one.
        identified_by: The fields that identify one among several of the kind; the first one that is set counts.
        instead: What to write instead of a field that the platform has and a manifest has not.
    """

    kind: ClassVar[str]
    verb: ClassVar[str] = "create"
    resource_types: ClassVar[frozenset[str]]
    several: ClassVar[bool] = False
    identified_by: ClassVar[tuple[str, ...]] = ("name",)
    instead: ClassVar[Mapping[str, str]] = {}

    _place: Place = PrivateAttr(default=Place("(no file)"))

    def model_post_init(self, context: Any, /) -> None:
        """Stores the place that `parse` passes."""
        if isinstance(context, Place):
            self._place = context

    @property
    def place(self) -> Place:
        """Where it is declared; a copy has the same place."""
        return self._place

    @property
    def id(self) -> str:
        """What identifies it among others of its kind: the first value of the fields in `identified_by`."""
        return next((str(value) for name in self.identified_by if (value := getattr(self, name))), "")

    @classmethod
    def words(cls) -> str:
        """The kind for messages: `service account`."""
        return cls.kind.replace("_", " ")

    @classmethod
    def file_name(cls) -> str:
        """How its file is usually called: `create_service_account.yaml`."""
        return f"{cls.verb}_{cls.kind}.yaml"


def parse(model: type[Model], part: Part) -> Model:
    """Returns a part as a model.

    Raises:
        InvalidField: names the file, the line and every wrong field. A parameter's value may be a secret,
            and is not shown.
    """
    try:
        return model.model_validate(part.data, context=part.place)
    except ValidationError as error:
        lines = []
        for problem in error.errors(include_url=False, include_input=False):
            path = tuple(step for step in problem["loc"] if step != "function-after")
            message = problem["msg"].removeprefix("Value error, ")
            where = part.where(*path) if path else str(part.place)
            if (given := _given(part, path)) is not None:
                where = f"-p {part.given[given]}"
                path = path[: len(given)] if len(path) > len(given) else path
                message = without_values(message) if problem["type"] == "value_error" else message
            lines.append(f"{where}: {_words(part, path, problem['type'], message, model)}")
        raise InvalidField("\n".join(lines)) from None


def without_values(message: str) -> str:
    """Returns a message without its quoted values."""
    return _QUOTED.sub("'…'", message)


def document_type(annotation: object) -> type[Document] | None:
    """The model in a field's type: `Schedule` in `Schedule | None`."""
    candidates = (annotation, *get_args(annotation))
    return next((one for one in candidates if isinstance(one, type) and issubclass(one, Document)), None)


def _given(part: Part, path: FieldPath) -> FieldPath | None:
    """The field that a parameter set and that is, or contains, `path`; None if there is none."""
    return next((given for given in part.given if path[: len(given)] == given), None)


def _words(part: Part, path: FieldPath, kind: str, message: str, model: type[BaseModel]) -> str:
    name = ".".join(str(step) for step in path) or "the file"
    if kind == "extra_forbidden":
        known = _known(model, path[:-1])
        # What does not look like a field is not quoted: the file may be another one, with secrets.
        unknown = f"unknown field {name!r}." if _FIELD.fullmatch(name) else "unknown field."
        if issubclass(model, Declaration) and (hint := model.instead.get(name)):
            return f"{unknown} {hint}"
        return unknown + (f" The fields here are: {', '.join(known)}." if known else "")
    if kind == "missing":
        return f"the field {name!r} is missing."
    if kind == "string_type" and (read_as := part.read_as(*path)):
        return f"the field {name!r} is a text, but YAML reads its value as {read_as}: quote it."
    return f"the field {name!r}: {message}"


def _known(model: object, path: FieldPath) -> list[str]:
    """The fields of the model at `path`."""
    found = document_type(model)
    for step in path:
        info = found.fields().get(str(step)) if found else None
        found = document_type(info.annotation) if info else None
    return sorted(found.fields()) if found else []
