"""What every SpaceONE collector needs, whatever it collects. It stands on nothing else of this plugin.

An author derives from `Collector`, defines `collect`, and calls `serve`:

    from plugin.serving import CloudService, CloudServiceType, Collector, Region, serve

    SERVER = CloudServiceType("Server", "Compute", "example", region_code="home")

    class Servers(Collector):
        def collect(self, call):
            yield Region("home", "Home", "example")
            yield SERVER
            yield CloudService(SERVER, "web-1", "Web server", {"cores": 4})

    serve(Servers())

That is a complete plugin: both generations of SpaceONE, health, reflection, graceful shutdown, logs in JSON and the
settings of the environment come with it. What else there is:

- `Collector.options_schema`: a JSON Schema. Options are checked by it before any method is called, and the console
  shows it as a form. `Collector.init` checks what a schema cannot say.
- `Collector.verify`, `Collector.get_tasks`: whether the secret works; a collection in parts for several workers.
- `Call`: the options, the secret, the task, and the `Caller`, who may leave before the answer is there.
- `ErrorResource` for what is missing from a collection that goes on, `PluginError` and `InvalidParameter` for a call
  that cannot.
- `ui`: the console's dynamic UI for a type; `Namespace` and `Metric` for the dashboards of 2.x.
- `number`: reads a number of the source without rounding it. `shown`: what the console is to draw for it.

`python -m plugin.serving.healthcheck` is the container's health check.
"""

from plugin.serving import ui
from plugin.serving.caller import Caller
from plugin.serving.collector import Call, Collector
from plugin.serving.console import shown
from plugin.serving.errors import CallerLeft, InvalidParameter, PluginError
from plugin.serving.main import serve
from plugin.serving.numbers import Number, number
from plugin.serving.options import whole_number
from plugin.serving.resources import (
    CloudService,
    CloudServiceType,
    ErrorResource,
    Metric,
    Namespace,
    Region,
    Resource,
)

__all__ = [
    "Call",
    "Caller",
    "CallerLeft",
    "CloudService",
    "CloudServiceType",
    "Collector",
    "ErrorResource",
    "InvalidParameter",
    "Metric",
    "Namespace",
    "Number",
    "PluginError",
    "Region",
    "Resource",
    "number",
    "serve",
    "shown",
    "ui",
    "whole_number",
]
