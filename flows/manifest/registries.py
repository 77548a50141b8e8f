"""The types of registries that SpaceONE knows: one table, which says how it lists an image's versions and pulls them.

The repository service lists the versions of a plugin with the connector of its `registry_type`
(`spaceone/repository/connector/registry_connector.py`), and the supervisor pulls `<url>/<image>:<version>`. The url is
that of the installation's configuration: `REGISTRY_INFO` in 2.x, `REGISTRY_URL_MAP` in 1.12. Read in
spaceone-repository 1.12.5 and 2.0.dev60, spaceone-supervisor 1.12.0 and 2.0.dev23;
`tests/integration/test_connectors.py` runs the connectors.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from flows.generation import Generation

TypeName = Literal["DOCKER_HUB", "HARBOR", "AWS_PRIVATE_ECR", "GITHUB", "GCP_PRIVATE_GCR"]

ECR_REGION = "ap-northeast-2"
"""The only one that the connector of 1.12 asks, whatever is configured."""


@dataclass(frozen=True)
class Host:
    """Hosts that are known to belong to one service.

    Attributes:
        pattern: Of the whole host; its groups are what the name tells, such as ECR's account.
        levels: The parts of an image's name before its last, such as `PROJECT/REPOSITORY`.
        depth: How many these are; None if it does not matter.
    """

    pattern: re.Pattern[str]
    levels: str = ""
    depth: int | None = None


@dataclass(frozen=True)
class RegistryType:
    """One type.

    Attributes:
        name: As the platform and the environment's `registry.type` name it.
        service: As people name it.
        generations: Those of SpaceONE that have it.
        hosts: The hosts of the service; none if anybody may run one.
        elsewhere: Whether another host may be one, such as a proxy before it.
        levels: The parts of an image's name before its last, for messages.
        depth: How many of them its connector can ask for; None if it does not matter.
        bare: Whether the platform's `image` is the last part alone. What is before it then belongs to the url, by which
            it is pulled, and the connector takes it from the installation's configuration.
        sorted: Whether the connector sorts all tags, and lists none if one is no version.
        only_tagged: The generations whose connector lists nothing of a repository with an image that has no tag.
        config: The keys of `registry_config` that the address tells, by generation: each with the group of the host's
            pattern, or `url`.
        asks: What the connector asks for the tags of an image, for the documentation.
    """

    name: TypeName
    service: str
    generations: tuple[str, ...]
    hosts: tuple[Host, ...] = ()
    elsewhere: bool = True
    levels: str = ""
    depth: int | None = None
    bare: bool = False
    sorted: bool = False
    only_tagged: tuple[str, ...] = ()
    config: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    asks: str = ""


DOCKER_HUB_HOST = "docker.io"

REGISTRY_TYPES: dict[str, RegistryType] = {
    known.name: known
    for known in (
        RegistryType(
            "DOCKER_HUB",
            "Docker Hub",
            (Generation.V1_12, Generation.V2),
            (Host(re.compile(r"docker\.io")),),
            elsewhere=False,
            levels="NAMESPACE",
            depth=1,
            asks="https://URL/v2/repositories/IMAGE/tags, the first page",
        ),
        RegistryType(
            "HARBOR",
            "Harbor, or another registry that takes a password with each request",
            (Generation.V1_12, Generation.V2),
            sorted=True,
            asks="BASE_URL/v2/IMAGE/tags/list, with a password",
        ),
        RegistryType(
            "AWS_PRIVATE_ECR",
            "Amazon ECR",
            (Generation.V1_12, Generation.V2),
            (
                Host(
                    re.compile(
                        r"(?P<account>[0-9]{12})\.dkr[.-]ecr(?:-fips)?\.(?P<region>[a-z0-9-]+)\."
                        r"(?:amazonaws\.com(?:\.cn)?|on\.aws|on\.amazonwebservices\.com\.cn)"
                    )
                ),
            ),
            only_tagged=(Generation.V1_12,),
            config={Generation.V1_12: {"account_id": "account"}},
            asks="the API of ECR for the images of repository IMAGE",
        ),
        RegistryType(
            "GITHUB",
            "GitHub's container registry",
            (Generation.V2,),
            (Host(re.compile(r"ghcr\.io")),),
            levels="OWNER",
            depth=1,
            asks="api.github.com for the versions of a package: IMAGE is OWNER/PACKAGE",
        ),
        RegistryType(
            "GCP_PRIVATE_GCR",
            "Google's Artifact Registry",
            (Generation.V2,),
            (
                Host(re.compile(r"[a-z0-9-]+-docker\.pkg\.dev"), "PROJECT/REPOSITORY", 2),
                Host(re.compile(r"(?:[a-z]+\.)?gcr\.io"), "PROJECT", 1),
            ),
            bare=True,
            config={Generation.V2: {"url": "url"}},
            asks="the API of Artifact Registry for the tags of package IMAGE in the configured repository",
        ),
    )
}

WITHOUT_CONNECTOR: dict[str, str] = {
    "registry.gitlab.com": "GitLab's registry",
    "quay.io": "Quay",
    "public.ecr.aws": "Amazon's public ECR",
}
"""Services that admit a reader by token alone: no connector of SpaceONE can list their tags."""


def type_of_host(host: str | None) -> RegistryType | None:
    """The type whose service has a host (None: Docker Hub); None if it may be anybody's."""
    return next((known for known in REGISTRY_TYPES.values() if host_of(known, host)), None)


def host_of(known: RegistryType, host: str | None) -> tuple[Host, Mapping[str, str]] | None:
    """The entry of a type that has a host, with what the host's name tells; None if it is no host of that service."""
    for entry in known.hosts:
        if match := entry.pattern.fullmatch(host or DOCKER_HUB_HOST):
            return entry, match.groupdict()
    return None
