"""One piece ahead: never two questions at a time, never further, and no more of them once it is closed."""

from __future__ import annotations

import threading

import pytest

from plugin.ahead import ahead


class Asked:
    """Answers each piece with itself, and knows what it was asked for, and in which threads."""

    def __init__(self):
        self.pieces, self.threads, self.event = [], set(), threading.Event()

    def __call__(self, piece):
        self.pieces.append(piece)
        self.threads.add(threading.current_thread())
        self.event.set()
        if piece == "bad":
            raise ValueError("bad")
        return piece


def never(_answer):
    return False


@pytest.mark.parametrize("count", [0, 1, 2, 5])
def test_all_answers_come_in_order(count):
    ask = Asked()
    assert list(ahead(range(count), ask, never)) == [(piece, piece) for piece in range(count)]
    assert ask.pieces == list(range(count))


def test_one_piece_needs_no_thread():
    ask = Asked()
    list(ahead([1], ask, never))
    assert ask.threads == {threading.current_thread()}


def test_the_next_is_asked_for_while_one_is_used_and_no_more():
    ask = Asked()
    answers = ahead(range(5), ask, never)
    ask.event.clear()
    assert next(answers) == (0, 0)
    assert ask.event.wait(60)
    ask.event.clear()
    assert not ask.event.wait(0.1)
    assert ask.pieces == [0, 1]
    next(answers)
    answers.close()
    assert ask.pieces[:2] == [0, 1]
    assert len(ask.pieces) <= 3


def test_enough_is_enough():
    ask = Asked()
    assert list(ahead(range(5), ask, lambda answer: answer == 1)) == [(0, 0), (1, 1)]
    assert ask.pieces == [0, 1]


def test_an_error_comes_where_its_answer_was_due():
    answers = ahead([1, "bad", 3], Asked(), never)
    assert next(answers) == (1, 1)
    with pytest.raises(ValueError, match="bad"):
        next(answers)
