"""The portfolio collector, by its answers to the platform's calls."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from plugin.collection import BY_NAME, Collection, all_tasks, split_tasks
from plugin.options import Options, Secret
from plugin.schema import OPTIONS_SCHEMA
from plugin.serving import Collector
from plugin.source import Source
from plugin.tasks import Task

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from plugin.serving import Call, Resource

VERSION_FILE: Final = Path(__file__).resolve().parents[1] / "VERSION"


def version() -> str:
    """The plugin's version: the file VERSION beside the package, or what the installed package says."""
    if VERSION_FILE.is_file():
        return VERSION_FILE.read_text(encoding="utf-8").strip()
    # Slow to import, and not needed in the image.
    from importlib import metadata

    return metadata.version("plugin-portfolio-inven-collector")


class Portfolio(Collector):
    """Cryptocurrencies, exchanges and the market as a whole, from CoinGecko."""

    version = version()
    options_schema = OPTIONS_SCHEMA

    def init(self, call: Call) -> Mapping[str, Any]:
        """Refuse options that a collection would refuse."""
        Options.parse(call.options)
        return {}

    def verify(self, call: Call) -> None:
        """Check that the source answers, accepts the key, and knows the currencies and the category."""
        options, secret = _read(call)
        with closing(Source(options, secret, call.caller)) as source:
            source.check(options)

    def get_tasks(self, call: Call) -> Iterable[Mapping[str, Any]]:
        """Split a large collection by ids."""
        options, secret = _read(call)
        return [task.to_options() for task in split_tasks(options, secret, call.caller)]

    def collect(self, call: Call) -> Iterator[Resource | Iterable[Resource]]:
        """Give the resources of one task, or of all."""
        options, secret = _read(call)
        tasks = all_tasks(options)
        if call.task_options:
            tasks = [Task.parse(call.task_options, list(BY_NAME))]
        yield from Collection(options, secret, call.caller).run(tasks)


def _read(call: Call) -> tuple[Options, Secret]:
    return Options.parse(call.options), Secret.parse(call.secret_data)
