"""Requests to a registry: scheme, login, time limits, and errors that say what to do.

Each request is sent once: the caller decides about retries, and can report them.
"""

from __future__ import annotations

import ipaddress
import ssl
import time
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from http.client import HTTPException
from typing import IO, TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from flows.hidden import hide
from flows.images.errors import RegistryRefused, RegistryUnreachable, UnexpectedAnswer
from flows.images.reference import DOCKER_HUB
from flows.images.registry.auth import Challenge, Credentials, Login
from flows.images.registry.connection import TooSlow
from flows.images.registry.http import ANSWER_BYTES, ANSWER_SECONDS, Session, TooLarge
from flows.text import shortened

if TYPE_CHECKING:
    from collections.abc import Callable

    from flows.images.registry.helpers import Helper
    from flows.images.registry.http import Response

CONNECT_SECONDS = 5.0
MAX_WAIT_SECONDS = 30.0
"""If a registry asks to wait longer than this (Docker Hub's limits last hours), there is no retry."""

_HUB_API = "https://registry-1.docker.io"
_USER_AGENT = "spaceone-plugin-pipeline"
_BEARER = "Bearer "
_BUSY = {429, 500, 502, 503, 504}
_QUOTED = 500
"""The most characters of a registry's message, or of an address that it names, in an error."""
_CHECK_ADDRESS = "Check the address, and that the registry is running"
_NOT_TRUSTED = (
    "If its certificate is of a private authority, name that in registry.root_certificates of the environment. If the "
    "registry has no TLS, write `insecure: http` there"
)
Insecure = Literal["http", "tls"]
"""What a registry lacks: TLS, or a certificate that can be verified."""


@dataclass(frozen=True, slots=True)
class Content:
    """What a request sends: its media type and its bytes."""

    type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class FileContent:
    """What a request sends out of a file: its media type, the file, its digest (`sha256:<hex>`) and size in bytes."""

    type: str
    file: IO[bytes]
    digest: str
    size: int


