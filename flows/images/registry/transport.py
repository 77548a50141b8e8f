"""How requests travel to a registry: scheme, login, retries, time limits, and errors that say what to do."""

from __future__ import annotations

import ipaddress
import time
import warnings
from dataclasses import replace
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

import requests
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception,
    stop_after_attempt,
    wait_exponential,
    wait_random,
)
from urllib3.exceptions import InsecureRequestWarning

from flows.images.errors import RegistryRefused, RegistryUnreachable, UnexpectedAnswer
from flows.images.reference import DOCKER_HUB
from flows.images.registry.auth import Anonymous, Bearer, Challenge, Credentials, Login

if TYPE_CHECKING:
    from requests.auth import AuthBase

CONNECT_SECONDS = 5.0
MAX_WAIT_SECONDS = 30.0
"""A registry that asks to wait longer than this (Docker Hub's limits last hours) is not waited for."""

_HUB_API = "https://registry-1.docker.io"
_BUSY = {429, 500, 502, 503, 504}
_BACKOFF = wait_exponential(multiplier=0.2, max=5.0) + wait_random(0.0, 0.2)


class Transport:
    """The connections to one registry; `name` is how messages call it."""

    def __init__(
        self,
        address: str | None,
        *,
        insecure: bool,
        credentials: Credentials | None,
        timeout: float,
        attempts: int,
    ) -> None:
        self.name = address or DOCKER_HUB
        self._address = address
        self._insecure = insecure
        self._credentials = credentials
        self._timeout = (min(CONNECT_SECONDS, timeout), timeout)
        self._attempts = attempts
        self._session = requests.Session()
        # A registry on this machine is never behind a proxy.
        self._session.trust_env = not _is_loopback(address)
        self._base: str | None = None
        self._logins: dict[str, AuthBase] = {}

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def send(
        self, method: str, path: str, *, accept: str, scope: str = "", token_scope: str = ""
    ) -> requests.Response:
        """Send what may be sent twice, and return the answer, whatever its status but 401, 403, 429 and the 5xx.

        Nobody answering, 429 and 5xx are tried again, as Retry-After asks. A 401 is answered by logging in;
        the login is kept for later requests of the same `scope` (a repository) or `token_scope`: what a token
        is asked for, instead of what the registry's challenge names.

        Raises:
            RegistryUnreachable: nobody answers, or not now.
            RegistryRefused: the registry lets nobody in, or not this user.
            UnexpectedAnswer: it asks for a login in a way that would give the password away.
        """
        retrying = Retrying(
            stop=stop_after_attempt(self._attempts),
            wait=_pause,
            retry=retry_if_exception(_is_worth_waiting),
            reraise=True,
        )
        return retrying(self._try, method, path, accept, scope, token_scope)

    def login(self, scope: str) -> Login:
        """Return how the registry let in what was sent in that scope (or token scope)."""
        auth = self._logins.get(scope, Anonymous())
        user = self._credentials if self._credentials and not isinstance(auth, Anonymous) else None
        return Login(user.username if user else None, token=isinstance(auth, Bearer))

    def path_of(self, url: str) -> str:
        """Return the path (and query) of a URL of this registry; a login is never sent to another host."""
        base = self._base_url()
        if not url.startswith(f"{base}/"):
            raise UnexpectedAnswer(self.name, f"continues its answer at another address, {url}")
        return url.removeprefix(base)

    def object(self, response: requests.Response) -> dict[str, Any]:
        """Return a successful answer's JSON object.

        Raises:
            UnexpectedAnswer: any other status, or no JSON object.
        """
        self.expect_ok(response)
        try:
            body = response.json()
        except requests.exceptions.JSONDecodeError:
            body = None
        if not isinstance(body, dict):
            raise UnexpectedAnswer(
                self.name,
                f"answered {_shown(response)} with something else than a JSON object; is it one?",
            )
        return body

    @staticmethod
    def words(response: requests.Response) -> str:
        """Return an answer's status with the registry's own words, where it has some."""
        return f"{response.status_code} {response.reason}{_words(response)}"

    def expect_ok(self, response: requests.Response) -> None:
        """Raise UnexpectedAnswer unless the status is 200."""
        if response.status_code != requests.codes.ok:
            raise UnexpectedAnswer(
                self.name,
                f"answered {self.words(response)} to {_shown(response)}; is it the address of an image registry?",
            )

    def _try(self, method: str, path: str, accept: str, scope: str, token_scope: str) -> requests.Response:
        url, kept = self._base_url() + path, token_scope or scope
        response = self._send(method, url, accept, self._logins.get(kept, Anonymous()))
        if response.status_code == requests.codes.unauthorized:
            challenge = Challenge.parse(response.headers.get("WWW-Authenticate", ""))
            if token_scope:
                challenge = replace(challenge, scope=token_scope)
            self._logins[kept] = login = self._log_in(challenge, response)
            response = self._send(method, url, accept, login)
        if response.status_code in {requests.codes.unauthorized, requests.codes.forbidden}:
            raise self._refused(response, response.request.method)
        self._expect_not_busy(response)
        return response

    def _send(
        self,
        method: str,
        url: str,
        accept: str,
        auth: AuthBase,
        *,
        params: list[tuple[str, str]] | None = None,
    ) -> requests.Response:
        try:
            with warnings.catch_warnings():
                # Said once, in the environment's file: insecure.
                warnings.simplefilter("ignore", InsecureRequestWarning)
                return self._session.request(
                    method,
                    url,
                    params=params,
                    headers={"Accept": accept},
                    auth=auth,
                    timeout=self._timeout,
                    verify=not self._insecure,
                    allow_redirects=True,
                )
        except requests.exceptions.SSLError as error:
            problem = (
                f"no trusted TLS connection ({_cause(error)}); if it speaks plain HTTP or its certificate is "
                "self-made, set `insecure: true` in the environment's registry"
            )
            raise RegistryUnreachable(self.name, problem, temporary=False) from error
        except requests.exceptions.Timeout as error:
            problem = f"did not answer within {self._timeout[1]:g} s; is the address right, is it overloaded?"
            raise RegistryUnreachable(self.name, problem) from error
        except requests.exceptions.RequestException as error:
            problem = f"cannot be reached ({_cause(error)}); check the address, and that it is running"
            raise RegistryUnreachable(self.name, problem) from error

    def _base_url(self) -> str:
        """Choose between HTTPS and HTTP once, as the Docker engine does: TLS first, where it is insecure."""
        if self._base is None:
            if self._address is None:
                self._base = _HUB_API
            elif not self._insecure:
                self._base = f"https://{self._address}"
            else:
                try:
                    self._send("GET", f"https://{self._address}/v2/", "*/*", Anonymous())
                    self._base = f"https://{self._address}"
                except RegistryUnreachable:
                    self._send("GET", f"http://{self._address}/v2/", "*/*", Anonymous())
                    self._base = f"http://{self._address}"
        return self._base

    def _log_in(self, challenge: Challenge, response: requests.Response) -> AuthBase:
        if challenge.scheme == "basic" and self._credentials:
            return self._credentials.basic()
        if challenge.scheme != "bearer":
            raise self._refused(response, response.request.method)
        if not challenge.is_safe(insecure=self._insecure):
            problem = f"asks to log in at {challenge.realm!r}, which is not HTTPS; nothing was sent there"
            raise UnexpectedAnswer(self.name, f"{problem}. Correct the registry's token realm")
        auth = self._credentials.basic() if self._credentials else Anonymous()
        answer = self._send("GET", challenge.realm, "application/json", auth, params=challenge.query())
        self._expect_not_busy(answer)
        if answer.status_code != requests.codes.ok:
            raise self._refused(answer, response.request.method)
        body = self.object(answer)
        token = body.get("token") or body.get("access_token")
        if not token:
            raise UnexpectedAnswer(self.name, f"its token server {challenge.realm} gave no token")
        return Bearer(str(token))

    def _expect_not_busy(self, response: requests.Response) -> None:
        if response.status_code in _BUSY:
            wait = _retry_after(response)
            when = f"in {wait:.0f} s" if wait else "later"
            raise RegistryUnreachable(
                self.name, f"answered {self.words(response)}; try again {when}", retry_after=wait
            )

    def _refused(self, response: requests.Response, method: str | None) -> RegistryRefused:
        reads = method in {"GET", "HEAD"}
        if self._credentials:
            right = "read" if reads else "push to"
            who, advice = (
                f"user {self._credentials.username!r}",
                f"check the password, and that the user may {right} this repository",
            )
        else:
            who = f"an anonymous {'reader' if reads else 'push'}"
            advice = f"give the environment's registry a user and a password, or `docker login {self.name}`"
        # Registries with a token server tell nobody what is not there: Docker Hub among them.
        asked = response.headers.get("WWW-Authenticate", "")
        absent = reads and self._credentials is not None and "insufficient_scope" in asked
        problem = f"refuses {who} ({response.status_code}{_words(response)}); {advice}"
        return RegistryRefused(self.name, problem, maybe_absent=absent)


