from datetime import datetime, timezone

from spaceone.monitoring.plugin.webhook.lib.server import WebhookPluginServer

app = WebhookPluginServer()


@app.route("Webhook.init")
def webhook_init(params: dict) -> dict:
    return {"metadata": {}}


@app.route("Webhook.verify")
def webhook_verify(params: dict) -> None:
    pass


@app.route("Event.parse")
def event_parse(params: dict) -> dict:
    data = params["data"]
    event = {
        "event_key": str(data["ring"]),
        "event_type": "ALERT",
        "title": "Somebody is at the door",
        "description": str(data.get("note", "")),
        "severity": "INFO",
        "resource": {"name": str(data.get("door", "front"))},
        "rule": "ring",
        "occurred_at": datetime.now(timezone.utc),
        "additional_info": {},
    }
    return {"results": [event]}
