import pytest

from flows.collection import Job, judge, may_have_met

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
        "log": [],
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
        ({"failure_count": 3}, "3 of its resources failed, and the platform recorded no message."),
        ({}, "the platform recorded no message."),
        ({"errors": [{"error_code": "ERROR_X", "message": "why"}]}, "ERROR_X: why"),
    ],
)
def test_a_failed_task_without_all_of_its_words(fields, words):
    found = verdict(job("FAILURE", failed=1), [task("FAILURE", **fields)])
    assert found.failures[1].startswith(f"Task task-1 ended as FAILURE: {words}")


def test_a_success_with_a_failed_resource_is_a_failure():
    found = verdict(
        job(), [task(failure_count=1, errors=[{"error_code": "ERROR_X", "message": "one of five"}])]
    )
    assert found.failures == ("Task task-1 ended as SUCCESS: ERROR_X: one of five",)


def test_a_success_that_counts_a_failed_task_is_a_failure():
    found = verdict(job(tasks=2, failed=1), [task(), task()])
    (words,) = found.failures
    assert words.startswith("1 of 2 tasks failed: the platform recorded no message.")


def test_a_canceled_job_names_the_one_that_began():
    rival = Job("job-2", "SUCCESS", 1, 0, 1, 0, "2030-01-01T00:00:01Z")
    found = judge(job("CANCELED"), [], HELD, "portfolio", rival)
    assert found.failures == ("The job was canceled: job-2 of the same collector began.",)
    assert found.rival is rival


def test_a_canceled_job_is_a_failure_that_says_what_may_have_happened():
    found = verdict(job("CANCELED"), [task("CANCELED", errors=[{"error_code": "C", "message": "canceled"}])])
    assert found.failures[0].startswith("The job was canceled: another collection")
    assert "C: canceled" in found.failures[1]


@pytest.mark.parametrize(
    "held",
    [HELD, {"inventory.CloudService": 0, "inventory.CloudServiceType": 1}, {}],  # an earlier job brought it
)
def test_no_resource_is_a_failure(held):
    found = verdict(job(), [task(created_count=0, updated_count=0)], held)
    assert found.failures == ("The job ended well but collected no resource: the plugin reported none.",)


@pytest.mark.parametrize("held", [{"inventory.CloudService": 0, "inventory.CloudServiceType": 1}, {}])
def test_resources_that_are_not_the_collectors_are_a_failure(held):
    (words,) = verdict(job(), [task()], held).failures
    assert words.startswith("The job counted 5 resources, but the inventory holds none of this collector")


# What the two generations recorded, word for word, of a plugin whose collect raised and of one that aborted.
RAISED_1_12 = {
    "error_code": "ERROR_COLLECTOR_COLLECTING",
    "message": (
        "error_code = ERROR_INTERNAL_API\n\tstatus_code = UNKNOWN\n\tmessage = Exception iterating responses: "
        "the licence of this plugin has ended"
    ),
    "additional": {},
}
ABORTED_1_12 = {
    "error_code": "ERROR_COLLECTOR_COLLECTING",
    "message": (
        "error_code = ERROR_UNKNOWN\n\tstatus_code = INTERNAL\n\tmessage =  the licence of this plugin has ended"
    ),
    "additional": {},
}
RAISED_2 = {
    "error_code": "ERROR_COLLECTOR_PLUGIN",
    "message": "Exception iterating responses: the licence of this plugin has ended",
    "additional": {},
}
ABORTED_2 = {
    "error_code": "ERROR_COLLECTOR_PLUGIN",
    "message": "the licence of this plugin has ended",
    "additional": {},
}


@pytest.mark.parametrize(
    ("recorded", "words"),
    [
        (RAISED_1_12, "Exception iterating responses: the licence of this plugin has ended"),
        (RAISED_2, "Exception iterating responses: the licence of this plugin has ended"),
        (ABORTED_1_12, "the licence of this plugin has ended"),
        (ABORTED_2, "the licence of this plugin has ended"),
    ],
)
def test_a_plugin_that_fails_is_heard_the_same_in_both_generations(recorded, words):
    # 1.12 ends the job before it counts the failed task.
    found = verdict(job("FAILURE", failed=0), [task("FAILURE", errors=[recorded])])
    assert found.failures[1] == f"Task task-1 ended as FAILURE: {recorded['error_code']}: {words}"


def test_tasks_that_create_the_same_at_once_are_told_what_happened():
    """What inventory 2.x records if two tasks of a first collection report the same type."""
    error = {
        "error_code": "ERROR_SAVE_UNIQUE_VALUES",
        "message": "Tried to save duplicate unique values. (keys = ['name', 'provider'])",
        "additional": {"resource_type": "inventory.CloudServiceType"},
    }
    *_, found = verdict(job("FAILURE", failed=1), [task("FAILURE", errors=[error])]).failures
    assert found.endswith(
        "(resource_type inventory.CloudServiceType): it exists by now. Probably two tasks created it at the same "
        "moment: then the next collection finds it, and the plugin avoids it if one task alone reports it"
    )


def test_a_failed_resource_is_named_and_its_domain_is_not():
    recorded = {
        "error_code": "ERROR_PLUGIN",
        "message": "Page 1 could not be collected.",
        "additional": {
            "provider": "portfolio",
            "resource_type": "inventory.CloudService",
            "domain_id": "domain-1",
            "workspace_id": "workspace-1",
        },
    }
    found = verdict(job("FAILURE", failed=1), [task("FAILURE", failure_count=1, errors=[recorded])])
    assert found.failures[1].endswith(
        "ERROR_PLUGIN: Page 1 could not be collected. (provider portfolio, resource_type inventory.CloudService)"
    )


def test_a_success_of_1_12_whose_task_failed_without_words_says_what_is_likely():
    """As inventory 1.12.2 records a CloudServiceType whose metadata is null; task and job as it answered."""
    silent = {"job_task_id": "job_task-9", "status": "FAILURE", "updated_count": 4, "failure_count": 1}
    found = verdict(job("SUCCESS", failed=1), [silent])
    (words,) = found.failures
    assert words.startswith("Task job_task-9 ended as FAILURE: 1 of its resources failed, and")
    assert "CloudServiceType whose metadata is null" in words
    assert "log of its inventory worker" in words
    assert found.changes["updated"] == 4


TWICE = "Database query failed. (reason = Tried to save duplicate unique keys (E11000 duplicate key error …))"


@pytest.mark.parametrize(
    ("one", "errors", "met"),
    [
        (job("CANCELED"), [], True),
        (job("FAILURE"), [{"error_code": "ERROR_SAVE_UNIQUE_VALUES", "message": "…"}], True),
        (
            job("FAILURE"),
            [{"error_code": "ERROR_PLUGIN"}, {"error_code": "ERROR_DB_QUERY", "message": TWICE}],
            True,
        ),
        (job("FAILURE"), [{"error_code": "ERROR_DB_QUERY", "message": "timed out"}], False),
        (job("FAILURE"), [], False),
        (job(), [], False),
    ],
)
def test_how_a_job_ends_that_has_met_another(one, errors, met):
    assert may_have_met(one, [task(errors=errors), task()]) is met
