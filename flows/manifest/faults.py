"""All faults of a manifest, so that an author sees them in one run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from flows.manifest.errors import ManifestError

_SHOWN = 30  # faults in a message


class Faults:
    """Collects the errors of independent parts of a manifest."""

    def __init__(self) -> None:
        self._found: list[ManifestError] = []

    def __bool__(self) -> bool:
        return bool(self._found)

    def add(self, error: ManifestError) -> None:
        """Keeps an error."""
        self._found.append(error)

    @contextmanager
    def collecting(self) -> Iterator[None]:
        """Keeps a `ManifestError` that is raised inside."""
        try:
            yield
        except ManifestError as error:
            self._found.append(error)

    def check(self) -> None:
        """Raises what was found, if anything.

        Raises:
            ManifestError: one fault as it is; several as one error, which has their common class if they have one.
        """
        if not self._found:
            return
        first, *others = self._found
        if not others:
            raise first
        kind = type(first) if all(type(error) is type(first) for error in others) else ManifestError
        messages = [error.message for error in self._found[:_SHOWN]]
        if left := len(self._found) - _SHOWN:
            messages += [f"And {left} more."] if left > 0 else []
        advice = dict.fromkeys(error.advice for error in self._found if error.advice)
        raise kind("\n".join(messages), " ".join(advice))
