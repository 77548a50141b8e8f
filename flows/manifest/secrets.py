"""Secret data by reference: what names a value, in place of the value.

    secret_data:
      api_key: {from_env: PLUGINCTL_SECRET_…}
      certificate: {from_file: certificate.pem}
      password: {from_block: my-secret}

A manifest may come from a pull request, and its plugin receives the secret data. So a reference reaches only what
somebody has put there for this use: variables with a prefix of their own, files below one folder, Prefect's blocks.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flows.errors import PipelineError
from flows.files import KIB, Folder, read_named
from flows.hidden import hide
from flows.manifest.errors import InvalidField, InvalidParameter
from flows.manifest.reading import Part
from flows.text import quoted

PREFIX = "PLUGINCTL_SECRET_"
FOLDER = "PLUGINCTL_SECRETS"
MAX_BYTES = 64 * KIB

_FIELD = "secret_data"


@dataclass(frozen=True)
class Secrets:
    """Where secret values come from.

    Attributes:
        variables: Returns the value of a variable, None if it is not set; by default from this process.
        block: Returns the value of a Prefect Secret block; None outside of a Prefect flow.
        files: Whether `-p KIND.FIELD=@FILE` reads a file: on the command line, not in a form that others fill in.
    """

    variables: Callable[[str], str | None] = os.environ.get
    block: Callable[[str], str] | None = None
    files: bool = False

    def inserted(self, part: Part) -> Part:
        """Return a document with the values that its `secret_data` refers to.

        Raises:
            InvalidField: a value cannot be found, or must not be used; the message has no value.
        """
        data = part.data.get(_FIELD)
        if not isinstance(data, Mapping):
            return part
        inserted = {key: self._value(part, str(key), value) for key, value in data.items()}
        return dataclasses.replace(part, data={**part.data, _FIELD: inserted})

    def of_parameter(self, name: str, value: str) -> str:
        """Return the value of a parameter: the content of FILE for `@FILE`, and `@text` for `@@text`.

        Raises:
            InvalidParameter: the file cannot be read, or none may be.
        """
        if not value.startswith("@"):
            return value
        if value.startswith("@@"):
            return value[1:]
        if not self.files:
            raise InvalidParameter(
                f"-p {name}: a file (@) is read on the command line only. For a text that begins with @, write @@."
            )
        try:
            return hide(_text(read_named(Path(value[1:]).expanduser(), MAX_BYTES)))
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not text in UTF-8"
            raise InvalidParameter(f"-p {name}: the file cannot be read: {reason}.") from None

    def _value(self, part: Part, key: str, value: Any) -> Any:
        if not isinstance(value, Mapping) or len(value) != 1:
            return value
        (source, name), where = next(iter(value.items())), part.where(_FIELD, key)
        readers: dict[object, Callable[[str, str], str]] = {
            "from_env": self._variable,
            "from_file": self._file,
            "from_block": self._block,
        }
        if (reader := readers.get(source)) is None:
            return value
        if not isinstance(name, str) or not name:
            raise InvalidField(f"{where}: {source} must be followed by a name.")
        return hide(reader(where, name))

    def _variable(self, where: str, name: str) -> str:
        _check_name(where, name)
        if not (value := self.variables(name)):
            raise InvalidField(f"{where}: the variable {name} is not set where this runs.")
        return value

    def _file(self, where: str, name: str) -> str:
        if not (folder := self.variables(FOLDER)):
            raise InvalidField(
                f"{where}: from_file takes files below the folder that the variable {FOLDER} names, and it is not set "
                "where this runs."
            )
        try:
            return _text(Folder(Path(folder)).read(name, MAX_BYTES))
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not text in UTF-8"
            raise InvalidField(
                f"{where}: the file {quoted(name)} of {FOLDER} cannot be read: {reason}."
            ) from None

    def _block(self, where: str, name: str) -> str:
        if self.block is None:
            raise InvalidField(
                f"{where}: from_block takes a Secret block of Prefect, so only a deployment has it."
            )
        try:
            return self.block(name)
        except PipelineError:
            raise
        except Exception as error:  # noqa: BLE001 - of Prefect: no server, no such block; its text may hold the value
            raise InvalidField(
                f"{where}: the Secret block {quoted(name)} cannot be loaded ({type(error).__name__})."
            ) from None


@dataclass(frozen=True)
class Unread(Secrets):
    """Reads no value: for a check where nobody has any. A reference must still be one that could be read.

    Attributes:
        used: What was referred to.
    """

    used: list[str] = dataclasses.field(default_factory=list)

    def _variable(self, where: str, name: str) -> str:
        _check_name(where, name)
        return self._not_read(name)

    def _file(self, where: str, name: str) -> str:  # noqa: ARG002 - of the base
        return self._not_read(name)

    def _block(self, where: str, name: str) -> str:  # noqa: ARG002 - of the base
        return self._not_read(name)

    def _not_read(self, name: str) -> str:
        self.used.append(name)
        return ""


def _check_name(where: str, name: str) -> None:
    if not name.startswith(PREFIX):
        raise InvalidField(
            f"{where}: from_env takes variables whose names begin with {PREFIX}, not {quoted(name)}: the plugin "
            "receives the value, so it must be meant for that."
        )


def _text(content: bytes) -> str:
    """The text of a file without its last line break, which editors add."""
    return content.decode().removesuffix("\n").removesuffix("\r")
