from dataclasses import replace

from flows.errors import PipelineError
from flows.steps.catalogue import CARRY_OUT, COLLECT, FOLLOW, PLAN, PUSH
from flows.steps.ending import INCOMPLETE, REFUSED
from flows.steps.errors import FlowError
from flows.steps.progress import Progress
from flows.steps.runner import Step
from flows.steps.stopped import AGAIN, interrupted_report, stopped_report
from flows.steps.subject import Subject
from tests.flows.steps.test_progress import PLANNED
from tests.reports import JOB

SUBJECT = Subject("release", "prod", "plugin-x", "1.0")


def came_to(*steps, subject=SUBJECT):
    progress = Progress(subject, PLANNED)
    for step in steps:
        progress.begin(step)
        progress.finish(step, step.function())
    return progress


def test_a_refusal_says_that_nothing_was_changed():
    error = FlowError("There is no [x]", "Make one", details=("its last line",))
    text = stopped_report(came_to(Step(PLAN, str)), REFUSED, error, [("run", "http://p.example/1")])
    for words in (
        "# Release plugin-x 1.0 to prod: Refused",
        "There is no \\[x]",
        "| environment | prod |",
        "<http://p.example/1>",
        "- its last line",
        "## What was changed\n\nNothing was changed.",
        "## What was not done\n\n- create image host/x:1\n- create provider x\n- update collector X",
        "## What to do\n\n- Make one",
    ):
        assert words in text
    assert AGAIN not in text


def test_a_run_that_had_begun_to_write_says_what_it_wrote_and_what_may_be():
    progress = came_to(Step(PUSH, lambda: "sha256:1", outcome=str))
    progress.begin(Step(CARRY_OUT.named("create provider"), str, "x"))
    error = PipelineError("lost")
    error.changed = True
    text = stopped_report(progress, INCOMPLETE, error)
    assert (
        "- push image: sha256:1\n- perhaps the platform: the step 'create provider x' did not finish" in text
    )
    assert AGAIN in text
    assert "Nothing was changed" not in text


def test_what_goes_on_at_the_platform_is_named():
    begun = replace(JOB, status="IN_PROGRESS")
    progress = came_to(Step(COLLECT, lambda: begun))
    progress.begin(Step(FOLLOW, lambda: begun))
    text = interrupted_report(progress)
    assert "while the step 'follow the job' ran" in text
    assert "job-1 goes on" in text
    assert "job-1 goes on" not in interrupted_report(came_to(Step(FOLLOW, lambda: JOB)))


def test_an_interrupted_plan_has_changed_nothing():
    progress = Progress(replace(SUBJECT, plugin_id="", version=""))
    progress.begin(Step(PLAN, str))
    text = interrupted_report(progress)
    assert text.startswith("# Release to prod: interrupted")
    assert "Nothing was changed." in text
