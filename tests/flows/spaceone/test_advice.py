import pytest

from flows.spaceone import errors
from flows.spaceone.advice import from_details


@pytest.mark.parametrize(
    ("status", "details", "kind", "code", "text"),
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
def test_details_become_typed_errors(status, details, kind, code, text):
    error = from_details("identity.Provider.create", "grpc://host:1", status, details)
    assert type(error) is kind
    assert (error.error_code, error.server_text, error.status) == (code, text, status)
    assert error.service == "identity"
    assert "identity.Provider.create at grpc://host:1" in str(error)


def test_advice_follows_the_message():
    error = from_details("identity.Provider.list", "grpc://host:1", "UNAVAILABLE", "refused")
    assert str(error).endswith(
        "failed: refused. Is the service running, and is the endpoint in the environment right?"
    )


# What both generations answered, word for word, where the code alone does not tell.
NO_LOCAL = "ERROR_UNKNOWN: 'NoneType' object has no attribute 'repository_id'"
NO_VERSION = "ERROR_REQUIRED_PARAMETER: Required parameter. (key = version)"
TOO_SHORT = "ERROR_INVALID_PARAMETER: Parameter is invalid. (key = data, reason = 'x' is too short)"
NO_ACCOUNT = (
    "ERROR_INVALID_PARAMETER: Parameter is invalid. (key = secret_filter.service_accounts, reason = Service accounts "
    "not found)"
)
BY_SCHEMA_2 = 'ERROR_DB_QUERY: Database query failed. (reason = Cannot resolve field "schema")'
BY_SCHEMA_1_12 = 'ERROR_DB_QUERY: Database query failed. (reason = Cannot resolve field "exclude_schemas")'
TOO_LONG = (
    "ERROR_DB_QUERY: Database query failed. (reason = ValidationError (Secret:None) (String value is too long: "
    "['schema']))"
)
TWICE = (
    "ERROR_DB_QUERY: Database query failed. (reason = Tried to save duplicate unique keys (E11000 duplicate key error "
    "collection: repository.plugin index: plugin_id_1_domain_id_1 dup key: { plugin_id: 'x', domain_id: 'd' }))"
)
NO_PROVIDER_2 = (
    "ERROR_SCHEMA_IS_NOT_DEFINED: Schema is not defined. (provider=x, schema_type=SERVICE_ACCOUNT)"
)
NO_PROVIDER_1_12 = "ERROR_NOT_FOUND: Value not found. (('provider', 'domain_id') = ('x', 'domain-1'))"


@pytest.mark.parametrize(
    ("status", "details", "kind", "advice"),
    [
        ("INTERNAL", NO_LOCAL, errors.NotFound, "no local repository"),
        ("INTERNAL", "ERROR_UNKNOWN: 'NoneType' object has no attribute 'x'", errors.ServerError, ""),
        ("INVALID_ARGUMENT", NO_VERSION, errors.InvalidArgument, "MANUAL requires a version"),
        ("INVALID_ARGUMENT", TOO_SHORT, errors.InvalidArgument, "must fit what its provider asks for"),
        ("INVALID_ARGUMENT", NO_ACCOUNT, errors.InvalidArgument, "ids for all others"),
        ("INTERNAL", BY_SCHEMA_2, errors.InvalidArgument, "remove them from"),
        ("INTERNAL", BY_SCHEMA_1_12, errors.InvalidArgument, "remove them from"),
        ("INTERNAL", TOO_LONG, errors.InvalidArgument, "does not accept this value"),
        ("INTERNAL", TWICE, errors.AlreadyExists, "already exists"),
        ("INTERNAL", "ERROR_DB_QUERY: timed out", errors.ServerError, ""),
        ("INVALID_ARGUMENT", NO_PROVIDER_2, errors.NotFound, "no longer exists"),
        ("NOT_FOUND", NO_PROVIDER_1_12, errors.NotFound, "no longer exists"),
    ],
)
def test_one_code_for_several_mistakes_is_told_by_its_words(status, details, kind, advice):
    error = from_details("a.B.c", "grpc://host:1", status, details)
    assert type(error) is kind
    assert (advice in error.advice) if advice else error.advice == ""


@pytest.mark.parametrize(
    ("status", "details"),
    [
        ("DEADLINE_EXCEEDED", ""),
        ("UNAVAILABLE", "ERROR_GRPC_CONNECTION: Server is unavailable. (message = Channel is not ready.)"),
        ("UNAVAILABLE", "ERROR_GRPC_TIMEOUT: gRPC Timeout."),
        ("INTERNAL", "ERROR_INSTALL_PLUGIN_TIMEOUT: install plugin is failed by timeout"),
    ],
)
def test_a_plugin_that_never_starts_gets_one_advice_however_it_is_told(status, details):
    error = from_details("inventory.Collector.create", "grpc://host:1", status, details)
    assert "does the image start and listen on port 50051?" in error.advice
