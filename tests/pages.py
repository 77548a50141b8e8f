"""The pages of the sandbox's Prefect, in a browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.waiting import wait_for

if TYPE_CHECKING:
    from sandbox.lifecycle import Summary
    from tests.browser import Page


def log_in(page: Page, sandbox: Summary, path: str) -> str:
    """Opens a page and gives the password; gives what it had shown before."""
    assert sandbox.prefect_password is not None
    page.open(f"{sandbox.prefect}{path}")
    field = "document.querySelector('input[type=password]')"
    wait_for(lambda: page.run(f"!!{field}") or page.disturbed, "the question for the password", pause=0.2)
    before: str = page.run("document.body.innerText")
    page.run(f"{field}?.focus()")
    page.type(sandbox.prefect_password)
    page.run("document.querySelector('button[type=submit]')?.click()")
    return before