def _shown(response: requests.Response) -> str:
    """An answer's address without its query: where storage is redirected to, that holds a signature."""
    return response.url.partition("?")[0]


def _is_loopback(address: str | None) -> bool:
    host = (address or "").partition(":")[0]
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _cause(error: BaseException) -> str:
    """Return the innermost reason of an exception of requests: "Connection refused" and the like."""
    inner: BaseException = error
    while isinstance(reason := getattr(inner, "reason", None) or (inner.args or [None])[0], BaseException):
        inner = reason
    return (getattr(inner, "strerror", None) or str(inner)).rpartition(": ")[2] or type(inner).__name__


def _words(response: requests.Response) -> str:
    """Return ": <the registry's own words>" of an error body, if there are some."""
    try:
        errors = response.json()["errors"]
        return f": {errors[0].get('message') or errors[0]['code']}"
    except (requests.exceptions.JSONDecodeError, KeyError, IndexError, TypeError, AttributeError):
        return ""


def _retry_after(response: requests.Response) -> float | None:
    value = response.headers.get("Retry-After", "")
    if value.isdecimal():
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except (TypeError, ValueError):
        return None


def _is_worth_waiting(error: BaseException) -> bool:
    return (
        isinstance(error, RegistryUnreachable)
        and error.temporary
        and (error.retry_after or 0.0) <= MAX_WAIT_SECONDS
    )


def _pause(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, RegistryUnreachable) and error.retry_after is not None:
        return error.retry_after
    return _BACKOFF(state)
