import json

import jsonschema
import pytest

from flows.resources import Action, FieldChange, Verb
from flows.steps.report import json_schema
from tests.reports import collected, delivered, planned, report

ACTIONS = (
    Action("image", "host/portfolio:0.1.0", Verb.KEEP),
    Action("provider", "portfolio", Verb.UPDATE, (FieldChange("alias", None, "P"),)),
    Action("collector", "Coins", Verb.BLOCKED, reason="2 of this name exist."),
)


def test_a_report_for_programs():
    shown = report(planned=planned(ACTIONS), delivered=delivered(), seconds=12.3456).as_json()
    assert shown["schema"] == "report/1"
    assert (shown["image"], shown["digest"]) == ("host/portfolio:0.1.0", "sha256:image")
    assert shown["source"] == {
        "requirements": 1,
        "setup": {"name": "plugin-portfolio", "version": "0.1.0", "file": "setup.py"},
        "remarks": ["Look at [it]."],
        "base": "python:3.11",
    }
    assert shown["login"] == "as ann"
    assert shown["built"]["size"] == 155_000_000
    assert shown["built"]["created"] == "2024-07-25T17:31:01+00:00"
    assert shown["trial"] == {
        "services": ["grpc.health.v1.Health", "Collector"],
        "seconds": 0.333,
        "reflection": True,
        "restrictions": ["files", "network", "privileges"],
        "remarks": [],
    }
    assert shown["duration_s"] == 12.346
    assert shown["resources"] == {"inventory.CloudService": 5, "inventory.Region": 1}
    assert shown["actions"][1]["fields"] == [{"field": "alias", "before": None, "after": "P"}]
    assert shown["actions"][2]["reason"] == "2 of this name exist."
    assert shown["dry_run"] is False


PARTS = [
    {},
    {"delivered": delivered()},
    {"planned": None, "registered": None, "flow": "recollect"},
    {"dry_run": True, "registered": None, "collected": None, "collector_id": None},
    {"planned": planned(ACTIONS, digest=None), "collected": collected("No secret matches.")},
]


@pytest.mark.parametrize("fields", PARTS, ids=" ".join)
def test_every_report_has_the_same_keys_and_fits_the_schema(fields):
    shown = report(**fields).as_json()
    assert set(shown) == set(report().as_json()) == set(json_schema()["properties"])
    jsonschema.validate(json.loads(json.dumps(shown)), json_schema())


def test_a_report_that_lacks_something_does_not_fit_the_schema():
    shown = report().as_json()
    del shown["job"]
    with pytest.raises(jsonschema.ValidationError, match="'job' is a required property"):
        jsonschema.validate(shown, json_schema())
