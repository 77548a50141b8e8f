"""What the console is to draw for a number."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as some

from plugin.serving import shown

HUGE = 2500000000000000123


@pytest.mark.parametrize(
    ("number", "drawn"),
    [
        (1317802988326, 1317802988326),
        (-5, -5),
        (0.0, 0),
        (19675987.0, 19675987),
        (186285939.25, 186285939),
        (8.9, "8.9"),
        (998.99999, "999"),
        (999.99999, "1,000"),
        (-67187.3358936566, "-67,187.34"),
        (69000.0, "69,000"),
        (100892.34454, "100,892.3"),
        (9899999.94, "9,900,000"),
        (9999999.9, 10000000),
        (0.19472, "0.19472"),
        (-0.03799, "-0.03799"),
        (0.999999, "0.999999"),
        (0.0001, "0.0001"),
        (0.00001234, "0.00001234"),
        (-5.21e-9, "-0.00000000521"),
        (1.234567891e-20, "0.00000000000000000001234568"),
        (1e-300, "1e-300"),
        (1832e15 + 0.5, "1,832,000,000,000,000,000"),
        (1.5e300, "1.5e+300"),
        (HUGE, "2,500,000,000,000,000,123"),
        (-HUGE, "-2,500,000,000,000,000,123"),
        (Decimal("0.1234567890123456789"), "0.1234568"),
        (Decimal("12345678901234567.5"), "12,345,678,901,234,568"),
        (Decimal("1E+400"), "1E+400"),
        (Decimal("1E-400"), "1E-400"),
        ("n/a", "n/a"),
        (True, True),
    ],
)
def test_a_whole_number_stays_and_others_become_texts(number, drawn):
    assert shown({"price": number, "other": 1}, ["price"]) == {"price": drawn}


def test_what_is_absent_is_left_out():
    assert shown({"price": None}, ["price", "volume"]) == {}


FINITE = some.floats(allow_nan=False, allow_infinity=False)


@given(some.one_of(FINITE, some.integers(), some.decimals(allow_nan=False, allow_infinity=False)))
def test_the_console_garbles_none(number):
    """It puts commas behind the point of a number; and what it draws is near the number that it stands for."""
    drawn = shown({"n": number}, ["n"])["n"]
    if isinstance(drawn, str):
        assert not re.search(r"\.\d*,", drawn)
        assert float(drawn.replace(",", "")) == pytest.approx(float(number), rel=1e-6)
    else:
        assert drawn == int(drawn)
        assert abs(drawn) <= 2**53
        assert drawn == pytest.approx(float(number), rel=1e-6)
