"""What a plugin says of the options and the schedule of its collector."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from flows.manifest import Environment
from flows.manifest.environment import Settings
from flows.steps import collector_support
from flows.steps.collector_support import check_collector, options_of, unsupported
from flows.steps.errors import CollectorNotSupported

TYPES = {"type": "array", "items": {"enum": ["Pump", "Sensor"]}, "default": ["Pump"]}
SCHEMA = {"type": "object", "properties": {"types": TYPES, "site": {"type": "string"}}}


def collector(record=None, **declared):
    return SimpleNamespace(resource=SimpleNamespace(declared=declared), record=record)


def found(metadata, **declared):
    return list(unsupported(collector(**declared), metadata))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"types": ["Pump"]}, ""),
        ({}, ""),
        ({"more": 1}, ""),
        ({"types": ["Pump", "Tap"]}, "'types[1]' is none of the values that are allowed"),
        ({"types": "Pump", "site": 1}, "'types' is not of the type array; 'site' is not of the type string"),
    ],
)
def test_options_are_held_against_the_plugins_schema(options, words):
    expected = [f"plugin_info.options: {words}"] if words else []
    assert found({"options_schema": SCHEMA}, options=options) == expected


def test_what_is_required_is_missed_unless_it_has_a_default():
    schema = {**SCHEMA, "required": ["types", "site"]}
    assert found({"options_schema": schema}, options={}) == ["plugin_info.options: 'site' is missing"]
    inside = {"type": "object", "properties": {"where": schema}}
    assert found({"options_schema": inside}, options={"where": {}}) == [
        "plugin_info.options: 'where.site' is missing"
    ]


@pytest.mark.parametrize(
    "schema", [None, {}, [], "x", {"required": "site"}, {"properties": []}, {"required": [[]]}]
)
def test_a_schema_that_says_nothing_refuses_nothing(schema):
    assert found({"options_schema": schema}, options={"site": 1}) == []


def test_options_that_are_not_declared_are_the_platforms_affair():
    schema = {**SCHEMA, "required": ["site"]}
    assert (
        list(unsupported(collector({"plugin_info": {"options": {"site": 1}}}), {"options_schema": schema}))
        == []
    )


@pytest.mark.parametrize(
    ("supported", "schedule", "words"),
    [
        (["hours"], {"state": "ENABLED", "hours": [1]}, None),
        (["interval", "hours"], {"state": "ENABLED", "hours": [1]}, None),
        (["interval", "cron"], {"state": "ENABLED", "hours": [1]}, "'interval', 'cron'"),
        ([], {"state": "ENABLED", "hours": [1]}, "none"),
        (["interval"], {"state": "DISABLED"}, None),
        (["interval"], {"state": "ENABLED", "hours": []}, None),
        (None, {"state": "ENABLED", "hours": [1]}, None),
        ("hours", {"state": "ENABLED", "hours": [1]}, None),
    ],
)
def test_a_schedule_must_be_one_that_the_plugin_supports(supported, schedule, words):
    expected = f"schedule.hours: the plugin does not support a schedule of hours; it supports {words}"
    assert found({"supported_schedules": supported}, schedule=schedule) == ([expected] if words else [])


def test_the_plugin_is_asked_with_the_options_that_the_platform_will_have():
    stored = {"plugin_info": {"options": {"site": "x"}}}
    assert options_of(collector(stored, options={"types": []})) == {"types": []}
    assert options_of(collector(stored)) == {"site": "x"}
    assert options_of(collector({"plugin_info": None})) == options_of(collector()) == {}


@pytest.fixture
def check(monkeypatch):
    """Checks a collector's plan with what the plugin answers; gives the options that it was asked with."""

    def check(metadata, *, file="m/create_collector.yaml", plugin_options=None, **declared):
        asked = []
        monkeypatch.setattr(
            collector_support, "initialise", lambda endpoint, options: asked.append(options) or metadata
        )
        action = SimpleNamespace(
            kind="collector", record=None, resource=SimpleNamespace(file=file, declared=declared)
        )
        plugin = SimpleNamespace(kind="plugin", name="plugin-x", resource=None, record=None)
        plan = SimpleNamespace(action=lambda _: plugin)
        planned = SimpleNamespace(actions=(plugin, *([action] if file else [])), plan=plan)
        settings = Settings(plugin_options={"plugin-x": plugin_options or {}})
        check_collector(planned, Environment(name="here", folder="/", settings=settings), "grpc://x:1")
        return asked

    return check


def test_all_that_does_not_fit_is_said_with_file_and_field(check):
    schedule = {"state": "ENABLED", "hours": [1]}
    metadata = {"options_schema": SCHEMA, "supported_schedules": ["interval"]}
    with pytest.raises(CollectorNotSupported) as caught:
        check(metadata, options={"types": ["secret-tap"]}, schedule=schedule)
    assert caught.value.message == (
        "The plugin does not support the collector as it is declared, and nothing was pushed:\n"
        "m/create_collector.yaml: plugin_info.options: 'types[0]' is none of the values that are allowed\n"
        "m/create_collector.yaml: schedule.hours: the plugin does not support a schedule of hours; it supports "
        "'interval'"
    )
    assert "environment" not in caught.value.advice


def test_options_of_the_environment_are_named(check):
    with pytest.raises(CollectorNotSupported) as caught:
        check({"options_schema": SCHEMA}, options={"site": 1}, plugin_options={"site": 1})
    assert "in the manifest, plugin_options of the environment here ('site'), or" in caught.value.advice


def test_a_plugin_that_fits_is_asked_once_and_one_without_a_collector_never(check):
    assert check({"options_schema": SCHEMA}, options={"types": ["Pump"]}) == [{"types": ["Pump"]}]
    assert check({"supported_schedules": []}, file=None) == []
