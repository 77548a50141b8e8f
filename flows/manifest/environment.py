"""An environment: one SpaceONE installation and one image registry, by name."""

from __future__ import annotations

import dataclasses
import os
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, field_validator

from flows.manifest.documents import Document, parse
from flows.manifest.errors import FileMissing, InvalidField
from flows.manifest.reading import Part, Place, exists, read_document
from flows.manifest.registries import TypeName
from flows.platforms import normalise
from flows.text import quoted

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")
_PREFIX = "PLUGINCTL_"
_SECRET_NAME = re.compile(
    r"TOKEN|PASSWORD|PASSWD|PASSPHRASE|SECRET|CREDENTIAL|(?:^|_)(?:KEY|PIN|PASS|PW)(?:_|$)", re.IGNORECASE
)
_PLATFORM = re.compile(r"linux/[a-z0-9]{2,12}(/v[0-9]{1,2})?")
_LONGEST = 255  # characters of a name


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

    `address` is host:port, with the path below which images are if there is one, or null for Docker Hub.
    Credentials are those of `docker login`, unless the two variables are named.
    """

    address: str | None = None
    type: TypeName | None = None
    insecure: Literal["http", "tls"] | None = Field(
        default=None, description="http: without TLS. tls: TLS whose certificate is not verified."
    )
    root_certificates: str | None = Field(
        default=None, description="PEM file of the certificate authorities, instead of the usual ones."
    )
    client_certificate: str | None = Field(
        default=None, description="PEM file of the certificate, and its key, that the registry asks for."
    )
    username_variable: str | None = None
    password_variable: str | None = None

    @field_validator("insecure", mode="before")
    @classmethod
    def _which(cls, value: object) -> object:
        if value is True:
            raise ValueError(
                "write http if the registry has no TLS, or tls if its certificate cannot be verified. `true` meant "
                "either, and sent a password without TLS where TLS failed."
            )
        return value or None


class Build(Document):
    """How the image is built."""

    args: dict[str, str] = Field(default_factory=dict, description="Arguments of the Dockerfile.")
    platforms: list[str] = Field(
        default_factory=list,
        max_length=8,
        description="Such as [linux/amd64, linux/arm64]: one index of all. Empty: an image of the engine's platform.",
    )

    @field_validator("platforms")
    @classmethod
    def _platforms(cls, value: list[str]) -> list[str]:
        for each in value:
            if not _PLATFORM.fullmatch(each):
                raise ValueError(
                    f"{quoted(each)} is no platform: write one such as linux/amd64 or linux/arm64."
                )
        found = list(map(normalise, value))
        if len(set(found)) < len(found):
            raise ValueError("a platform is named twice.")
        return found


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
    client_certificate: str | None = Field(
        default=None, description="PEM file of the certificate, and its key, that the services ask for."
    )
    unencrypted: list[Literal["grpc", "registry-login"]] = Field(
        default_factory=list,
        description="What may leave this machine without TLS: calls with the token, the registry's password.",
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
    plugin_options: dict[str, dict[str, Any]] = Field(
        default_factory=dict, description="By the plugin's id: options that override its manifest's."
    )
    timeout: float = Field(default=30.0, gt=0, description="Seconds for one call.")
    plugin_network: str | None = Field(
        default=None,
        description="Of a platform on this machine: the Docker network on which it runs its plugins.",
    )
    start_seconds: float = Field(
        default=150.0,
        gt=0,
        le=600,
        description="How long a plugin may take to start: CPU time while it works, otherwise the time that passes.",
    )

    @field_validator("plugin_options", mode="before")
    @classmethod
    def _of_plugins(cls, value: object) -> object:
        """Without what is null: a file takes away what the file that it extends gives."""
        if not isinstance(value, Mapping):
            return {} if value is None else value
        if plain := [
            name for name, options in value.items() if not isinstance(options, (Mapping, None.__class__))
        ]:
            raise ValueError(
                f"options belong to a plugin, named by its id: write {{PLUGIN_ID: {{{quoted(plain[0])}: …}}}}."
            )
        return {
            plugin: {name: option for name, option in options.items() if option is not None}
            for plugin, options in value.items()
            if options is not None
        }

    def options_of(self, plugin_ids: Collection[str]) -> dict[str, Any]:
        """The options of the plugin that has one of these ids."""
        named = [self.plugin_options[name] for name in sorted(plugin_ids) if name in self.plugin_options]
        return {name: option for options in named for name, option in options.items()}

    @property
    def access(self) -> Access:
        """Access with the domain's token."""
        return Access(spacectl=self.spacectl, token_variable=self.token_variable)


