"""The requests that write one resource."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flows.resources.resource import Record, Resource
from flows.spaceone import CallError, Client, Unreachable


class Writing:
    """Sends requests that write a resource. Only a clear rejection means that nothing was changed.

    Args:
        client: With the token of the resource's scope.
        resource: What is written.
        on_write: Called after every request that changed something, or that may have, because its answer was unclear.
    """

    def __init__(self, client: Client, resource: Resource, on_write: Callable[[], None]) -> None:
        self._client = client
        self._resource = resource
        self._on_write = on_write

    def send(self, verb: str, params: Record) -> dict[str, Any]:
        """Sends one request, and returns the answer.

        Raises:
            CallError: the platform rejected it, or could not be reached.
        """
        resource = self._resource
        try:
            answer = self._client.call(f"{resource.api}.{verb}", params, resource.create_timeout)
        except CallError as error:
            if error.may_have_arrived:
                self._on_write()
            if secret := sorted(resource.hidden.intersection(params)):
                # The error of identity 2.x quotes a value that does not fit its schema.
                raise error.without_server_text(secret, resource.file) from None
            raise
        self._on_write()
        return answer


def broke_off(error: CallError) -> bool:
    """Whether the connection broke after the server may have received the request: the result can be read at once."""
    return isinstance(error, Unreachable) and error.may_have_arrived
