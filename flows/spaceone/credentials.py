"""Endpoints and tokens from spacectl's files."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from flows.files import read_named
from flows.spaceone.errors import CredentialsError
from flows.yaml_documents import MAX_BYTES, NotYamlError, documents


@dataclass(frozen=True)
class Credentials:
    """One of spacectl's environments.

    Attributes:
        endpoints: Service name to `grpc://host:port`.
        token: What spacectl calls `token` or, in 1.12, `api_key`; None if the file has neither.
        source: The file, for messages.
    """

    endpoints: dict[str, str]
    token: str | None = field(repr=False)
    source: Path


def spacectl_file(name_or_path: str, relative_to: Path) -> Path:
    """Returns the file of one of spacectl's environments.

    A simple name is an environment of spacectl, `~/.spaceone/environments/<name>.yml`. A name with a separator or
    an ending is a path, relative to `relative_to`.
    """
    if "/" not in name_or_path and not name_or_path.endswith((".yml", ".yaml")):
        return Path.home() / ".spaceone" / "environments" / f"{name_or_path}.yml"
    return (relative_to / Path(name_or_path).expanduser()).resolve()


def read_spacectl(path: Path) -> Credentials:
    """Reads a file in spacectl's format.

    Raises:
        CredentialsError: it is missing, is not YAML, or is not a mapping with endpoints.
    """
    try:
        data = documents(read_named(path, MAX_BYTES).decode())[0][0]
    except FileNotFoundError:
        raise CredentialsError(
            f"There is no spacectl environment at {path}.",
            "Write one with `spacectl config init` and `spacectl config endpoint add`; for the sandbox, "
            "run `pluginctl sandbox up`.",
        ) from None
    except OSError as error:
        raise CredentialsError(f"{path} cannot be read: {error.strerror}.") from None
    except (NotYamlError, UnicodeDecodeError, IndexError):
        # Without the reason, which may quote the token.
        raise CredentialsError(f"{path} is not a YAML file that can be used.") from None
    if not isinstance(data, dict) or not isinstance(data.get("endpoints", {}), dict):
        raise CredentialsError(
            f"{path} is not a spacectl environment: it should contain `endpoints` and `api_key`."
        )
    token = data.get("token") or data.get("api_key")
    endpoints = {str(name): str(url) for name, url in data.get("endpoints", {}).items()}
    return Credentials(endpoints, str(token) if token else None, path)
