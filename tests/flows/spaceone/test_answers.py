import pickle

import pytest

from flows.spaceone import errors
from flows.spaceone.answers import from_details


@pytest.mark.parametrize(
    ("status", "details", "kind", "code", "words"),
    [
        (
            "UNAUTHENTICATED",
            "ERROR_AUTHENTICATE_FAILURE: bad",
            errors.AuthenticationFailed,
            "ERROR_AUTHENTICATE_FAILURE",
            "bad",
        ),
        (
            "PERMISSION_DENIED",
            "ERROR_PERMISSION_DENIED: no",
            errors.PermissionDenied,
            "ERROR_PERMISSION_DENIED",
            "no",
        ),
        (
            "INTERNAL",
            "ERROR_SAVE_UNIQUE_VALUES: twice",
            errors.AlreadyExists,
            "ERROR_SAVE_UNIQUE_VALUES",
            "twice",
        ),
        (
            "INVALID_ARGUMENT",
            "ERROR_NO_IMAGE_IN_REGISTRY:\n\tx",
            errors.InvalidArgument,
            "ERROR_NO_IMAGE_IN_REGISTRY",
            "x",
        ),
        ("UNAVAILABLE", "failed to connect", errors.Unreachable, "", "failed to connect"),
        (
            "UNAVAILABLE",
            "ERROR_GRPC_CONNECTION: plugin",
            errors.ServerError,
            "ERROR_GRPC_CONNECTION",
            "plugin",
        ),
        ("DEADLINE_EXCEEDED", "", errors.DeadlineExceeded, "", ""),
        ("UNKNOWN", "ERROR_OF_TOMORROW: so", errors.ServerError, "ERROR_OF_TOMORROW", "so"),
        ("NOT_FOUND", "ERROR_OF_TOMORROW: gone", errors.NotFound, "ERROR_OF_TOMORROW", "gone"),
    ],
)
def test_details_become_typed_errors(status, details, kind, code, words):
    error = from_details("identity.Provider.create", "grpc://host:1", status, details)
    assert type(error) is kind
    assert (error.code, error.words, error.status, error.service) == (code, words, status, "identity")
    assert "identity.Provider.create at grpc://host:1" in str(error)


def test_advice_follows_the_message():
    error = from_details("identity.Provider.list", "grpc://host:1", "UNAVAILABLE", "refused")
    assert str(error).endswith(
        "failed: refused. Is the service running, and is the endpoint in the environment right?"
    )


def test_call_errors_survive_pickling():
    error = from_details("a.B.c", "grpc://host:1", "NOT_FOUND", "ERROR_NOT_FOUND: x")
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    assert (type(again), str(again), again.code) == (type(error), str(error), error.code)
