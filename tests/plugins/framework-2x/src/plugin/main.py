from plugin.connector.greenhouse_connector import HOUSES, GreenhouseConnector
from plugin.manager.greenhouse_manager import PROVIDER, PumpManager, SensorManager
from spaceone.inventory.plugin.collector.lib import make_response
from spaceone.inventory.plugin.collector.lib.server import CollectorPluginServer

app = CollectorPluginServer()

MANAGERS = {"Sensor": SensorManager, "Pump": PumpManager}


@app.route("Collector.init")
def collector_init(params: dict) -> dict:
    return {
        "metadata": {
            "supported_resource_type": [
                "inventory.CloudService",
                "inventory.CloudServiceType",
                "inventory.Region",
                "inventory.ErrorResource",
            ],
            "supported_schedules": ["hours"],
            "supported_features": ["garbage_collection"],
            "options_schema": {
                "type": "object",
                "properties": {
                    "types": {
                        "title": "Types",
                        "type": "array",
                        "items": {"enum": sorted(MANAGERS)},
                        "default": sorted(MANAGERS),
                    }
                },
            },
        }
    }


@app.route("Collector.verify")
def collector_verify(params: dict) -> None:
    GreenhouseConnector(params["secret_data"])


@app.route("Job.get_tasks")
def job_get_tasks(params: dict) -> dict:
    """One task a house. The types belong to the first one: two tasks would create them at the same time."""
    return {"tasks": [{"task_options": {"houses": [house], "types": house == HOUSES[0]}} for house in HOUSES]}


@app.route("Collector.collect")
def collector_collect(params: dict):
    task_options = params.get("task_options") or {}
    managers = [MANAGERS[name](params["secret_data"]) for name in params["options"].get("types", sorted(MANAGERS))]
    if task_options.get("types", True):
        for manager in managers:
            yield from manager.collect_type()
    for house in task_options.get("houses", HOUSES):
        yield make_response(
            region={"name": house.title(), "region_code": house, "provider": PROVIDER, "tags": {"continent": "europe"}},
            match_keys=[["region_code", "provider"]],
            resource_type="inventory.Region",
        )
        for manager in managers:
            yield from manager.collect_resources(house)
