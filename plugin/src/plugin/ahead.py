"""One page ahead: the next page is requested while the one before is streamed, and no further."""

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
    """Each piece of work with its answer, in order; the next request starts when an answer is taken.

    A slow reader thus slows the requests down. After `close` there are no more requests; one that is under way ends
    by itself.

    Args:
        work: The pieces; none is taken from it before its request.
        ask: Gives the answer; called in another thread, but never twice at a time.
        enough: Whether no more requests are needed after this answer.
    """
    rest = iter(work)
    piece = next(rest, None)
    if piece is None:
        return
    # A single piece, which nearly all collections consist of, needs no thread.
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
