import os
import time

print("importing", flush=True)
time.sleep(float(os.environ["START_SECONDS"]))

from spaceone.inventory.plugin.collector.lib import make_cloud_service, make_cloud_service_type, make_response
from spaceone.inventory.plugin.collector.lib.server import CollectorPluginServer

app = CollectorPluginServer()

NAMES = {"cloud_service_type": "Glacier", "cloud_service_group": "Ice", "provider": "glacier"}
METADATA = {
    "search": {"fields": [{"Name": "data.name"}]},
    "table": {"fields": [{"Name": "data.name"}, {"Metres a year": "data.speed"}]},
    "tabs.0": {"name": "Glacier", "type": "item", "fields": [{"Metres a year": "data.speed"}]},
}


@app.route("Collector.init")
def collector_init(params: dict) -> dict:
    return {"metadata": {}}


@app.route("Collector.verify")
def collector_verify(params: dict) -> None:
    pass


@app.route("Job.get_tasks")
def job_get_tasks(params: dict) -> dict:
    return {"tasks": [{"task_options": {}}]}


@app.route("Collector.collect")
def collector_collect(params: dict):
    yield make_response(
        cloud_service_type=make_cloud_service_type(
            name="Glacier", group="Ice", provider="glacier", metadata=METADATA, is_primary=True
        ),
        match_keys=[["name", "group", "provider"]],
        resource_type="inventory.CloudServiceType",
    )
    yield make_response(
        cloud_service=make_cloud_service(
            name="Slow",
            **NAMES,
            data={"name": "Slow", "speed": 90},
            reference={"resource_id": "glacier-1"},
        ),
        match_keys=[["reference.resource_id", "provider", "cloud_service_type", "cloud_service_group"]],
    )
