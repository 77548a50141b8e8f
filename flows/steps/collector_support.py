"""Whether a plugin supports the collector as it is declared: its options and its schedule, by its own answer to `init`.

The platform takes whatever is declared. The console's form alone reads the answer: `options_schema`, and
`supported_schedules`, in both generations.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from flows.images.engine.initialising import initialise
from flows.manifest.json_schema import misfits_in_words
from flows.steps.errors import CollectorNotSupported
from flows.text import quoted

if TYPE_CHECKING:
    from flows.manifest import Environment
    from flows.resources import Action
    from flows.spaceone import Endpoint
    from flows.steps.parts import Planned

_SHOWN = 80


def check_collector(planned: Planned, environment: Environment, endpoint: Endpoint) -> None:
    """Ask a plugin for its answer to `init`, and hold the collector of a plan against it.

    Args:
        planned: What is released; nothing is asked if it has no collector.
        environment: Where to; its options of the plugin override the manifest's.
        endpoint: Where the plugin serves.

    Raises:
        CollectorNotSupported: it does not fit. The error names the file and the fields.
    """
    collector = next((each for each in planned.actions if each.kind == "collector" and each.resource), None)
    if collector is None or collector.resource is None:
        return
    found = list(unsupported(collector, initialise(endpoint, options_of(collector))))
    if not found:
        return
    own = environment.settings.options_of({planned.plan.action("plugin").name})
    also = f", plugin_options of the environment {environment.name} ({', '.join(map(quoted, sorted(own)))})"
    raise CollectorNotSupported(
        "The plugin does not support the collector as it is declared, and nothing was pushed:\n"
        + "\n".join(f"{collector.resource.file}: {each}" for each in found),
        f"Correct the collector in the manifest{also if own else ''}, or the plugin's answer to init: its "
        "options_schema and supported_schedules",
    )


def options_of(collector: Action) -> Mapping[str, Any]:
    """The options that the platform will call the plugin with: those declared, otherwise those that it has."""
    declared = collector.resource.declared if collector.resource else {}
    record = (collector.record or {}).get("plugin_info") or {}
    found = declared.get("options", record.get("options"))
    return found if isinstance(found, Mapping) else {}


def unsupported(collector: Action, metadata: Mapping[str, Any]) -> Iterator[str]:
    """What the plugin does not support: the fields, with sentences without a full stop. No value is shown.

    Args:
        collector: The collector's action in the plan.
        metadata: The plugin's answer to `init`.
    """
    declared = collector.resource.declared if collector.resource else {}
    if "options" in declared:
        schema = _without_defaults(metadata.get("options_schema"))
        if words := misfits_in_words(declared["options"], schema):
            yield f"plugin_info.options: {words}"
    schedule, supported = declared.get("schedule") or {}, metadata.get("supported_schedules")
    if schedule.get("hours") and isinstance(supported, list) and "hours" not in supported:
        names = ", ".join(quoted(str(each), _SHOWN) for each in supported) or "none"
        yield f"schedule.hours: the plugin does not support a schedule of hours; it supports {names}"


def _without_defaults(schema: Any) -> Any:
    """A schema that does not require what has a default: the console fills it in, and the plugin does without it."""
    if not isinstance(schema, Mapping):
        return schema
    properties = schema.get("properties")
    known = properties if isinstance(properties, Mapping) else {}
    required = schema.get("required")
    changed = {**schema, "properties": {name: _without_defaults(each) for name, each in known.items()}}
    if isinstance(required, list):
        changed["required"] = [
            name
            for name in required
            if not (
                isinstance(name, str) and isinstance(known.get(name), Mapping) and "default" in known[name]
            )
        ]
    return changed