class Transport:
    """The connections to one registry; `name` is its name in messages."""

    def __init__(
        self,
        address: str | None,
        *,
        insecure: Insecure | None,
        credentials: Callable[[], Credentials | None],
        missing_helper: Callable[[], Helper | None] = lambda: None,
        timeout: float,
        unencrypted_login: bool = False,
        root_certificates: str | None = None,
        client_certificate: str | None = None,
    ) -> None:
        self.name = address or DOCKER_HUB
        self._address = address
        self._insecure = insecure
        self._plain_login = unencrypted_login
        self._ask_credentials = credentials
        self._missing_helper = missing_helper
        self._timeout = timeout
        self._session = Session(
            min(CONNECT_SECONDS, timeout),
            timeout,
            verify=insecure is None,
            trust_env=not _is_loopback(address),  # a registry on this machine is never behind a proxy
            root_certificates=root_certificates,
            client_certificate=client_certificate,
        )
        self._logins: dict[str, str] = {}

    @property
    def _credentials(self) -> Credentials | None:
        """Read only if the registry requires a login, because Docker's large client looks it up."""
        return self._ask_credentials()

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def send(
        self,
        method: str,
        path: str,
        *,
        accept: str,
        scope: str = "",
        token_scope: str = "",
        limit: int = ANSWER_BYTES,
        content: Content | FileContent | None = None,
    ) -> Response:
        """Send a request and return the response with any status except 401, 403, 429 and 5xx.

        A 401 is answered by logging in; the login is kept for later requests of the same `scope` (a repository) or
        `token_scope`: what a token is asked for, instead of what the registry's challenge names. `limit` is the most
        bytes that the answer may have, `content` the body of the request.

        Raises:
            RegistryUnreachable: the registry does not respond, or not now.
            RegistryRefused: the registry does not admit this user, or anonymous access.
            UnexpectedAnswer: it requires a login that would expose the password, or its answer is too large.
        """
        url, kept = self._base_url() + path, token_scope or scope
        response = self._send(method, url, accept, self._logins.get(kept, ""), limit, content)
        if response.status == HTTPStatus.UNAUTHORIZED:
            challenge = Challenge.parse(response.header("WWW-Authenticate"))
            if token_scope:
                challenge = replace(challenge, scope=token_scope)
            self._logins[kept] = login = self._log_in(challenge, response)
            response = self._send(method, url, accept, login, limit, content)
        if response.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            raise self._refused(response, response.method)
        self._expect_not_busy(response)
        return response

    def login(self, scope: str) -> Login:
        """Return the login that the registry accepted in that scope (or token scope)."""
        login = self._logins.get(scope, "")
        user = self._credentials if login else None
        return Login(user.username if user else None, token=login.startswith(_BEARER))

    def path_of(self, url: str) -> str:
        """Return the path (and query) of a URL of this registry; a login is never sent to another host."""
        base = self._base_url()
        if not url.startswith(f"{base}/"):
            raise UnexpectedAnswer(self.name, f"continues its answer at another address, {_address(url)}")
        return url.removeprefix(base)

    def object(self, response: Response) -> dict[str, Any]:
        """Return a successful answer's JSON object.

        Raises:
            UnexpectedAnswer: any other status, or no JSON object.
        """
        self.expect_ok(response)
        body = response.json()
        if not isinstance(body, dict):
            raise UnexpectedAnswer(
                self.name,
                f"did not answer {_address(response.url)} with a JSON object",
                "Is it the address of an image registry?",
            )
        return body

    @staticmethod
    def words(response: Response) -> str:
        """Return a response's status, with the registry's message if it has one."""
        return f"{response.status} {shortened(response.reason, _QUOTED)}{_words(response)}"

    def expect_ok(self, response: Response) -> None:
        """Raise UnexpectedAnswer unless the status is 200."""
        if response.status != HTTPStatus.OK:
            raise UnexpectedAnswer(
                self.name,
                f"answered {self.words(response)} to {_address(response.url)}",
                "Is it the address of an image registry?",
            )

    def _send(
        self,
        method: str,
        url: str,
        accept: str,
        login: str = "",
        limit: int = ANSWER_BYTES,
        content: Content | FileContent | None = None,
    ) -> Response:
        headers = {"Accept": accept, "User-Agent": _USER_AGENT}
        if content:
            headers["Content-Type"] = content.type
        if login:
            headers["Authorization"] = login
        body: bytes | IO[bytes] | None = content.data if isinstance(content, Content) else None
        if isinstance(content, FileContent):
            body, headers["Content-Length"] = content.file, str(content.size)
        try:
            return self._session.request(method, url, headers, limit, body)
        except TooLarge as error:
            size = f"{error.limit // 2**20} MiB"
            problem = f"sent more than {size} as an answer to {method} {_address(error.url)}"
            raise UnexpectedAnswer(self.name, problem, "Is it the address of an image registry?") from error
        except TooSlow as error:
            problem = f"did not complete its answer to {method} {_address(url)} within {ANSWER_SECONDS:g} s"
            raise RegistryUnreachable(self.name, problem, "Is the registry overloaded?") from error
        except (ssl.SSLEOFError, ssl.SSLZeroReturnError) as error:
            raise RegistryUnreachable(self.name, "closed the connection", _CHECK_ADDRESS) from error
        except ssl.SSLError as error:
            problem = f"cannot be reached over trusted TLS ({_cause(error)})"
            advice = _CHECK_ADDRESS if self._insecure else _NOT_TRUSTED
            raise RegistryUnreachable(self.name, problem, advice, temporary=False) from error
        except TimeoutError as error:
            problem = f"did not answer within {self._timeout:g} s"
            raise RegistryUnreachable(
                self.name, problem, "Is the address right? Is the registry overloaded?"
            ) from error
        except (OSError, HTTPException, ValueError) as error:
            problem = f"cannot be reached ({_cause(error)})"
            raise RegistryUnreachable(self.name, problem, _CHECK_ADDRESS) from error

    def _base_url(self) -> str:
        if self._address is None:
            return _HUB_API
        return f"{'http' if self._insecure == 'http' else 'https'}://{self._address}"

    def _log_in(self, challenge: Challenge, response: Response) -> str:
        if challenge.scheme == "basic" and self._credentials:
            self._expect_encrypted(f"http://{self.name}" if self._insecure == "http" else "https:")
            return self._credentials.basic()
        if challenge.scheme != "bearer":
            raise self._refused(response, response.method)
        if not challenge.is_safe(insecure=self._insecure == "http"):
            problem = (
                f"asks to log in at {_address(challenge.realm)!r}, which is not HTTPS; nothing was sent there"
            )
            raise UnexpectedAnswer(self.name, problem, "Correct the registry's token realm")
        if self._credentials:
            self._expect_encrypted(challenge.realm)
        login = self._credentials.basic() if self._credentials else ""
        answer = self._send("GET", challenge.token_url(), "application/json", login)
        self._expect_not_busy(answer)
        if answer.status != HTTPStatus.OK:
            raise self._refused(answer, response.method)
        body = self.object(answer)
        token = body.get("token") or body.get("access_token")
        if not token:
            raise UnexpectedAnswer(
                self.name, f"has a token server, {_address(challenge.realm)}, that returned no token"
            )
        return f"{_BEARER}{hide(str(token))}"

    def _expect_encrypted(self, url: str) -> None:
        """Refuse to send a password over plain HTTP to another machine, unless that is wanted."""
        parts = urlsplit(url)
        if parts.scheme == "http" and not self._plain_login and not _is_loopback(parts.hostname):
            raise UnexpectedAnswer(
                self.name,
                "asks for a password, which would be sent without TLS; nothing was sent",
                "Use TLS. In a network that nobody else can read, write `unencrypted: [registry-login]` into the "
                "environment",
            )

    def _expect_not_busy(self, response: Response) -> None:
        if response.status in _BUSY:
            wait = _retry_after(response)
            when = f"in {wait:.0f} s" if wait else "later"
            raise RegistryUnreachable(
                self.name,
                f"answered {self.words(response)}",
                f"Try again {when}",
                temporary=(wait or 0.0) <= MAX_WAIT_SECONDS,
                retry_after=wait,
            )

    def _refused(self, response: Response, method: str) -> RegistryRefused:
        reads = method in {"GET", "HEAD"}
        why = ""
        if self._credentials:
            right = "read" if reads else "push to"
            who, advice = (
                f"user {self._credentials.username!r}",
                f"Check the password, and that the user may {right} this repository",
            )
        else:
            who = f"an anonymous {'reader' if reads else 'push'}"
            advice = f"Give the environment's registry a user and a password, or `docker login {self.name}`"
            if helper := self._missing_helper():
                why, advice = f"; {helper.problem}", helper.advice
        # Registries with a token server, such as Docker Hub, do not say that a repository is absent.
        asked = response.header("WWW-Authenticate")
        absent = reads and self._credentials is not None and "insufficient_scope" in asked
        problem = f"refuses {who} ({response.status}{_words(response)}){why}"
        return RegistryRefused(self.name, problem, advice, maybe_absent=absent)


def _address(url: str) -> str:
    """An address for a message, without its query, which contains a signature after a redirect to storage."""
    return shortened(url.partition("?")[0], _QUOTED)


def _is_loopback(address: str | None) -> bool:
    host = (address or "").partition(":")[0]
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _cause(error: BaseException) -> str:
    """Return the reason in a connection's error, such as "Connection refused"."""
    reason = (getattr(error, "strerror", None) or str(error)).rpartition(": ")[2]
    return shortened(reason, _QUOTED) or type(error).__name__


def _words(response: Response) -> str:
    """Return ": <the registry's message>" from an error body, or an empty text."""
    try:
        errors = response.json()["errors"]
        return f": {shortened(str(errors[0].get('message') or errors[0]['code']), _QUOTED)}"
    except (KeyError, IndexError, TypeError, AttributeError):
        return ""


def _retry_after(response: Response) -> float | None:
    value = response.header("Retry-After")
    if value.isdecimal():
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except (TypeError, ValueError, OverflowError):
        return None
