from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from google.protobuf.json_format import MessageToDict, ParseDict
from spaceone.api.plugin.v1 import supervisor_pb2

from sandbox.spaceone import plugins
from sandbox.spaceone.bootstrap import SupervisorAccess

ACCESS = SupervisorAccess("key", "domain-1")


class PluginService:
    """Answers as the plugin service does, from what really arrives on the wire."""

    def __init__(self, known: list[dict[str, Any]], *, public: bool = True) -> None:
        self.known, self.public = known, public
        self.published: dict[str, Any] = {}
        self.updated: list[dict[str, Any]] = []
        self.tokens: set[str] = set()

    def with_token(self, token: str) -> PluginService:
        self.tokens.add(token)
        return self

    def call(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        assert params["domain_id"] == ACCESS.domain_id
        match method.rpartition(".")[2]:
            case "list_plugins":
                return {"results": self.known}
            case "publish":
                message = ParseDict(params, supervisor_pb2.PublishSupervisorRequest())
                self.published = MessageToDict(message, preserving_proto_field_name=True)
                return {"supervisor_id": "supervisor-1", "is_public": self.public}
            case "update":
                self.updated.append(params)
        return {}


def plugin(plugin_id: str, version: str, **more: str) -> dict[str, Any]:
    return {"plugin_id": plugin_id, "version": version, "state": "ACTIVE", **more}


def container(plugin_id: str, version: str) -> Any:
    labels = {"spaceone.supervisor.plugin_id": plugin_id, "spaceone.supervisor.plugin.version": version}
    return SimpleNamespace(labels=labels)


def test_plugins_whose_containers_are_gone_are_waited_for():
    service = PluginService([plugin("a", "1.0"), plugin("a", "2.0"), plugin("b", "1.0")])
    plugins.prepare(service, "sandbox-1", ACCESS, [container("a", "2.0")])
    told = [(each["plugin_id"], each["version"], each["state"]) for each in service.published["plugin_info"]]
    assert told == [("a", "1.0", "PROVISIONING"), ("b", "1.0", "PROVISIONING")]


def test_every_plugin_that_is_gone_is_marked_with_an_endpoint():
    """The service skips a plugin without one, and then sends a collection to the old address."""
    service = PluginService([plugin("a", "1.0", endpoint="grpc://127.0.0.1:1"), plugin("b", "1.0")])
    plugins.prepare(service, "sandbox-1", ACCESS, [])
    assert all(each["endpoint"] for each in service.published["plugin_info"])


def test_a_new_supervisor_is_offered_to_every_domain():
    service = PluginService([], public=False)
    plugins.prepare(service, "sandbox-1", ACCESS, [])
    assert service.updated == [{"supervisor_id": "supervisor-1", "is_public": True, "domain_id": "domain-1"}]


def test_a_public_supervisor_is_left_alone():
    service = PluginService([])
    plugins.prepare(service, "sandbox-1", ACCESS, [])
    assert service.updated == []


def test_it_speaks_with_the_supervisors_own_token():
    service = PluginService([])
    plugins.prepare(service, "sandbox-1", ACCESS, [])
    assert service.tokens == {ACCESS.token}
