import pytest

from flows.collection import Job, judge

HELD = {"inventory.CloudService": 5, "inventory.CloudServiceType": 1}


def job(status="SUCCESS", tasks=1, failed=0):
    return Job("job-1", status, tasks, 0, tasks - failed, failed, "2030-01-01T00:00:00Z")


def task(status="SUCCESS", **fields):
    return {"job_task_id": "task-1", "status": status, "created_count": 2, "updated_count": 3, **fields}


def verdict(one, tasks, held=HELD):
    return judge(one, tasks, held, "portfolio")


def test_a_job_whose_tasks_brought_resources_is_a_success():
    found = verdict(job(), [task(), task(created_count=0, deleted_count=4, disconnected_count=1)])
    assert found.success
    assert found.as_json() == {
        "job_id": "job-1",
        "status": "SUCCESS",
        "tasks": 1,
        "failures": [],
        "changes": {"created": 2, "updated": 6, "deleted": 4, "disconnected": 1},
    }
    assert found.resources == HELD


def test_no_task_is_a_failure_that_names_the_provider():
    found = verdict(job(tasks=0), [])
    assert not found.success
    (words,) = found.failures
    assert "no secret matches" in words
    assert "'portfolio'" in words
    assert "secret_filter" in words


def test_a_failed_task_speaks_in_its_own_words_and_says_each_once():
    error = {
        "error_code": "ERROR_PLUGIN",
        "message": "The source\n  is closed.",
        "additional": {"resource_type": "inventory.CloudService", "page": 1.0},
    }
    found = verdict(job("FAILURE", failed=1), [task("FAILURE", errors=[error, error], failure_count=2)])
    assert found.failures == (
        "The job ended as FAILURE.",
        (
            "Task task-1 ended as FAILURE: ERROR_PLUGIN: The source is closed. "
            "(resource_type inventory.CloudService)"
        ),
    )


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"failure_count": 3}, "3 resources failed, without words."),
        ({}, "the platform recorded no error."),
        ({"errors": [{"error_code": "ERROR_X", "message": "why"}]}, "ERROR_X: why"),
    ],
)
def test_a_failed_task_without_all_of_its_words(fields, words):
    found = verdict(job("FAILURE", failed=1), [task("FAILURE", **fields)])
    assert found.failures[1] == f"Task task-1 ended as FAILURE: {words}"


def test_a_success_with_a_failed_resource_is_a_failure():
    found = verdict(
        job(), [task(failure_count=1, errors=[{"error_code": "ERROR_X", "message": "one of five"}])]
    )
    assert found.failures == ("Task task-1 ended as SUCCESS: ERROR_X: one of five",)


def test_a_success_that_counts_a_failed_task_is_a_failure():
    found = verdict(job(tasks=2, failed=1), [task(), task()])
    assert found.failures == ("1 of 2 tasks failed, and the platform recorded no error.",)


def test_a_canceled_job_is_a_failure_that_says_what_may_have_happened():
    found = verdict(job("CANCELED"), [task("CANCELED", errors=[{"error_code": "C", "message": "canceled"}])])
    assert found.failures[0].startswith("The job was canceled: another collection")
    assert "C: canceled" in found.failures[1]


@pytest.mark.parametrize(
    ("tasks", "held"),
    [
        ([task(created_count=0, updated_count=0)], HELD),  # what is held, an earlier job brought
        ([task()], {"inventory.CloudService": 0, "inventory.CloudServiceType": 1}),
        ([task()], {}),
    ],
)
def test_no_resource_is_a_failure(tasks, held):
    found = verdict(job(), tasks, held)
    assert found.failures == ("The job ended well and brought no resource: the plugin reported none.",)
