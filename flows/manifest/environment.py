"""An environment: one SpaceONE installation and one image registry, by name."""

from __future__ import annotations

import dataclasses
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from flows.manifest.documents import Document, parse
from flows.manifest.errors import FileMissing, InvalidField
from flows.manifest.reading import Part, Place, exists, read_document

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")


class Access(Document):
    """How to reach the platform, with one token.

    The token comes from the environment variable `token_variable` if it is set, otherwise from the spacectl
    environment.
    """

    spacectl: str | None = Field(default=None, description="A name in ~/.spaceone/environments, or a path.")
    token_variable: str | None = Field(
        default=None, description="An environment variable that contains a token."
    )


class RegistrySettings(Document):
    """Where images are pushed, and how the platform calls that registry.

    `address` is host:port, or null for Docker Hub. Credentials are those of `docker login`, unless
    the two variables are named.
    """

    address: str | None = None
    type: Literal["DOCKER_HUB", "HARBOR", "AWS_PRIVATE_ECR", "GITHUB", "GCP_PRIVATE_GCR"] | None = None
    insecure: bool = False
    username_variable: str | None = None
    password_variable: str | None = None


class Build(Document):
    """Build arguments of the image."""

    args: dict[str, str] = Field(default_factory=dict)


class Signing(Document):
    """Who signs the provenance of images, and how it is verified."""

    key_variable: str | None = Field(
        default=None,
        pattern="^PLUGINCTL_[A-Z0-9_]+$",
        description="A variable with the private key (Ed25519, PEM), or with the path of its file.",
    )
    public_key: str | None = Field(default=None, description="PEM file of the public key.")


class Settings(Document):
    """The fields of the file. `extends` names another such file, relative to this one. This file overrides it."""

    extends: str | None = None
    advice: str = Field(default="", description="What to do if the file that this one extends is missing.")
    description: str = ""
    spacectl: str | None = None
    endpoints: dict[str, str] = Field(
        default_factory=dict, description="Added to those of spacectl; these take precedence."
    )
    token_variable: str | None = None
    root_certificates: str | None = Field(
        default=None, description="PEM file of the certificate authorities for grpc+ssl."
    )
    workspace: Access | None = Field(
        default=None, description="The token for projects and service accounts (2.x)."
    )
    registry: RegistrySettings = Field(default_factory=RegistrySettings)
    build: Build = Field(default_factory=Build)
    attestations: bool = Field(
        default=True, description="Whether a bill of materials and provenance are stored beside the image."
    )
    signing: Signing = Field(default_factory=Signing)
    plugin_options: dict[str, Any] = Field(default_factory=dict)
    timeout: float = Field(default=30.0, gt=0, description="Seconds for one call.")

    @property
    def access(self) -> Access:
        """Access with the domain's token."""
        return Access(spacectl=self.spacectl, token_variable=self.token_variable)


class Environment(Document):
    """One environment, with everything that its file extends.

    Attributes:
        name: The file's name without its ending.
        folder: The folder that relative paths in `settings` start from.
    """

    name: str
    folder: Path
    settings: Settings


def known_environments(folder: Path) -> list[str]:
    """Names of the environments in a folder."""
    return sorted(path.stem for path in folder.glob("*.yaml"))


def load_environment(
    name: str, folder: Path, variables: Callable[[str], str | None] = os.environ.get
) -> Environment:
    """Reads `<folder>/<name>.yaml`, or `name` itself if it is a path.

    `${VARIABLE}` in a value is replaced by the variable's value, `${VARIABLE:-other}` by `other` if the variable
    is not set.

    Args:
        name: An environment in the folder, or a path.
        folder: The folder of the environments.
        variables: Returns the value of a variable, None if it is not set; by default from this process.

    Raises:
        FileMissing: there is no such environment, or the file that it extends is missing.
        ManifestError: a file is wrong.
    """
    path = Path(name).expanduser() if is_path(name) else folder / f"{name}.yaml"
    if not exists(path):
        known = ", ".join(known_environments(folder))
        advice = (
            f"Known environments: {known}."
            if known
            else f"{folder} contains no environment. Change to the folder of your project, or give the path of a file."
        )
        raise FileMissing(f"There is no environment {name!r} ({path}).", advice)
    data, base = _merged(path, variables, seen=())
    settings = parse(Settings, Part(data, None, Place(str(path))))
    return Environment(name=path.stem, folder=base, settings=settings)


def _merged(
    path: Path, variables: Callable[[str], str | None], seen: tuple[Path, ...]
) -> tuple[dict[str, Any], Path]:
    """A file's data, merged over the data of the file that it extends; and the folder of the last file of the chain.

    Paths are relative to their file; they are made absolute here.
    """
    path = path.resolve()
    if path in seen:
        raise InvalidField(f"{path} extends itself: {' -> '.join(p.name for p in (*seen, path))}.")
    part = read_document(path)
    data = _expanded(part.data, variables, str(path))
    parse(Settings, dataclasses.replace(part, data=data))
    _anchor(data, path.parent)
    extended, advice = data.pop("extends", None), data.pop("advice", "")
    if extended is None:
        return data, path.parent
    below = (path.parent / extended).resolve()
    if not exists(below):
        raise FileMissing(f"{path.name} extends {below}, which does not exist.", advice)
    base, _ = _merged(below, variables, (*seen, path))
    return _over(base, data), path.parent


def _anchor(data: dict[str, Any], folder: Path) -> None:
    for holder in (data, data.get("workspace")):
        if isinstance(holder, dict) and isinstance(value := holder.get("spacectl"), str) and is_path(value):
            holder["spacectl"] = str((folder / Path(value).expanduser()).resolve())
    for holder, key in ((data, "root_certificates"), (data.get("signing"), "public_key")):
        if isinstance(holder, dict) and isinstance(value := holder.get(key), str):
            holder[key] = str((folder / Path(value).expanduser()).resolve())


def is_path(name: str) -> bool:
    """Whether a name is the path of a file, not the name of an environment.

    >>> is_path("prod"), is_path("prod.yaml"), is_path("./prod")
    (False, True, True)
    """
    return "/" in name or name.endswith((".yaml", ".yml"))


def _over(base: dict[str, Any], data: dict[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in data.items():
        below = merged.get(key)
        merged[key] = _over(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return merged


def _expanded(value: Any, variables: Callable[[str], str | None], shown: str) -> Any:
    if isinstance(value, dict):
        return {key: _expanded(item, variables, shown) for key, item in value.items()}
    if isinstance(value, list):
        return [_expanded(item, variables, shown) for item in value]
    if isinstance(value, str):
        return _VARIABLE.sub(lambda match: _variable(match[1], match[2], variables, shown), value)
    return value


def _variable(name: str, other: str | None, variables: Callable[[str], str | None], shown: str) -> str:
    value = variables(name)
    if value is not None:
        return value
    if other is None:
        raise InvalidField(f"{shown} uses ${{{name}}}, which is not set in the environment of this process.")
    return other
