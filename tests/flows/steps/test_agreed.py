import dataclasses
import json

import pytest

from flows.resources import Action, FieldChange, Verb
from flows.steps.agreed import AgreedPlan
from flows.steps.errors import PlanFileError, PlanMoved
from flows.steps.release import ReleaseRequest, release
from tests.reports import planned

PLUGIN = Action("plugin", "plugin-x", Verb.KEEP)
COLLECTOR = Action(
    "collector", "Coins", Verb.UPDATE, (FieldChange("options", {"count": 5, "all": True}, {"count": 9}),)
)


def agreed(*actions, environment="here"):
    return AgreedPlan.of(environment, planned((PLUGIN, *actions)))


def moved(plan, *actions, environment="here"):
    with pytest.raises(PlanMoved) as raised:
        plan.require(environment, planned((PLUGIN, *actions)))
    return raised.value.details


def test_the_same_plan_has_not_moved(tmp_path):
    agreed(COLLECTOR).write(tmp_path / "plan.json")
    plan = AgreedPlan.read(tmp_path / "plan.json")
    assert plan == agreed(COLLECTOR)
    plan.require("here", planned((PLUGIN, COLLECTOR)))


def test_a_remark_is_no_part_of_it():
    agreed(COLLECTOR).require("here", planned((PLUGIN, dataclasses.replace(COLLECTOR, notes=("Look.",)))))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            [("options", {"count": 5}, {"count": 9})],
            "on the platform, options.all was True, now it is nothing",
        ),
        (
            [("options", {"count": 5, "all": True}, {"count": 8})],
            "options.count: the plan said 9, now it is 8",
        ),
        (
            [("options", {"count": 5, "all": True}, {"count": 9}), ("tags", {}, {"a": "b"})],
            "tags: the plan left it, now it is changed",
        ),
        ([("tags", {}, {"a": "b"})], "options: the plan changed it, now it stays"),
    ],
)
def test_another_field_or_value_is_named(changes, words):
    now = dataclasses.replace(COLLECTOR, changes=tuple(FieldChange(*each) for each in changes))
    assert f"collector Coins: {words}" in moved(agreed(COLLECTOR), now)


def test_other_actions_are_named():
    schema = Action("schema", "login", Verb.CREATE)
    assert moved(agreed(COLLECTOR), COLLECTOR, schema) == (
        "schema login: create, of which the plan said nothing",
    )
    assert moved(agreed(COLLECTOR, schema), COLLECTOR) == ("schema login: create is no longer to be done",)
    kept = dataclasses.replace(schema, verb=Verb.KEEP)
    assert moved(agreed(schema), kept) == ("schema login: the plan said create, now it is keep",)


def test_another_place_or_source_is_named():
    assert moved(agreed(), environment="there") == ("environment: the plan said here, now it is there",)
    older = AgreedPlan({**agreed().document, "source_digest": "sha256:00"})
    assert moved(older) == (
        f"source_digest: the plan said sha256:00, now it is {planned().source.plugin.digest}",
    )


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "null",
        "{}",
        json.dumps({"schema": "report/1"}),
        json.dumps({"schema": "plan/1"}),
        json.dumps({"schema": "plan/1", "actions": [{"kind": "x"}]}),
        json.dumps(
            {"schema": "plan/1", "actions": [{"kind": "x", "name": "y", "action": "keep", "fields": [1]}]}
        ),
        "[" * 100_000,
        b"\xff\xfe\x00",
    ],
)
def test_a_file_with_something_else_is_refused(tmp_path, content):
    file = tmp_path / "plan.json"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(PlanFileError, match="plan.json: it holds no plan"):
        AgreedPlan.read(file)


def test_a_file_that_is_not_there_or_cannot_be_written_is_named(tmp_path):
    with pytest.raises(PlanFileError, match="No such file"):
        AgreedPlan.read(tmp_path / "plan.json")
    with pytest.raises(PlanFileError, match="Is a directory"):
        agreed().write(tmp_path)


@pytest.fixture
def request_(world, checkout):
    return ReleaseRequest(world.environment, checkout / "plugin", checkout / "deployments/portfolio")


def test_a_release_does_what_was_agreed_to_and_nothing_else(request_, platform, recorder):
    report = release(dataclasses.replace(request_, dry_run=True), recorder)
    plan = AgreedPlan.of(report.environment, report.planned)
    agreed_to = dataclasses.replace(request_, agreed=plan)
    platform.records["identity.Project"].append({"project_id": "theirs", "name": "Portfolio"})
    with pytest.raises(PlanMoved) as raised:
        release(agreed_to, recorder)
    assert raised.value.details[0] == "project Portfolio: the plan said create, now it is keep"
    assert platform.writes == []
    platform.records["identity.Project"].clear()
    assert release(agreed_to, recorder).success
