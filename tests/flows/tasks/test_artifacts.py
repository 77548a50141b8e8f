import pytest
from prefect.client.schemas.actions import ArtifactCreate

from flows.steps.subject import Subject
from flows.tasks.artifacts import PLAN, REPORT, key, kind_of


def test_a_key_names_kind_plugin_and_environment():
    subject = Subject("release", "sandbox-1.12", "plugin-portfolio", "0.1.0")
    assert key(PLAN, subject) == "plan-plugin-portfolio-sandbox-1-12"
    assert kind_of(key(PLAN, subject)) == PLAN


@pytest.mark.parametrize("name", ["", "Ä b", "--", "a_b/c", "x" * 300])
def test_every_name_makes_a_key_that_prefect_accepts(name):
    made = key(REPORT, Subject("release", name, name))
    assert ArtifactCreate(key=made).key == made
