"""The steps of all flows: one table of names, retries, time limits, and what each step changes.

`docs/steps.md` is made from it, and the flows, the terminal and Prefect use it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from flows.steps.retries import (
    BRIEF,
    NEVER,
    ONCE_MORE,
    PATIENT,
    TEMPORARY,
    UNSENT,
    Retries,
    is_temporary,
    was_not_sent,
)


@dataclass(frozen=True)
class StepKind:
    """One row of the table.

    Attributes:
        name: What the step is called.
        does: What it does, for the documentation.
        retries: How it is retried.
        seconds: How long one try may take.
        changes: What it changes; empty if nothing.
    """

    name: str
    does: str
    retries: Retries
    seconds: float
    changes: str = ""

    def named(self, name: str) -> StepKind:
        """The same step under a more exact name, such as `create schema` for `create KIND`."""
        return replace(self, name=name)


FETCH = StepKind(
    "fetch", "clones the repository of a source or a manifest that is given by a git address", BRIEF, 600
)
READ_SOURCE = StepKind("read source", "reads Dockerfile, VERSION, requirements and setup.py", NEVER, 60)
CONNECT = StepKind("connect", "asks identity which generation it speaks", BRIEF, 60)
CHECK_ENDPOINTS = StepKind("check endpoints", "asks every service for its version", BRIEF, 60)
PLAN = StepKind("plan", "compares source, registry and platform with what is declared", BRIEF, 300)
LOG_IN = StepKind(
    "log in to registry", "begins an upload and cancels it, to check that the user may push", BRIEF, 120
)
BUILD = StepKind("build image", "builds the image from the Dockerfile", ONCE_MORE, 1800, "the Docker engine")
INSPECT = StepKind("inspect image", "reads what was built", BRIEF, 120)
TRIAL = StepKind(
    "trial run", "runs the image until it serves what the plugin is registered as", ONCE_MORE, 3900
)
PUSH = StepKind(
    "push image",
    "compares with the registry again, and pushes",
    Retries(4, is_temporary, f"{TEMPORARY}; the registry is asked first what it holds"),
    900,
    "the registry",
)
LIST_PACKAGES = StepKind(
    "list packages", "reads the packages out of the image's files; nothing of it runs", ONCE_MORE, 300
)
ATTEST = StepKind(
    "attest image",
    "stores bill of materials and provenance beside the image",
    Retries(4, is_temporary, f"{TEMPORARY}; what is there already is not written again"),
    1800,
    "the registry",
)
FIND_PLUGIN = StepKind("find plugin", "finds the registered plugin", BRIEF, 60)
VERIFY = StepKind("verify image", "compares the image with its provenance, signature and source", BRIEF, 120)
LIST_BEFORE = StepKind("list what is there", "counts the platform's resources of each kind", PATIENT, 60)
CARRY_OUT = StepKind(
    "create KIND",
    "creates, registers or updates one resource; looks it up first and after a create; waits for a starting plugin",
    UNSENT,
    1200,
    "the platform",
)
LIST_AFTER = StepKind("list what is registered", "counts them again", PATIENT, 60)
RECORD = StepKind(
    "record release",
    "keeps with the plugin which image was released as this version",
    UNSENT,
    120,
    "the platform",
)
CHECK_RELEASE = StepKind(
    "check the image", "compares the registry's image with what was released as this version", BRIEF, 120
)
VERIFY_SECRETS = StepKind(
    "verify secrets", "asks the plugin whether it accepts the secrets of new service accounts", BRIEF, 300
)
COMPARE = StepKind(
    "compare",
    "compares registry and platform with the release that is in use, and with the manifest",
    BRIEF,
    300,
)
LIST_RELEASES = StepKind(
    "list releases",
    "reads what was released as each version, and asks the registry for each image",
    BRIEF,
    300,
)
FIND_COLLECTOR = StepKind("find collector", "finds the collector that a release made", PATIENT, 60)
WAIT = StepKind(
    "wait for a running job", "waits until no other collection of the collector runs", PATIENT, 7200
)
COLLECT = StepKind(
    "collect",
    "starts a collection",
    Retries(
        10, was_not_sent, "a request that was not sent; nothing else, because a second one cancels the first"
    ),
    180,
    "the platform",
)
FOLLOW = StepKind("follow the job", "reads the job until it has ended", PATIENT, 3600)
JUDGE = StepKind("judge", "reads the job's tasks and counts resources", PATIENT, 120)
READ_INVENTORY = StepKind("read the inventory", "reads what was collected", PATIENT, 120)
SHOW = StepKind("show a resource", "reads one resource in full", PATIENT, 120)

#: The steps of each flow, in their order.
FLOWS: dict[str, tuple[StepKind, ...]] = {
    "release": (
        *(FETCH, READ_SOURCE, CONNECT, CHECK_ENDPOINTS, PLAN),
        *(LOG_IN, BUILD, INSPECT, TRIAL, LIST_PACKAGES, PUSH, ATTEST),
        *(LIST_BEFORE, CARRY_OUT, LIST_AFTER, RECORD),
        *(VERIFY_SECRETS, WAIT, COLLECT, FOLLOW, JUDGE, READ_INVENTORY, SHOW),
    ),
    "recollect": (
        FETCH,
        CONNECT,
        FIND_COLLECTOR,
        CHECK_RELEASE,
        WAIT,
        COLLECT,
        FOLLOW,
        JUDGE,
        READ_INVENTORY,
        SHOW,
    ),
    "verify": (CONNECT, FIND_COLLECTOR, FIND_PLUGIN, VERIFY),
    "rollback": (
        *(FETCH, CONNECT, FIND_COLLECTOR, FIND_PLUGIN, CHECK_RELEASE, PLAN),
        *(LIST_BEFORE, CARRY_OUT, LIST_AFTER, WAIT, COLLECT, FOLLOW, JUDGE, READ_INVENTORY, SHOW),
    ),
    "history": (FETCH, CONNECT, FIND_COLLECTOR, FIND_PLUGIN, LIST_RELEASES),
    "drift": (FETCH, CONNECT, FIND_COLLECTOR, FIND_PLUGIN, COMPARE),
}

STEPS: tuple[StepKind, ...] = tuple(dict.fromkeys(kind for kinds in FLOWS.values() for kind in kinds))
"""All of them, each once."""
