"""Provenance: who says from what an image was built, as an in-toto statement.

https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md and https://slsa.dev/spec/v1.0/provenance. Our own
part, the build type, is described in docs/supply-chain.md.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

STATEMENT = "https://in-toto.io/Statement/v1"
PROVENANCE = "https://slsa.dev/provenance/v1"
BUILD_TYPE = "urn:spaceone-plugin-pipeline:build:docker:1"
_ALGORITHMS = ("sha256", "sha256-files")
"""The second is the digest of a source: docs/supply-chain.md. Sources of versions before 0.4.0 have the first."""

BUILDER = "urn:spaceone-plugin-pipeline:builder:unhosted"
"""Whoever runs the pipeline. It claims nothing: a laptop is not a hosted builder, which SLSA's level 2 requires."""


@dataclass(frozen=True, slots=True)
class Build:
    """What an image was built from.

    Attributes:
        name: The image's name, with registry and without tag.
        digest: Of its manifest, `sha256:<hex>`.
        version: The plugin's version.
        source_digest: Of the source, `sha256-files:<hex>`.
        url: The git remote of the source; None if there is none.
        revision: The git commit, with `-dirty` if the folder differs; None without git.
        environment: The environment's name.
        arguments: Names of the build arguments. Their values may be secret by mistake.
        base: The base image as the Dockerfile names it.
        base_digest: Its digest; None if it is not known.
        bill: The digest of the bill of materials, `sha256:<hex>`.
        bill_type: Its media type.
        builder: The pipeline's version.
        platforms: The digests of an index's images by platform; empty for one image.
    """

    name: str
    digest: str
    version: str
    source_digest: str
    url: str | None
    revision: str | None
    environment: str
    arguments: tuple[str, ...]
    base: str
    base_digest: str | None
    bill: str
    bill_type: str
    builder: str
    platforms: Mapping[str, str] = field(default_factory=dict)

    def statement(self) -> bytes:
        """Return the statement. The same build gives the same bytes: it contains no time and no random number."""
        source = {"uri": self.url, "revision": self.revision, "digest": _set(self.source_digest)}
        parameters = {
            "source": {key: value for key, value in source.items() if value},
            "version": self.version,
            "environment": self.environment,
            "buildArguments": sorted(self.arguments),
        }
        document = {
            "_type": STATEMENT,
            "subject": self._subjects(),
            "predicateType": PROVENANCE,
            "predicate": {
                "buildDefinition": {
                    "buildType": BUILD_TYPE,
                    "externalParameters": parameters,
                    "resolvedDependencies": self._dependencies(),
                },
                "runDetails": {
                    "builder": {
                        "id": BUILDER,
                        "version": {"spaceone-plugin-pipeline": self.builder},
                    },
                    "byproducts": [{"name": "sbom", "mediaType": self.bill_type, "digest": _set(self.bill)}],
                },
            },
        }
        return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()

    def _subjects(self) -> list[dict[str, Any]]:
        """The image first. Of an index also what each platform pulls: a policy on a node sees that digest alone."""
        named = {self.name: self.digest}
        named |= {f"{self.name}?platform={platform}": held for platform, held in self.platforms.items()}
        return [{"name": name, "digest": _set(digest)} for name, digest in named.items()]

    def _dependencies(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = [{"name": "source", "digest": _set(self.source_digest)}]
        if self.base_digest:
            found.append({"name": "base image", "uri": self.base, "digest": _set(self.base_digest)})
        if self.url and self.revision and not self.revision.endswith("-dirty"):
            commit = {"gitCommit": self.revision}
            found.append({"name": "repository", "uri": f"git+{self.url}", "digest": commit})
        return found


@dataclass(frozen=True, slots=True)
class Provenance:
    """What a statement says that a check compares. Every digest is `ALGORITHM:<hex>`; empty if it is missing.

    Attributes:
        subjects: Digest by name.
        source_digest: Of the source.
        version: The plugin's version.
        bill: Of the bill of materials.
    """

    subjects: Mapping[str, str]
    source_digest: str
    version: str
    bill: str

    @classmethod
    def parse(cls, statement: bytes) -> Provenance:
        """Read a statement.

        Raises:
            ValueError: it is not provenance of this pipeline.
        """
        document = parse_json(statement)
        try:
            if (document["_type"], document["predicateType"]) != (STATEMENT, PROVENANCE):
                raise ValueError("is not SLSA provenance")
            definition = document["predicate"]["buildDefinition"]
            if definition["buildType"] != BUILD_TYPE:
                raise ValueError("describes a build by something else")
            parameters = definition["externalParameters"]
            bills = {each["name"]: _get(each) for each in document["predicate"]["runDetails"]["byproducts"]}
            return cls(
                {str(each["name"]): _get(each) for each in document["subject"]},
                _get(parameters["source"]),
                str(parameters["version"]),
                bills.get("sbom", ""),
            )
        except (KeyError, TypeError, AttributeError):
            raise ValueError("is not SLSA provenance") from None


def parse_json(text: bytes) -> Any:
    """Return what somebody else wrote as JSON.

    Raises:
        ValueError: it is not JSON, or nested too deeply.
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError("is not JSON") from None


def _set(digest: str) -> dict[str, str]:
    algorithm, _, value = digest.partition(":")
    return {algorithm: value}


def _get(descriptor: Mapping[str, Any]) -> str:
    for algorithm in _ALGORITHMS:
        if value := descriptor["digest"].get(algorithm):
            return f"{algorithm}:{value}"
    return ""
