"""A collection as the stream of messages that the platform reads."""

from __future__ import annotations

import logging
from collections.abc import Generator
from typing import TYPE_CHECKING

from plugin.serving.messages import Encoder
from plugin.serving.resources import (
    CloudService,
    CloudServiceType,
    ErrorResource,
    Metric,
    Namespace,
    Region,
    Resource,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_LOGGER = logging.getLogger(__name__)
_RESOURCES = (CloudService, CloudServiceType, Region, Namespace, Metric, ErrorResource)


class Stream:
    """Encodes resources, counts them, and logs what failed.

    Args:
        generation: The SpaceONE generation that the messages are for.
        log_fields: What a line in the log says of whom the collection is for.

    Attributes:
        resources: Messages of resources so far.
        errors: Messages of failures so far.
    """

    def __init__(self, generation: str, log_fields: Mapping[str, str] | None = None) -> None:
        self._encoder = Encoder(generation)
        self._log_fields = dict(log_fields or {})
        self.resources = 0
        self.errors = 0

    def messages(self, collected: Iterable[Resource | Iterable[Resource]]) -> Iterator[bytes]:
        """The messages of what a collector gives; a page of resources is encoded as a whole."""
        try:
            for item in collected:
                yield from self._encoded((item,) if isinstance(item, _RESOURCES) else item)
        finally:
            # Where the caller leaves, the collector's own `finally` runs now, and not when it is garbage.
            if isinstance(collected, Generator):
                collected.close()

    def _encoded(self, page: Iterable[Resource]) -> list[bytes]:
        cloud_service = self._encoder.cloud_service
        errors_before = self.errors
        made: list[bytes] = []
        for resource in page:
            if not isinstance(resource, CloudService):
                made += self._other(resource)
                continue
            try:
                made.append(cloud_service(resource))
            except Exception as error:  # noqa: BLE001 - whatever is wrong with one, the others come
                made += self._other(ErrorResource(resource.type, _failure(resource, error)))
        self.resources += len(made) - (self.errors - errors_before)
        return made

    def _other(
        self, resource: CloudServiceType | Region | Namespace | Metric | ErrorResource
    ) -> tuple[bytes, ...]:
        if isinstance(resource, ErrorResource):
            self.errors += 1
            _LOGGER.warning(resource.message, extra={"fields": self._log_fields})
        message = self._encoder.other(resource)
        return (message,) if message is not None else ()


def _failure(resource: CloudService, error: Exception) -> str:
    reason = str(error)
    if not isinstance(error, TypeError | ValueError):
        _LOGGER.error("A cloud service cannot be encoded", exc_info=error)
        reason = f"{type(error).__name__}: {error}"
    return f"{resource.type.name} {resource.name or resource.resource_id} cannot be sent: {reason}."
