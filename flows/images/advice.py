"""What to do about error messages of the Docker engine and of registries."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from flows.images.reference import LOCAL_REGISTRY

if TYPE_CHECKING:
    from flows.images.reference import ImageReference

_NETWORK = (
    "connection refused|no such host|i/o timeout|no route to host|network is unreachable|connection reset"
    "|tls handshake timeout|deadline exceeded|EOF$|toomanyrequests|\\b(429|50[0234])\\b"
)

_DENIED = "denied|unauthorized|no basic auth|authentication required|forbidden|insufficient_scope"


def is_temporary(reason: str) -> bool:
    """Whether a message is about the network or the registry's load, so that the same push may succeed later."""
    return re.search(_NETWORK, reason, re.IGNORECASE) is not None


def is_outage(reason: str) -> bool:
    """Whether a message is about a fault of the registry or the network, temporary or not."""
    return is_temporary(reason) or "no space left" in reason.lower()


def is_denied(reason: str) -> bool:
    """Whether a message is about a missing or insufficient login."""
    return re.search(_DENIED, reason, re.IGNORECASE) is not None


def is_local(reason: str) -> bool:
    """Whether a message is about an image that was made on an engine: no registry has it, at no time."""
    return LOCAL_REGISTRY in reason


def push_advice(reason: str, reference: ImageReference) -> str:
    """Return what to do after a failed push, by the reason that the engine or the registry gives."""
    registry = reference.registry or "Docker Hub"
    known = {
        "http response to https client": f"The engine speaks TLS to {registry}, which is plain HTTP: add it "
        "to `insecure-registries` in /etc/docker/daemon.json and restart the engine (127.0.0.0/8 is in it)",
        "x509|certificate": f"The engine does not trust {registry}: put its authority's certificate into "
        f"/etc/docker/certs.d/{registry}/ca.crt, or add it to `insecure-registries`",
        _DENIED: f"Give the environment's registry a user who may push to {reference.repository}, or "
        f"`docker login {registry}`",
        "immutable|already exists": "The registry does not allow a tag to be overwritten: bump src/VERSION",
        "does not exist locally": "Build the image first",
        "name unknown|not found": f"Create the project or repository {reference.repository} first",
        "unsupported|method not allowed": f"{registry} is read-only or a cache: use another one in the environment",
        "no space left": f"Free space in the storage of {registry}",
        _NETWORK: f"Check the address of {registry}, and that the Docker engine's machine can reach it",
    }
    for words, advice in known.items():
        if re.search(words, reason, re.IGNORECASE):
            return advice
    return f"Look at the log of {registry} and of the Docker engine"


def build_advice(reason: str, step: str | None) -> str:
    """Return what to do after a failed build."""
    if "dockerfile parse error" in reason.lower() or step is None:
        return "Correct the Dockerfile"
    instruction = step.partition(" : ")[2]
    if instruction.upper().startswith("FROM "):
        if is_local(reason) or is_local(instruction):
            return (
                "The base image was made on this engine and is gone: `pluginctl sandbox up` makes it again. Or set the "
                "environment's build argument BASE_IMAGE to an image of a registry"
            )
        return (
            f"The engine has no {instruction[5:].strip()!r} and cannot pull it: "
            "set the environment's build argument BASE_IMAGE to an image that it has"
        )
    if instruction.upper().startswith(("COPY ", "ADD ")):
        return "Check that the file exists and that .dockerignore does not exclude it"
    return "Run the step by hand in the image before it, or correct the Dockerfile"
