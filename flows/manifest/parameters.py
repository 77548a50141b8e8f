"""Parameters: fields of a manifest that are given on the command line, as in `spacectl exec -p key=value`."""

from __future__ import annotations

import dataclasses
import re
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import TypeAdapter, ValidationError

from flows import yaml_documents
from flows.manifest.documents import Declaration, document_type
from flows.manifest.errors import InvalidParameter
from flows.manifest.models import KINDS
from flows.manifest.reading import Part, unheld_number
from flows.manifest.secrets import Secrets
from flows.text import quoted

_KEY = re.compile(r"(?P<kind>[^.\[\]]+)(?:\[(?P<which>[^\]]+)\])?\.(?P<path>.+)", re.DOTALL)
_FORM = "KIND.FIELD=VALUE, such as plugin.image=team/plugin-x"


@dataclass(frozen=True)
class Parameter:
    """One `KIND.FIELD=VALUE`.

    Attributes:
        kind: Such as `service_account`.
        which: Which document, if a manifest has several of the kind: `schema[ID].FIELD`.
        path: The field, from the top of the document.
        value: Text; it may be a secret.
    """

    kind: str
    which: str | None
    path: tuple[str, ...]
    value: str = field(repr=False)

    @property
    def name(self) -> str:
        """All but the value."""
        which = f"[{self.which}]" if self.which else ""
        return f"{self.kind}{which}.{'.'.join(self.path)}"

    @classmethod
    def parse(cls, text: str, number: int, secrets: Secrets) -> Parameter:
        """Reads one; `number`, from 1, stands for it in messages that must not show its text.

        Raises:
            InvalidParameter: it has another form, an unknown kind, or a file that cannot be read.
        """
        key, equals, value = text.partition("=")
        match = _KEY.fullmatch(key)
        if not equals or match is None or not all(path := tuple(match["path"].split("."))):
            raise InvalidParameter(f"Parameter {number} is not of the form {_FORM}.")
        known = [kind.kind for kind in KINDS]
        if match["kind"] not in known:
            raise InvalidParameter(
                f"-p {key}: there is no kind {quoted(match['kind'])}. The kinds are: {', '.join(known)}."
            )
        return cls(match["kind"], match["which"], path, secrets.of_parameter(key, value))


def parse_parameters(texts: Iterable[str], secrets: Secrets) -> tuple[Parameter, ...]:
    """Reads the parameters of a command line, one for each text.

    Raises:
        InvalidParameter: one has another form, an unknown kind, or a file that cannot be read.
    """
    return tuple(Parameter.parse(text, number, secrets) for number, text in enumerate(texts, start=1))


def split_parameters(line: str) -> list[str]:
    """Splits one line of parameters, quoted as in a shell; a form has only one text field.

    Raises:
        InvalidParameter: a quotation mark is not closed.
    """
    try:
        return shlex.split(line)
    except ValueError as error:
        raise InvalidParameter(f"The parameters cannot be split: {error}.") from None


def with_parameters(
    kind: type[Declaration], parts: Sequence[Part], parameters: Iterable[Parameter]
) -> list[Part]:
    """The documents of a kind with the fields that parameters set. The last parameter for a field counts.

    Raises:
        InvalidParameter: there is no such document, or there are several and the parameter names none.
    """
    changed = list(parts)
    for parameter in parameters:
        if parameter.kind == kind.kind:
            index = _index(kind, changed, parameter)
            changed[index] = _changed(kind, changed[index], parameter)
    return changed


def _index(kind: type[Declaration], parts: Sequence[Part], parameter: Parameter) -> int:
    if not parts:
        raise InvalidParameter(
            f"-p {parameter.name}: the manifest declares no {kind.words()}. Add {kind.file_name()}."
        )
    ids = [str(next(filter(None, map(part.data.get, kind.identified_by)), "")) for part in parts]
    if parameter.which is None:
        if len(parts) == 1:
            return 0
        choice = " or ".join(f"{kind.kind}[{one}]" for one in ids)
        raise InvalidParameter(
            f"-p {parameter.name}: the manifest declares {len(parts)} of this kind; name one: {choice}."
        )
    if parameter.which not in ids:
        known = ", ".join(ids)
        raise InvalidParameter(
            f"-p {parameter.name}: there is no {kind.words()} {quoted(parameter.which)}. "
            f"The manifest declares: {known}."
        )
    return ids.index(parameter.which)


def _changed(kind: type[Declaration], part: Part, parameter: Parameter) -> Part:
    value = _value(_field_type(kind, parameter.path), parameter)
    names = (*(name for name in part.place.parameters if name != parameter.name), parameter.name)
    return dataclasses.replace(
        part,
        data=_with(part.data, parameter.path, value, parameter),
        place=dataclasses.replace(part.place, parameters=names),
        given={**part.given, parameter.path: parameter.name},
    )


def _with(data: dict[str, Any], path: tuple[str, ...], value: Any, parameter: Parameter) -> dict[str, Any]:
    """A copy of `data` with one field set. Other places that share it by a YAML alias do not change."""
    head, *rest = path
    if not rest:
        return {**data, head: value}
    below = data.get(head)
    if below is None:
        below = {}
    if not isinstance(below, dict):
        raise InvalidParameter(
            f"-p {parameter.name}: {quoted(head)} has no fields in this manifest; set it as a whole."
        )
    return {**data, head: _with(below, tuple(rest), value, parameter)}


def _field_type(kind: type[Declaration], path: tuple[str, ...]) -> Any:
    """The type of a field in the model; Any where the model has none, as in mappings with the author's own keys."""
    annotation: Any = kind
    for name in path:
        model = document_type(annotation)
        info = model.fields().get(name) if model else None
        if info is None:
            return Any
        annotation = info.annotation
    return annotation


def _value(wanted: Any, parameter: Parameter) -> Any:
    """The text, if the field accepts text; otherwise the text read as YAML."""
    try:
        TypeAdapter(wanted).validate_python(parameter.value)
    except ValidationError:
        try:
            value = yaml_documents.value(parameter.value)
        except yaml_documents.NotYamlError:
            raise InvalidParameter(
                f"-p {parameter.name}: the field does not accept text, and the value is not valid YAML."
            ) from None
        if unheld_number(value) is not None:
            raise InvalidParameter(
                f"-p {parameter.name}: a number cannot be stored exactly by the platform, whose numbers are doubles."
            ) from None
        return value
    return parameter.value
