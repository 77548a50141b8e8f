import jsonschema
import pytest

from pluginctl.deploying.declarations import read
from pluginctl.deploying.items import items_of


@pytest.fixture
def items(project):
    return {item.key: item.fields for item in items_of(read(project.folder), project.folder, "1.0")}


def test_there_is_a_release_for_the_plugin_and_a_recollection_for_each_environment(items):
    assert list(items) == [
        ("work pool", "pluginctl"),
        ("limit", "collector:production:plugin-portfolio-inven-collector"),
        ("limit", "collector:staging:plugin-portfolio-inven-collector"),
        ("deployment", "release/coins"),
        ("deployment", "recollect/coins@staging"),
        ("deployment", "recollect/coins@production"),
    ]


def test_a_release_must_choose_its_environment(items):
    form = items["deployment", "release/coins"]["parameter_openapi_schema"]
    assert form["properties"]["environment"]["enum"] == ["staging", "production"]
    assert "default" not in form["properties"]["environment"]
    assert form["required"] == ["environment"]
    values = items["deployment", "release/coins"]["parameters"]
    jsonschema.validate({**values, "environment": "staging"}, form)
    for wrong in ({}, {"environment": "moon"}, {"environment": "staging", "source": "/etc"}, {"bogus": 1}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({**values, **wrong}, form)


def test_a_recollection_needs_nothing_and_takes_nothing_else(items):
    fields = items["deployment", "recollect/coins@production"]
    jsonschema.validate(fields["parameters"], fields["parameter_openapi_schema"])
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(
            {**fields["parameters"], "environment": "staging"}, fields["parameter_openapi_schema"]
        )
    assert fields["schedules"] == [{"slug": "recollect", "cron": "5 * * * *", "timezone": "Europe/Berlin"}]
    assert fields["tags"] == ["environment:production", "plugin:coins", "pluginctl"]
