"""What all errors share, and every one of them."""

from __future__ import annotations

import copy
import importlib
import inspect
import json
import pickle
import pkgutil
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

import flows
import pluginctl.deployments
import sandbox.errors
from flows.collection import JobTimeout
from flows.errors import Cause, PipelineError, sentence
from flows.resources import Action, Verb
from flows.tasks.outcome import VerdictFailed

#: One value for each parameter that an error is made with.
GIVEN = {
    "account": "Investment",
    "address": "127.0.0.1:5000",
    "advice": "Do this",
    "blocked": (Action("collector", "Coins", Verb.BLOCKED, reason="2 of this name exist."),),
    "cause": Cause.UNAVAILABLE,
    "deployed": "0.5.0",
    "details": ("one", "two"),
    "endpoint": "grpc://127.0.0.1:1",
    "error_code": "ERROR_NOT_FOUND",
    "field": "secret_data",
    "found": f"sha256:{'ee' * 32}",
    "here": "0.4.0",
    "image": "team/plugin:0.1.0",
    "lines": ("one", "two"),
    "maybe_absent": True,
    "message": "It broke",
    "method": "identity.Provider.list",
    "name": "plan",
    "other": datetime(2026, 11, 26, 10, 30, tzinfo=UTC),
    "output": ("one", "two"),
    "own": datetime(2026, 11, 26, 10, 15, tzinfo=UTC),
    "path": Path("plugin/src/VERSION"),
    "place": "create_service_account.yaml:1",
    "problem": "is missing",
    "reason": "no space left",
    "released": f"sha256:{'cd' * 32}",
    "retry_after": 7.0,
    "seconds": 60.0,
    "said": "wrong password",
    "server_text": "failed to connect to all addresses",
    "status": "UNAVAILABLE",
    "step": "2/3 : RUN x",
    "temporary": True,
    "value": "Team/plugin",
    "version": "0.3.0",
}


def _kinds(kind: type[PipelineError]) -> list[type[PipelineError]]:
    found = [each for below in kind.__subclasses__() for each in (below, *_kinds(below))]
    return [each for each in found if each.__module__.partition(".")[0] in {"flows", "sandbox", "pluginctl"}]


for _module in pkgutil.walk_packages(flows.__path__, "flows."):
    importlib.import_module(_module.name)
KINDS = [PipelineError, *dict.fromkeys(_kinds(PipelineError))]


def made(kind: type[PipelineError]) -> PipelineError:
    """An error with a value for everything that it takes."""
    parameters = inspect.signature(kind).parameters.values()
    placed = [GIVEN[each.name] for each in parameters if each.kind is not each.KEYWORD_ONLY]
    return kind(
        *placed, **{each.name: GIVEN[each.name] for each in parameters if each.kind is each.KEYWORD_ONLY}
    )


def _pickled(error: PipelineError) -> PipelineError:
    return pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes


def test_all_packages_errors_are_looked_at():
    known = {JobTimeout, VerdictFailed, sandbox.errors.SandboxError, pluginctl.deployments.PrefectUnreachable}
    assert known < set(KINDS)


def test_every_error_has_a_code_of_its_own_for_programs():
    codes = [vars(kind).get("code", f"{kind.__name__} has none") for kind in KINDS]
    assert [code for code in codes if not re.fullmatch(r"[a-z]+(-[a-z]+)*", code)] == []
    assert sorted(set(codes)) == sorted(codes)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("changed", [False, True])
@pytest.mark.parametrize("travelled", [_pickled, copy.copy], ids=["pickled", "copied"])
def test_an_error_that_travels_between_processes_is_the_same(kind, changed, travelled):
    error = made(kind)
    error.changed = changed
    again = travelled(error)
    assert type(again) is kind
    assert (again.message, again.advice, again.details) == (error.message, error.advice, error.details)
    assert (again.temporary, again.changed, again.cause) == (error.temporary, changed, error.cause)
    assert (str(again), again.args, vars(again)) == (str(error), error.args, vars(error))
    assert (again.exit_code, again.as_json()) == (error.exit_code, error.as_json())


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_error_says_something_and_is_one_for_programs_too(kind):
    error = made(kind)
    assert error.message
    assert str(error).startswith(sentence(error.message))
    document = error.as_json()
    assert document["code"] == kind.code
    assert json.loads(json.dumps(document)) == document


@pytest.mark.parametrize(
    ("cause", "changed", "code"),
    [
        (Cause.REFUSED, False, 2),
        (Cause.REFUSED, True, 1),
        (Cause.UNAVAILABLE, False, 3),
        (Cause.UNAVAILABLE, True, 3),
        (Cause.FAILED, False, 1),
        (Cause.FAILED, True, 1),
    ],
)
def test_the_exit_code_tells_whose_fault_it_is_and_2_that_nothing_was_changed(cause, changed, code):
    error = PipelineError("x")
    error.cause, error.changed = cause, changed
    assert error.exit_code == code


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (PipelineError("It broke"), "It broke."),
        (PipelineError("It broke."), "It broke."),
        (PipelineError("It broke", "Do this"), "It broke. Do this."),
        (PipelineError("It broke:", "Is it running?"), "It broke: Is it running?"),
        (PipelineError("It broke", details=["a", "b"]), "It broke.\n    a\n    b"),
        (PipelineError("It broke", "Do this", details=["a"]), "It broke. Do this.\n    a"),
        (PipelineError(""), ""),
    ],
)
def test_its_text_is_sentences_and_then_the_lines_of_others(error, text):
    assert str(error) == text


def test_it_is_an_object_for_programs():
    error = PipelineError("It broke", "Do this", temporary=True, details=["a", "b"])
    error.changed = True
    assert error.as_json() == {
        "code": "error",
        "cause": "failed",
        "message": "It broke",
        "advice": "Do this",
        "details": ["a", "b"],
        "temporary": True,
        "changed": True,
    }


def test_an_error_that_is_made_has_changed_nothing_and_is_not_temporary():
    error = PipelineError("It broke")
    assert (error.advice, error.details, error.temporary, error.changed) == ("", (), False, False)
