"""What an author defines: a collector, by its answers to the platform's calls."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from plugin.serving.caller import Caller
    from plugin.serving.resources import Resource


@dataclass(frozen=True, slots=True)
class Call:
    """A call of the platform.

    Attributes:
        options: The options, checked against the collector's schema, with defaults for those that are not given.
        secret_data: The secret, as the platform stores it; empty for `init`. It shows in no repr.
        task_options: One element of what `get_tasks` gave; empty for a collection that is not split.
        caller: Who waits for the answer, and may cancel the call.
        generation: The SpaceONE generation that the resources are meant for, "2.x" or "1.12". Messages are made to
            fit it; a collector rarely needs it.
    """

    options: dict[str, Any]
    secret_data: dict[str, Any] = field(repr=False)
    task_options: dict[str, Any]
    caller: Caller
    generation: str


class Collector(ABC):
    """A collector. `collect` is all that it has to define.

    In any of its methods, a `PluginError` ends the call with that error's code and message. Any other exception is
    a mistake: its traceback goes to the log, and the caller learns its name alone.

    Attributes:
        version: What the service ServerInfo answers.
        options_schema: JSON Schema of the options, which the console makes a form of; see `plugin.serving.options`
            for what of it is checked. The option `generation` is added to it.
    """

    version: ClassVar[str] = "0.0.0"
    options_schema: ClassVar[Mapping[str, Any]] = {"type": "object", "properties": {}}

    def init(self, call: Call) -> Mapping[str, Any]:  # noqa: ARG002 - for those who override it
        """Check what the schema cannot say about options.

        The platform asks when a collector is created or changed, and keeps the answer.

        Returns:
            Fields of the plugin's metadata that override the usual ones, such as `supported_schedules`.
        """
        return {}

    def verify(self, call: Call) -> None:  # noqa: B027 - it need not be overridden
        """Check that the source can be used with this secret; raises a `PluginError` otherwise."""

    def get_tasks(self, call: Call) -> Iterable[Mapping[str, Any]]:  # noqa: ARG002 - for those who override it
        """Split a collection into tasks, which the platform's workers carry out in parallel and in any order.

        Each task is a dict that `collect` gets as `call.task_options`. Two tasks must not give the same region, type,
        namespace or metric: workers that create it at the same time fail. One task carries them all.

        Returns:
            The tasks; by default one, with empty task_options.
        """
        return [{}]

    @abstractmethod
    def collect(self, call: Call) -> Iterator[Resource | Iterable[Resource]]:
        """Give the resources of one task, or of the whole collection.

        Types and regions come before the cloud services that refer to them. An iterable of resources, such as a page
        of the source's, is encoded as a whole before its first message is sent, which is a seventh faster than one
        by one; the collection goes on when the platform has taken the page.

        A cloud service that cannot be encoded becomes an error resource, and the others come. An exception ends the
        collection: for what is merely missing, give an `ErrorResource` and go on.
        """
