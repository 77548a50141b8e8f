import pytest

from flows.errors import Cause
from flows.spaceone import AlreadyExists, InvalidArgument, Unreachable
from flows.spaceone.advice import from_details

NOBODY = "failed to connect to all addresses; last error: UNKNOWN: ipv4:127.0.0.1:1: Connection refused"


def error(status, details, method="identity.Provider.create"):
    return from_details(method, "grpc://host:1", status, details)


@pytest.mark.parametrize(
    ("method", "reads"),
    [
        ("identity.Provider.list", True),
        ("inventory.Job.get", True),
        ("inventory.CloudService.analyze", True),
        ("identity (reflection)", True),
        ("identity.Provider.create", False),
        ("inventory.Collector.collect", False),
        ("secret.Secret.update_data", False),
    ],
)
def test_a_read_is_told_by_its_verb(method, reads):
    assert error("NOT_FOUND", "", method).reads is reads


@pytest.mark.parametrize(
    ("status", "details", "arrived", "temporary"),
    [
        ("UNAVAILABLE", NOBODY, False, True),
        ("UNAVAILABLE", "Socket closed", True, True),
        ("UNAVAILABLE", "sendmsg: Broken pipe (32)", True, True),
        ("UNAVAILABLE", "", True, True),
        ("UNAVAILABLE", f"ERROR_GRPC_CONNECTION: {NOBODY}", True, False),
        ("DEADLINE_EXCEEDED", "", True, True),
        ("INTERNAL", "ERROR_UNKNOWN: oops", True, False),
        ("INTERNAL", "ERROR_NOT_UNIQUE: twice", False, False),
        ("INVALID_ARGUMENT", "no such colour", False, False),
        ("PERMISSION_DENIED", "", False, False),
        ("UNAUTHENTICATED", "", False, False),
        ("NOT_FOUND", "", False, False),
    ],
)
def test_only_a_clear_refusal_says_that_nothing_was_done(status, details, arrived, temporary):
    found = error(status, details)
    assert (found.may_have_arrived, found.temporary) == (arrived, temporary)
    assert found.cause is (Cause.UNAVAILABLE if arrived or temporary else Cause.REFUSED)


def test_a_request_that_never_left_is_told_by_grpcs_words():
    assert error("UNAVAILABLE", NOBODY).never_sent
    assert not error("UNAVAILABLE", "Stream removed (sendmsg: Broken pipe (32))").never_sent


def test_the_message_holds_the_servers_code_and_text_or_else_the_status():
    where = "identity.Provider.create at grpc://host:1 failed: "
    assert error("INTERNAL", "ERROR_UNKNOWN: oops").message == f"{where}ERROR_UNKNOWN: oops"
    assert error("INTERNAL", "oops").message == f"{where}oops"
    assert error("INTERNAL", "").message == f"{where}INTERNAL"


def test_other_advice_leaves_the_rest_as_it_is():
    first = error("UNAVAILABLE", NOBODY)
    other = first.with_advice("Look elsewhere.")
    assert type(other) is Unreachable
    assert (other.message, other.advice) == (first.message, "Look elsewhere.")
    assert other.never_sent


def test_a_text_that_may_quote_a_secret_is_left_out_but_for_the_field_that_it_names():
    said = (
        "ERROR_INVALID_PARAMETER: Parameter is invalid. (key = secret_data.pin, reason = '1984' is too short)"
    )
    hidden = error("INVALID_ARGUMENT", said).without_server_text(["secret_data"], "account.yaml")
    assert type(hidden) is InvalidArgument
    assert "1984" not in f"{hidden} {hidden.__dict__}"
    assert (
        "ERROR_INVALID_PARAMETER: (key = secret_data.pin) the rest of the message may quote" in hidden.message
    )
    assert hidden.advice == "Check secret_data in account.yaml against the schema."


def test_known_advice_stays_where_the_text_is_left_out():
    first = error("INTERNAL", "ERROR_NOT_UNIQUE: 'hunter2'")
    hidden = first.without_server_text(["data"], "account.yaml")
    assert type(hidden) is AlreadyExists
    assert hidden.advice == first.advice
    assert "hunter2" not in str(hidden)


def test_what_grpc_itself_says_quotes_no_request():
    first = error("UNAVAILABLE", NOBODY)
    assert first.without_server_text(["data"], "account.yaml") is first
