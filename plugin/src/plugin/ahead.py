"""One page ahead: the next one is asked for while the one before is being streamed, and never more than that."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable

_Work = TypeVar("_Work")
_Answer = TypeVar("_Answer")


def ahead(
    work: Iterable[_Work], ask: Callable[[_Work], _Answer], enough: Callable[[_Answer], bool]
) -> Generator[tuple[_Work, _Answer], None, None]:
    """Each piece of work with its answer, in order; the next is asked for when an answer is taken.

    Whoever takes slowly holds back the asking. Closed, it asks for nothing more; a question that is under way ends
    by itself.

    Args:
        work: The pieces; none is fetched from it before it is asked for.
        ask: Gives the answer; called in another thread, but never twice at a time.
        enough: Whether nothing more needs to be asked for after an answer.
    """
    rest = iter(work)
    piece = next(rest, None)
    if piece is None:
        return
    # One piece alone, as nearly all collections have, needs no thread.
    answer = ask(piece)
    following = None if enough(answer) else next(rest, None)
    if following is None:
        yield piece, answer
        return
    asking = ThreadPoolExecutor(1, thread_name_prefix="ahead")
    try:
        while following is not None:
            coming = asking.submit(ask, following)
            yield piece, answer
            piece, answer = following, coming.result()
            following = None if enough(answer) else next(rest, None)
        yield piece, answer
    finally:
        asking.shutdown(wait=False, cancel_futures=True)
