"""Where in a registry a plugin's image is pushed, and how the platform is told of it.

The path of the environment's address replaces what is before the last part of the manifest's `image`
(decision 30). What the platform's connector can list depends on the registry's type: `flows.manifest.registries`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from flows.generation import Generation
from flows.images.reference import DOCKER_HUB, MAX_NAME, check_repository, split_address
from flows.manifest.registries import (
    ECR_REGION,
    REGISTRY_TYPES,
    WITHOUT_CONNECTOR,
    RegistryType,
    host_of,
    type_of_host,
)
from flows.text import quoted

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from flows.manifest.models import Plugin

DEFAULT_TYPE = "DOCKER_HUB"
"""What the platform takes if a plugin names no type."""


@dataclass(frozen=True)
class Placement:
    """Where an image is, for the pipeline and for the platform.

    Attributes:
        repository: In the registry, without the registry's host.
        image: The platform's `image`.
        registry_type: The platform's `registry_type`.
        registry_config: The platform's `registry_config`; None for none.
        registry: The registry's host; None if it is not known.
        only_tagged: Whether the platform lists nothing of a repository with an image that has no tag.
        problem: Why the platform would not find the image there, with what to do; "" if nothing is known to prevent it.
        notes: What the environment changes of the manifest, and what could not be checked.
    """

    repository: str
    image: str
    registry_type: str
    registry_config: Mapping[str, Any] | None = None
    registry: str | None = None
    only_tagged: bool = False
    problem: str = ""
    notes: tuple[str, ...] = field(default=())

    def repository_of(self, image: str) -> str:
        """The repository of an image that the platform names, in a registry of this type and place."""
        above = self.repository.removesuffix(self.image)  # "" unless the type wants the last part alone
        return f"{above}{image}"

    def index_problem(self, platforms: Collection[str]) -> str:
        """Why the platform could not list an index of images for these platforms, or ""."""
        if not platforms or not self.only_tagged:
            return ""
        return (
            f"SpaceONE 1.12 lists no version of a repository in {self.registry_type} that holds an image without a "
            "tag, as those of an index are: remove build.platforms from the environment."
        )

    def pulled_elsewhere(self, url: str) -> str:
        """Why the platform would pull another image than the one that is pushed, or "".

        A registry may have one name for the platform and another one here, so only another path is told.

        Args:
            url: The platform's `registry_url`, which its configuration has for the type.
        """
        pulled, pushed = f"{_plain(url)}/{self.image}", f"{self.registry}/{self.repository}"
        if not url or pulled.partition("/")[0] != self.registry or pulled == pushed:
            return ""
        return (
            f"The platform pulls {pulled}, and this release pushes {pushed}: correct registry.address in the "
            f"environment, or the url of {self.registry_type} in the platform's configuration."
        )


def place(
    plugin: Plugin, *, host: str | None, path: str, registry_type: str | None, generation: str
) -> Placement:
    """Decide where a plugin's image is pushed and what is registered.

    Args:
        plugin: The manifest's.
        host: The registry's; None is Docker Hub.
        path: The rest of the environment's address; "" if it has none.
        registry_type: The environment's; None to take the service's that has the host, or the manifest's.
        generation: Of the platform: "1.12" or "2.x".

    Raises:
        InvalidReference: the path breaks the grammar of names.
    """
    above, _, last = plugin.image.rpartition("/")
    notes = []
    if path:
        check_repository(path)
        if above not in {"", path}:
            notes.append(f"{above}/ of the image's name is not used: the environment's address has a path.")
    repository = f"{path or above}/{last}".lstrip("/")
    own = type_of_host(host)
    name = registry_type or (own.name if own else None) or plugin.registry_type or DEFAULT_TYPE
    declared = plugin.registry_type or DEFAULT_TYPE
    if name != declared:
        notes.append(f"registry_type is the environment's: {name}.")
    config = plugin.registry_config
    if config and plugin.registry_type not in {None, name}:
        notes.append(f"registry_config is that of {plugin.registry_type} and is not used with {name}.")
        config = None
    known = REGISTRY_TYPES.get(name)
    if known is None:
        problem, at = _unknown(name, generation), host or DOCKER_HUB
        return Placement(repository, repository, name, config, at, problem=problem, notes=tuple(notes))
    problem = next(_problems(known, host, repository, config, generation), "")
    told = _told(known, host, repository, generation)
    if told:
        config = {**(config or {}), **told}
    notes += _unchecked(known, host, generation)
    image = last if known.bare else repository
    return Placement(
        repository,
        image,
        name,
        config,
        host or DOCKER_HUB,
        generation in known.only_tagged,
        problem,
        tuple(notes),
    )


def as_declared(plugin: Plugin) -> Placement:
    """What a manifest declares, where no registry is known."""
    return Placement(plugin.image, plugin.image, plugin.registry_type or DEFAULT_TYPE, plugin.registry_config)


def _problems(
    known: RegistryType, host: str | None, repository: str, config: Mapping[str, Any] | None, generation: str
) -> Iterator[str]:
    shown = host or DOCKER_HUB
    if generation not in known.generations:
        yield _unknown(known.name, generation)
    own = type_of_host(host)
    if host in WITHOUT_CONNECTOR:
        yield (
            f"SpaceONE cannot list the versions of an image in {WITHOUT_CONNECTOR[host]} ({host}): it admits by token "
            "alone, and no connector of the platform asks for one. Copy the image into a registry of another type, "
            "and name that one in the environment."
        )
    if own and own.name != known.name and not (known.name == "HARBOR" and own.bare):
        yield f"{shown} is {own.service}, and {known.name} is not its type: " + (
            f"write registry.type: {own.name} in the environment."
            if generation in own.generations
            else f"SpaceONE {generation} has none for it. Use a registry of type {_types(generation)}."
        )
    if not own and not known.elsewhere:
        yield (
            f"With the type {known.name} the platform looks for the image in {known.service}, not in {shown}: write "
            "registry.type: HARBOR in the environment if its registry takes a password with each request, as Harbor "
            "and the distribution's registry do."
        )
    yield from _shape(known, host, repository, config)
    yield from _contradiction(known, host, repository, config)
    if known.name == "AWS_PRIVATE_ECR" and generation == Generation.V1_12:
        yield from _ecr_of_1_12(known, host, config)


def _shape(
    known: RegistryType, host: str | None, repository: str, config: Mapping[str, Any] | None
) -> Iterator[str]:
    """Whether the connector can ask for a name, and the service have it."""
    found = host_of(known, host)
    levels, depth = known.levels, known.depth
    if found and found[0].depth is not None:
        levels, depth = found[0].levels, found[0].depth
    if depth is None:
        return
    above = repository.split("/")[:-1]
    # Google's projects may belong to a domain: example.com/project.
    has = len(above) - (1 if known.bare and above and "." in above[0] else 0)
    if has == depth:
        return
    shown = host or DOCKER_HUB
    advice = f"write registry.address: {_proposed(shown, levels, config)} in the environment"
    yield (
        f"{known.service} has images as {shown}/{levels}/IMAGE, and this one would be {shown}/{repository}: {advice}."
    )


def _proposed(host: str, levels: str, config: Mapping[str, Any] | None) -> str:
    url = str((config or {}).get("url", "")).rstrip("/")
    return url if url.startswith(f"{host}/") else f"{host}/{levels}"


def _contradiction(
    known: RegistryType, host: str | None, repository: str, config: Mapping[str, Any] | None
) -> Iterator[str]:
    """Whether the manifest's registry_config names another place than the environment."""
    url = (config or {}).get("url")
    if isinstance(url, str) and url.strip():
        expected = _url(host, repository, bare=known.bare)
        name = f"{host or DOCKER_HUB}/{repository}"
        below = _plain(url) == expected if known.bare else name.startswith(f"{_plain(url)}/")
        if not below:
            yield (
                f"The manifest's registry_config.url is {quoted(url, MAX_NAME)}, but the environment's registry has "
                f"the image below {expected}: correct registry.address in the environment, or remove the url from the "
                "manifest."
            )
    _, told = host_of(known, host) or (None, {})
    for key, group in (("account_id", "account"), ("region_name", "region"), ("region", "region")):
        declared = (config or {}).get(key)
        if group in told and declared is not None and str(declared) != told[group]:
            yield (
                f"The manifest's registry_config.{key} is {quoted(declared)}, but the environment's registry is "
                f"{host}: correct registry.address in the environment, or remove the {key} from the manifest."
            )


