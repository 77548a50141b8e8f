import json

from typer.testing import CliRunner

from flows.spaceone import Service
from pluginctl.app import app
from pluginctl.commands import api_resources


def test_resources_of_the_api_are_listed_with_their_verbs(monkeypatch, tmp_path):
    environment = tmp_path / "here.yaml"
    environment.write_text("{}")
    service = Service("identity", "grpc://host:1", "1.12.4", ("Provider",))
    monkeypatch.setattr(
        api_resources, "list_offers", lambda *_: [(service, {"Provider": ["create", "list"]})]
    )

    def api(*arguments):
        return CliRunner().invoke(app, ["api-resources", str(environment), *arguments])

    done = api()
    assert done.exit_code == 0
    assert "identity 1.12.4  Provider  create, list" in done.stdout
    assert json.loads(api("-o", "json").stdout) == {
        "identity": {
            "address": "grpc://host:1",
            "version": "1.12.4",
            "resources": {"Provider": ["create", "list"]},
        }
    }