class Extending(Document):
    """The one field that is read before all others are known."""

    extends: str


class Environment(Document):
    """One environment, with everything that its file extends.

    Attributes:
        name: The file's name without its ending.
        folder: The folder that relative paths in `settings` start from.
        settings: The fields of all files, merged.
        levels: For each field by its path, such as `endpoints.identity`: which file of the chain it is from, 0 for the
            environment's own file, 1 for the one that this extends, and so on.
    """

    name: str
    folder: Path
    settings: Settings
    levels: dict[str, int] = Field(default_factory=dict)


def known_environments(folder: Path) -> list[str]:
    """Names of the environments in a folder."""
    return sorted(path.stem for path in folder.glob("*.yaml"))


def load_environment(
    name: str, folder: Path, variables: Callable[[str], str | None] = os.environ.get, *, own: bool = False
) -> Environment:
    """Reads `<folder>/<name>.yaml`, or `name` itself if it is a path.

    `${PLUGINCTL_…}` in a value is replaced by the variable's value, `${PLUGINCTL_…:-other}` by `other` if the variable
    is not set.

    Only variables that begin with PLUGINCTL_ and hold no secret are replaced: the file is as trusted as whoever wrote
    it, and would take any other variable of the process to any host.

    Args:
        name: An environment in the folder, or a path.
        folder: The folder of the environments. Files that such an environment extends lie in the same project, or below
            a folder that a PLUGINCTL_ variable names. A path is the user's own, and may extend any file.
        variables: Returns the value of a variable, None if it is not set; by default from this process.
        own: Whether the folder is the user's own, too.

    Raises:
        FileMissing: there is no such environment, or the file that it extends is missing.
        ManifestError: a file is wrong.
    """
    path = Path(name).expanduser() if is_path(name) else folder / f"{name}.yaml"
    if not is_name(name) or not exists(path):
        known = ", ".join(known_environments(folder))
        advice = (
            f"Known environments: {known}."
            if known
            else f"{folder} contains no environment. Change to the folder of your project, or give the path of a file."
        )
        where = "" if is_path(name) else f" in {folder}"
        raise FileMissing(f"There is no environment {quoted(name)}{where}.", advice)
    files = _chain(_absolute(path), None if own or is_path(name) else _project(folder), variables)
    secret = _secret(files)
    merged: dict[str, Any] = {}
    levels: dict[str, int] = {}
    for level, (file, part) in reversed(list(enumerate(files))):
        data = _expanded(part.data, partial(_variable, variables=variables, secret=secret, shown=str(file)))
        parse(Settings, dataclasses.replace(part, data=data))
        _anchor(data, file.parent)
        merged = _over(
            merged, {key: value for key, value in data.items() if key not in {"extends", "advice"}}
        )
        levels |= dict.fromkeys(_names(data), level)
    settings = parse(Settings, Part(merged, None, Place(str(path))))
    return Environment(name=path.stem, folder=files[0][0].parent, settings=settings, levels=levels)


def _absolute(path: Path | str) -> Path:
    """An absolute path without `..`, in which links stay links: where they lead is checked when a file is opened."""
    return Path(os.path.abspath(path))  # noqa: PTH100 - resolve() follows links


def _project(folder: Path) -> Path:
    """The folder that contains `deployments/environments`; a folder with another name is its own project."""
    folder = _absolute(folder)
    return folder.parents[1] if folder.parts[-2:] == ("deployments", "environments") else folder