def _plain(url: str) -> str:
    """A url as an address: without its scheme; a name of Docker Hub's as its usual one."""
    try:
        host, path = split_address(url.strip().partition("://")[2] or url.strip())
    except ValueError:
        return url
    return f"{host or DOCKER_HUB}/{path}".rstrip("/")


def _url(host: str | None, repository: str, *, bare: bool) -> str:
    above = repository.rpartition("/")[0] if bare else ""
    return f"{host or DOCKER_HUB}/{above}".rstrip("/")


def _told(known: RegistryType, host: str | None, repository: str, generation: str) -> dict[str, str]:
    """The keys of registry_config that the address tells."""
    _, of_host = host_of(known, host) or (None, {})
    tells = {**of_host, "url": _url(host, repository, bare=known.bare)}
    wanted = known.config.get(generation, {})
    return {key: tells[group] for key, group in wanted.items() if group in tells}


def _ecr_of_1_12(known: RegistryType, host: str | None, config: Mapping[str, Any] | None) -> Iterator[str]:
    _, told = host_of(known, host) or (None, {})
    region = told.get("region", ECR_REGION)
    if region != ECR_REGION:
        yield (
            f"SpaceONE 1.12 asks for the images of ECR in the region {ECR_REGION} alone, and {host} is in {region}: "
            f"use a registry in {ECR_REGION}."
        )
    if "account" not in told and not (config or {}).get("account_id"):
        yield (
            f"SpaceONE 1.12 requires registry_config.account_id for the type {known.name}, and {host or DOCKER_HUB} "
            "does not tell it: write it into the manifest, or ACCOUNT.dkr.ecr.REGION.amazonaws.com into "
            "registry.address."
        )


def _unchecked(known: RegistryType, host: str | None, generation: str) -> list[str]:
    own = type_of_host(host)
    notes = []
    if known.hosts and not own and known.elsewhere:
        notes.append(
            f"{host} is not known as a host of {known.service}: the platform lists the versions there, not here."
        )
    if own and own.bare and known.name == "HARBOR":
        notes.append(
            f"{host} is {own.service}: with HARBOR, SpaceONE {generation} must be configured with a password for it."
        )
    return notes


def _unknown(name: str, generation: str) -> str:
    return (
        f"SpaceONE {generation} has no registry type {quoted(name)}. Use a registry of type {_types(generation)}, and "
        "name the type as registry.type in the environment."
    )


def _types(generation: str) -> str:
    *others, last = (known.name for known in REGISTRY_TYPES.values() if generation in known.generations)
    return f"{', '.join(others)} or {last}"
