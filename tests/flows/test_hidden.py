from __future__ import annotations

import json
import urllib.parse

import pytest

from flows.errors import PipelineError
from flows.hidden import MARK, hide, without_secrets
from flows.images.registry.auth import Credentials
from flows.images.registry.proxy import proxy_login
from flows.manifest import Secrets
from flows.text import code, log_line, markdown, printable, quoted, shortened

VALUE = 'a+b/c "d"é'


@pytest.mark.parametrize(
    "write",
    [
        str,
        json.dumps,
        repr,
        urllib.parse.quote,
        urllib.parse.quote_plus,
        lambda value: urllib.parse.quote(value, safe=""),
        lambda value: json.dumps({"key": [value]}, ensure_ascii=False),
    ],
)
def test_a_secret_is_left_out_in_every_form(write):
    assert hide(VALUE) == VALUE
    found = without_secrets(f"before {write(VALUE)} after")
    assert MARK in found
    assert found.startswith("before ")
    assert found.endswith(" after")
    assert "a+b" not in found
    assert "a%2Bb" not in found


@pytest.mark.parametrize("show", [printable, log_line, markdown, code, quoted])
def test_whatever_is_shown_is_without_it(show):
    hide("hunter2-hunter2")
    assert "hunter2" not in show("the key hunter2-hunter2 is wrong")
    assert MARK in show("the key hunter2-hunter2 is wrong").replace("\\", "")


def test_a_text_that_is_cut_holds_no_part_of_it():
    hide("hunter2-hunter2")
    assert "hunter" not in quoted("x" * 30 + "hunter2-hunter2")
    assert "hunter" not in shortened("x" * 30 + "hunter2-hunter2", 40)


def test_an_error_shows_none():
    hide("hunter2-hunter2")
    error = PipelineError(
        "GET /?key=hunter2-hunter2 failed", "try hunter2-hunter2", details=["hunter2-hunter2"]
    )
    assert "hunter2" not in str(error)
    assert "hunter2" not in json.dumps(error.as_json())
    assert "hunter2" not in repr(error)


def test_each_line_of_a_key_is_left_out():
    hide("-----BEGIN KEY-----\nabcdefgh\nijklmnop\n-----END KEY-----\n")
    assert without_secrets("ijklmnop is a line of it") == f"{MARK} is a line of it"


def test_of_two_that_begin_alike_nothing_is_left():
    hide("abcdefgh")
    hide("abcdefghijkl")
    assert without_secrets("abcdefghijkl") == MARK


@pytest.mark.parametrize("value", ["", "a", "eth", "\n", "      "])
def test_a_value_that_is_a_part_of_ordinary_words_stays(value):
    hide(value)
    assert without_secrets("a price of ethereum") == "a price of ethereum"


def test_a_password_and_its_header_are_left_out():
    header = Credentials("ann", "hunter2-hunter2").basic()
    assert without_secrets(f"hunter2-hunter2, {header}") == f"{MARK}, Basic {MARK}"


def test_the_password_of_a_proxy_is_left_out():
    header = proxy_login(urllib.parse.urlsplit("http://ann:hunter2%2Fhunter2@proxy:3128"))[
        "Proxy-Authorization"
    ]
    assert without_secrets(f"hunter2/hunter2, hunter2%2Fhunter2, {header}") == f"{MARK}, {MARK}, Basic {MARK}"


def test_a_file_of_a_parameter_is_left_out(tmp_path):
    (tmp_path / "key").write_text("hunter2-hunter2\n")
    assert Secrets(files=True).of_parameter("x", f"@{tmp_path / 'key'}") == "hunter2-hunter2"
    assert without_secrets("hunter2-hunter2") == MARK