def _chain(
    path: Path, project: Path | None, variables: Callable[[str], str | None]
) -> list[tuple[Path, Part]]:
    """The environment's file and those that it extends, in this order, as they are written.

    Args:
        path: The environment's file.
        project: Where the files must lie; None for anywhere.
        variables: Returns the value of a variable.
    """
    roots = [project] if project else []
    files: list[tuple[Path, Part]] = []
    while True:
        if path in (file for file, _ in files):
            names = " -> ".join(file.name for file in (*(file for file, _ in files), path))
            raise InvalidField(f"{path} extends itself: {names}.")
        within = next((root for root in roots if path.is_relative_to(root)), None)
        if project and not within:
            raise InvalidField(
                f"{files[-1][0]} extends {quoted(path)}, which is not below {project}. Only a path on the command line "
                "may extend a file outside of the project."
            )
        part = read_document(path, within)
        files.append((path, part))
        extended = part.data.get("extends")
        if extended is None:
            return files
        parse(Extending, dataclasses.replace(part, data={"extends": extended}))
        if named := _VARIABLE.match(extended):
            value = variables(named[1]) if named[1].startswith(_PREFIX) else None
            roots += [_absolute(value)] if value else []
        text = _expanded(
            extended, partial(_variable, variables=variables, secret=_secret(files), shown=str(path))
        )
        below = _absolute(path.parent / text)
        if not exists(below):
            raise FileMissing(
                f"{path.name} extends {below}, which does not exist.", str(part.data.get("advice", ""))
            )
        path = below


def _names(data: Mapping[str, Any], above: str = "") -> Iterator[str]:
    """The paths of all fields: `registry`, `registry.address`."""
    for key, value in data.items():
        name = f"{above}{key}"
        yield name
        if isinstance(value, dict):
            yield from _names(value, f"{name}.")


def _secret(files: Iterable[tuple[Path, Part]]) -> frozenset[str]:
    return frozenset[str]().union(*(_secret_variables(part.data) for _, part in files))


def _secret_variables(data: Mapping[str, Any]) -> frozenset[str]:
    """The variables that a file names as the ones that hold a token or a login."""
    found = frozenset(
        str(value) for key, value in data.items() if str(key).endswith("_variable") and isinstance(value, str)
    )
    return found.union(*(_secret_variables(value) for value in data.values() if isinstance(value, dict)))


def _anchor(data: dict[str, Any], folder: Path) -> None:
    """Makes the paths in a file absolute: they are relative to it."""
    for holder in (data, data.get("workspace"), data.get("registry"), data.get("signing")):
        for name in ("spacectl", "root_certificates", "client_certificate", "public_key"):
            if not isinstance(holder, dict) or not isinstance(value := holder.get(name), str):
                continue
            if name != "spacectl" or is_path(value):
                holder[name] = str((folder / Path(value).expanduser()).resolve())


def is_name(name: str) -> bool:
    """Whether a file may have this name, or path."""
    return len(name) <= _LONGEST and "\0" not in name


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


def _expanded(value: Any, variable: Callable[[re.Match[str]], str]) -> Any:
    if isinstance(value, dict):
        return {key: _expanded(item, variable) for key, item in value.items()}
    if isinstance(value, list):
        return [_expanded(item, variable) for item in value]
    return _VARIABLE.sub(variable, value) if isinstance(value, str) else value


def _variable(
    match: re.Match[str], *, variables: Callable[[str], str | None], secret: Collection[str], shown: str
) -> str:
    name, other = match[1], match[2]
    if not name.startswith(_PREFIX):
        raise InvalidField(
            f"{shown} uses ${{{name}}}. Only variables whose names begin with {_PREFIX} are replaced: "
            f"call it {_PREFIX}{name}."
        )
    if name in secret or _SECRET_NAME.search(name):
        raise InvalidField(
            f"{shown} uses ${{{name}}}, which holds a secret. Name it with token_variable, username_variable or "
            "password_variable."
        )
    value = variables(name)
    if value is None and other is None:
        raise InvalidField(f"{shown} uses ${{{name}}}, which is not set in the environment of this process.")
    return str(other) if value is None else value
