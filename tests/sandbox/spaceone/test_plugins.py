from __future__ import annotations

from typing import Any

from google.protobuf.json_format import MessageToDict, ParseDict
from spaceone.api.plugin.v1 import supervisor_pb2

from sandbox.spaceone import plugins
from sandbox.spaceone.bootstrap import SupervisorAccess

ACCESS = SupervisorAccess("key", "domain-1")


class PluginService:
    """Answers as the plugin service does, from what really arrives on the wire."""

    def __init__(self, *, public: bool = True) -> None:
        self.public = public
        self.published: dict[str, Any] = {}
        self.updated: list[dict[str, Any]] = []
        self.tokens: set[str] = set()

    def with_token(self, token: str) -> PluginService:
        self.tokens.add(token)
        return self

    def call(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        assert params["domain_id"] == ACCESS.domain_id
        match method.rpartition(".")[2]:
            case "publish":
                message = ParseDict(params, supervisor_pb2.PublishSupervisorRequest())
                self.published = MessageToDict(message, preserving_proto_field_name=True)
                return {"supervisor_id": "supervisor-1", "is_public": self.public}
            case "update":
                self.updated.append(params)
        return {}


def test_a_new_supervisor_is_offered_to_every_domain():
    service = PluginService(public=False)
    plugins.publish_supervisor(service, "sandbox-1", ACCESS)
    assert service.published["name"] == "sandbox-1"
    assert service.updated == [{"supervisor_id": "supervisor-1", "is_public": True, "domain_id": "domain-1"}]


def test_a_public_supervisor_is_left_alone():
    service = PluginService()
    plugins.publish_supervisor(service, "sandbox-1", ACCESS)
    assert service.updated == []


def test_it_speaks_with_the_supervisors_own_token():
    service = PluginService()
    plugins.publish_supervisor(service, "sandbox-1", ACCESS)
    assert service.tokens == {ACCESS.token}
