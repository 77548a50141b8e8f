"""How steps are retried: which errors, how often, and with which pauses.

Which step is retried how stands in the table, `flows/steps/catalogue.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flows.errors import PipelineError
from flows.spaceone import CallError

Retried = Callable[[BaseException], bool]


def is_temporary(error: BaseException) -> bool:
    """Whether the same call may succeed a little later, for example after a timeout or an overload."""
    return isinstance(error, PipelineError) and error.temporary


def was_not_sent(error: BaseException) -> bool:
    """Whether a step that writes may be retried: a read failed, or the request was not sent.

    A write that may have arrived is never sent again.
    """
    if not is_temporary(error):
        return False
    return isinstance(error, CallError) and (error.reads or not error.may_have_arrived)


@dataclass(frozen=True)
class Retries:
    """How a step is retried.

    Attributes:
        tries: The number of tries, including the first.
        of: Returns whether an error is retried.
        text: The same, for the documentation.
        longest: Seconds of the longest pause. The first pause is one second, each further one twice as long.
    """

    tries: int
    of: Retried
    text: str
    longest: float = 10.0

    @property
    def pauses(self) -> tuple[float, ...]:
        """Seconds to wait before the second try, the third, and so on."""
        return tuple(min(2.0**number, self.longest) for number in range(self.tries - 1))


TEMPORARY = "temporary errors"
NEVER = Retries(1, is_temporary, "no errors")
ONCE_MORE = Retries(2, is_temporary, TEMPORARY)
BRIEF = Retries(3, is_temporary, TEMPORARY)
"""For first calls: a wrong address is reported within seconds."""
PATIENT = Retries(10, is_temporary, TEMPORARY)
"""65 s of pauses: a run survives a rolling restart of a service, which takes up to a minute."""
UNSENT = Retries(10, was_not_sent, "reads, and requests that were not sent")
