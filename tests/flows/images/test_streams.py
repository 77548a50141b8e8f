import io

import pytest

from flows.images.streams import Pieces


@pytest.mark.parametrize("size", [1, 3, 100])
def test_pieces_are_read_as_one_file(size):
    assert io.BufferedReader(Pieces([b"ab", b"", b"cde", b""]), size).read() == b"abcde"


def test_nothing_is_an_empty_file():
    assert Pieces([]).read(5) == b""
