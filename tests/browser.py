"""A real browser without a window, told what to do over its debugging protocol."""

from __future__ import annotations

import json
import shutil
import subprocess
from base64 import b64decode
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import pytest
import requests
from websockets.sync.client import connect

from tests.waiting import PATIENCE, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from websockets.sync.client import ClientConnection

T = TypeVar("T")
_NAMES = ("chromium", "chromium-browser", "google-chrome")


class Page:
    """The one page of a browser.

    Attributes:
        disturbed: Whether a request was lost because a network came or went, as with each container.
    """

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._last = 0
        self.disturbed = False
        self._call("Network.enable")

    def undisturbed(self, action: Callable[[], T]) -> T:
        """Does it again if it was disturbed, as a person loads a page again."""
        while True:
            self.disturbed = False
            found = action()
            if not self.disturbed:
                return found

    def open(self, url: str) -> None:
        """Goes to an address."""
        self._call("Page.navigate", url=url)
        wait_for(
            lambda: (
                self.run("document.readyState") == "complete" and self.run("location.href") != "about:blank"
            )
        )

    def run(self, script: str) -> Any:
        """Runs JavaScript as the page's own; gives its value. A promise is waited for."""
        found = self._call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def type(self, text: str) -> None:
        """Types into the field that has the focus."""
        self._call("Input.insertText", text=text)

    def resize(self, width: int, height: int) -> None:
        """Gives the window another size, in pixels."""
        self._call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )

    def picture(self) -> bytes:
        """What the window shows, as a PNG."""
        return b64decode(self._call("Page.captureScreenshot", format="png")["data"])

    def _call(self, method: str, **parameters: Any) -> Any:
        self._last += 1
        self._socket.send(json.dumps({"id": self._last, "method": method, "params": parameters}))
        while (answer := json.loads(self._socket.recv(PATIENCE))).get("id") != self._last:
            self.disturbed |= answer.get("params", {}).get("errorText") == "net::ERR_NETWORK_CHANGED"
        assert "error" not in answer, answer
        return answer["result"]


@contextmanager
def browser(folder: Path, *flags: str) -> Iterator[Page]:
    """Starts Chromium with a profile of its own in an empty folder. Where there is none, the test is skipped."""
    program = next(filter(None, map(shutil.which, _NAMES)), None)
    if program is None:
        pytest.skip("there is no Chromium")
    words = [
        program,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--no-proxy-server",
    ]
    words += ["--remote-debugging-port=0", f"--user-data-dir={folder}", *flags, "about:blank"]
    with (folder.with_suffix(".log")).open("wb") as log:
        process = subprocess.Popen(words, stdout=log, stderr=log)
    try:
        told = folder / "DevToolsActivePort"
        port, *_ = wait_for(lambda: told.exists() and told.read_text().split(), "the browser's start")
        pages = requests.get(f"http://127.0.0.1:{port}/json", timeout=PATIENCE).json()
        address = next(each["webSocketDebuggerUrl"] for each in pages if each["type"] == "page")
        with connect(address, max_size=None, open_timeout=PATIENCE) as socket:
            yield Page(socket)
    finally:
        process.terminate()
        process.wait(PATIENCE)
