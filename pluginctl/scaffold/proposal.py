"""What a project needs that its repository does not have: proposed from what it shows, decided by the user."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from flows.manifest.models import Plugin
from flows.manifest.registries import REGISTRY_TYPES
from flows.plugin_kinds import COLLECTS, kind_named
from pluginctl.scaffold.errors import InitRefused
from pluginctl.scaffold.naming import (
    image_of,
    is_environment,
    is_image,
    is_provider,
    is_shown,
    is_type,
    plugin_title,
    type_of,
)
from pluginctl.scaffold.repository import NEW_MANIFEST, FoundManifest, Repository

#: The providers that every platform has: identity's own of 2.x (managed_resource/provider), and those of 1.12.
SHIPPED = frozenset({"aws", "google_cloud", "azure"})


@dataclass(frozen=True, slots=True)
class Value:
    """A proposed value, and where it is from, for people."""

    text: str
    origin: str


@dataclass(frozen=True, slots=True)
class Question:
    """A value that somebody has to decide.

    Attributes:
        field: Also the option that gives it.
        words: What is asked.
        rule: What a value must be, for people.
        accepts: Whether a value is one.
        required: Whether there must be a value.
    """

    field: str
    words: str
    rule: str
    accepts: Callable[[str], bool]
    required: bool = True


KIND = Question("kind", "Kind of the plugin", "a type such as inventory.Collector", is_type)
IMAGE = Question("image", "Image", "a name such as team/plugin-x, without registry and version", is_image)
NAME = Question("name", "Name of the plugin", "one line that can be shown", is_shown)
PROVIDER = Question(
    "provider", "Provider of what it collects", "an identifier such as google_cloud", is_provider
)
ENVIRONMENT = Question(
    "environment",
    "Environment to release to",
    "a word of small letters, digits and single dots or hyphens, such as prod",
    is_environment,
)
SPACECTL = Question(
    "spacectl",
    "spacectl environment with its endpoints",
    "the name of a spacectl environment, or a path",
    is_shown,
)
REGISTRY = Question(
    "registry",
    "Registry (nothing for Docker Hub)",
    "an address such as harbor.example.com",
    is_shown,
    required=False,
)
REGISTRY_TYPE = Question(
    "registry-type",
    "What the platform calls the registry (nothing: what the manifest says)",
    f"one of {', '.join(REGISTRY_TYPES)}",
    REGISTRY_TYPES.__contains__,
    required=False,
)


@dataclass(frozen=True)
class Proposal:
    """What is written of a manifest.

    Attributes:
        folder: The manifest's folder, below the repository.
        kind: The plugin's type.
        name, image: Of the plugin; None if the manifest has it.
        provider: None for a plugin that has none.
        values: All that was decided, with its origin.
        publish_only: Whether a release ends when the plugin is registered: there is nothing to collect with.
    """

    folder: str
    kind: str
    name: str | None
    image: str | None
    provider: str | None
    values: Mapping[str, Value]
    publish_only: bool

    @property
    def collects(self) -> bool:
        """Whether it is an inventory collector."""
        return self.kind == COLLECTS


Decide = Callable[[Question, "Value | None"], "Value | None"]


def propose(repository: Repository, decide: Decide) -> Proposal:
    """Decides all that the manifest lacks.

    Args:
        repository: What is there.
        decide: Called with each question and the proposed value; returns the value, or None for none.

    Raises:
        InitRefused: there is no value, or it is no valid one.
    """
    manifest = repository.manifest
    values: dict[str, Value] = {}

    def ask(question: Question, proposed: Value | None) -> str | None:
        value = answer_to(decide, question, proposed)
        if value is None:
            return None
        values[question.field] = value
        return value.text

    if manifest and manifest.has(Plugin):
        kind = _declared_kind(manifest)
        provider = manifest.provider
        if provider is None and kind == COLLECTS:
            provider = ask(PROVIDER, _provider(repository))
        name = image = None
    else:
        image = ask(IMAGE, _image(repository))
        kind = type_of(ask(KIND, _kind(repository, image or "")) or COLLECTS)
        name = ask(NAME, _name(repository, image or ""))
        provider = manifest.provider if manifest else None
        if provider is None:
            provider = ask(replace(PROVIDER, required=kind == COLLECTS), _provider(repository))
    publish_only = kind != COLLECTS or manifest is None or not manifest.accounts
    return Proposal(
        manifest.folder if manifest else NEW_MANIFEST, kind, name, image, provider, values, publish_only
    )


def answer_to(decide: Decide, question: Question, proposed: Value | None) -> Value | None:
    """Returns the value for a question; None for none.

    Raises:
        InitRefused: there must be one, or it is no valid one.
    """
    value = decide(question, proposed)
    if value is None:
        if question.required:
            raise InitRefused(
                f"The {question.field} cannot be told from the repository",
                f"Give it with --{question.field}: {question.rule}",
            )
    elif not question.accepts(value.text):
        raise InitRefused(f"--{question.field} is not {question.rule}", f"It is {value.origin}")
    return value


def _declared_kind(manifest: FoundManifest) -> str:
    found = manifest.named(Plugin, "resource_type") or manifest.named(Plugin, "service_type")
    return type_of(found) if isinstance(found, str) and found else COLLECTS


def _left(repository: Repository, field: str) -> Value | None:
    """A field of the plugin in documents that are not used as they are."""
    old = repository.leftover
    found = old.named(Plugin, field) if old else None
    return Value(found, f"from {old.folder}") if old and isinstance(found, str) else None


def _valid(question: Question, *values: Value | None) -> Value | None:
    return next((value for value in values if value and question.accepts(value.text)), None)


def _image(repository: Repository) -> Value | None:
    plugin = repository.plugin
    owner, name = _remote(plugin.url)
    setup = plugin.contents.setup
    return _valid(
        IMAGE,
        _left(repository, "image"),
        Value(image_of(name, owner), "from the git remote") if name else None,
        Value(image_of(setup.name), f"from {setup.file}") if setup and setup.name else None,
        Value(image_of((repository.root / repository.source).resolve().name), "from the folder"),
    )


def _remote(url: str | None) -> tuple[str, str]:
    """Owner and name of a repository, from its address: the last two parts."""
    parts = [part for part in (url or "").partition("://")[2].split("/")[1:] if part]
    if not parts:
        return "", ""
    return (parts[-2] if len(parts) > 1 else ""), parts[-1].removesuffix(".git")


def _kind(repository: Repository, image: str) -> Value | None:
    named = kind_named(image)
    code = repository.code.plugin_type
    return _valid(
        KIND,
        _left(repository, "resource_type"),
        _left(repository, "service_type"),
        Value(named.type, "from the image's name") if named else None,
        Value(code, "from the imports of the code") if code else None,
        Value(COLLECTS, "the usual one"),
    )


def _name(repository: Repository, image: str) -> Value | None:
    return _valid(NAME, _left(repository, "name"), Value(plugin_title(image), "from the image's name"))


def _provider(repository: Repository) -> Value | None:
    old, code = repository.leftover, repository.code
    return _valid(
        PROVIDER,
        Value(old.provider, f"from {old.folder}") if old and old.provider else None,
        Value(code.provider, "what the code names most often") if code.provider else None,
    )


def kept_fields(repository: Repository) -> dict[str, Any]:
    """Fields of the plugin in documents that are not used as they are, which a new document takes over."""
    old = repository.leftover
    shapes: dict[str, type] = {"labels": list, "tags": dict, "capability": dict, "template": dict}
    found = {name: old.named(Plugin, name) for name in shapes} if old else {}
    return {name: value for name, value in found.items() if isinstance(value, shapes[name]) and value}
