from google.protobuf.json_format import MessageToDict, ParseDict
from spaceone.api.plugin.v1 import supervisor_pb2

from deployments.sandbox import plugins


class PluginService:
    """Answers as the plugin service does, from what really arrives on the wire."""

    def __init__(self, known):
        self.known = known
        self.published = []

    def call(self, method, params, timeout=None):
        if method == "plugin.Supervisor.list_plugins":
            return {"results": self.known}
        message = ParseDict(params, supervisor_pb2.PublishSupervisorRequest())
        self.published.append(MessageToDict(message, preserving_proto_field_name=True))
        return {"supervisor_id": "supervisor-1", "is_public": True}


def test_every_plugin_that_is_gone_is_marked_with_an_endpoint():
    """The service skips a plugin without one, and then sends a collection to the old address."""
    known = [
        {"plugin_id": "plugin-a", "version": "0.1.0", "state": "ACTIVE", "endpoint": "grpc://127.0.0.1:1"},
        {"plugin_id": "plugin-a", "version": "0.1.1", "state": "ACTIVE"},
    ]
    service = PluginService(known)
    plugins.prepare(service, "sandbox-x", [])
    marked = service.published[0]["plugin_info"]
    assert [(plugin["version"], plugin["state"]) for plugin in marked] == [
        ("0.1.0", "PROVISIONING"),
        ("0.1.1", "PROVISIONING"),
    ]
    assert all(plugin["endpoint"] for plugin in marked)
