"""A whole plugin on `plugin.serving`: it collects the file systems of the machine that it runs on."""

import shutil
from collections.abc import Iterator

from plugin import serving
from plugin.serving import ui

REGION = serving.Region("here", "Here", provider="machine")
DISK = serving.CloudServiceType(
    name="Disk",
    group="Storage",
    provider="machine",
    region_code="here",
    metadata=ui.view(columns=[ui.size("Size", "data.bytes"), ui.text("Used (%)", "data.used")]),
)
PATHS = {"title": "Paths", "type": "array", "items": {"type": "string"}, "default": ["/"]}


class Disks(serving.Collector):
    options_schema = {"type": "object", "properties": {"paths": PATHS}}

    def verify(self, call: serving.Call) -> None:
        if not call.options["paths"]:
            raise serving.InvalidParameter("options.paths", "give at least one path")

    def collect(self, call: serving.Call) -> Iterator[serving.Resource]:
        yield from (REGION, DISK)
        for path in call.options["paths"]:
            try:
                usage = shutil.disk_usage(path)
            except OSError as error:
                yield serving.ErrorResource(DISK, f"Disk {path} cannot be read: {error.strerror}.")
            else:
                data = {"bytes": usage.total, "used": round(usage.used / usage.total * 100)}
                yield serving.CloudService(DISK, resource_id=path, name=path, data=data)


if __name__ == "__main__":
    serving.serve(Disks())
