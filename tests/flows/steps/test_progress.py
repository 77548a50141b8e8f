from dataclasses import replace

from flows.resources import Action, Plan, Verb
from flows.steps.catalogue import CARRY_OUT, COLLECT, PLAN, PUSH
from flows.steps.progress import Progress
from flows.steps.runner import Step
from flows.steps.subject import Subject
from tests.reports import JOB

PLANNED = Plan(
    (
        Action("image", "host/x:1", Verb.CREATE),
        Action("schema", "coins", Verb.KEEP),
        Action("provider", "x", Verb.CREATE),
        Action("collector", "X", Verb.UPDATE),
    )
)


def test_what_was_done_and_what_was_not():
    progress = Progress(Subject("release", "here"), PLANNED)
    for step in (Step(PLAN, str), Step(PUSH, str), Step(CARRY_OUT.named("create provider"), str, "x")):
        progress.begin(step)
        assert progress.running is step
        progress.finish(step, "")
        assert progress.running is None
    assert progress.done == [("push image", ""), ("create provider x", "")]
    assert [action.name for action in progress.undone] == ["X"]


def test_the_last_state_of_the_job_is_kept():
    progress = Progress(Subject("release", "here"))
    begun = replace(JOB, status="IN_PROGRESS")
    progress.finish(Step(COLLECT, lambda: begun), begun)
    assert progress.job is begun
