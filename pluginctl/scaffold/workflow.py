"""The workflow for GitHub Actions: it checks and plans on a pull request, and releases on a tag.

No text of the repository is in it, and no expression is made from any: the only word that it takes over is the name of
the environment, which is a word of small letters, digits and hyphens. Secrets reach the steps that need them alone, and
no pull request of a fork.
"""

from __future__ import annotations

from typing import Any

from pluginctl.scaffold.environment import REGISTRY_PASSWORD, REGISTRY_USER, TOKEN, WORKSPACE_TOKEN, Target
from pluginctl.scaffold.writing import File
from pluginctl.scaffold.yaml_text import yaml_text

PATH = ".github/workflows/pluginctl.yaml"

#: By their commits, which nobody can move as a tag can be moved. Renovate and Dependabot keep them up to date.
CHECKOUT = "actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683"
SETUP_PYTHON = "actions/setup-python@a26af69be951a213d495a4c3e4e4022e16d87065"
_COMMENT = (
    "Written once by `pluginctl init`; yours from now on.",
    "The actions are named by commits: actions/checkout v4.2.2, actions/setup-python v5.6.0.",
)
_RUNNER = "ubuntu-24.04"
_READ_TOKENS = {TOKEN: "PLUGINCTL_READ_TOKEN", WORKSPACE_TOKEN: "PLUGINCTL_READ_WORKSPACE_TOKEN"}
_SAME_REPOSITORY = "github.event.pull_request.head.repo.full_name == github.repository"
_ON_PULL_REQUEST = "github.event_name == 'pull_request'"

#: The secrets of the repository, or of GitHub's environment, that somebody has to set.
SECRETS_TO_READ = (*_READ_TOKENS.values(), "PLUGINCTL_READ_REGISTRY_USER", "PLUGINCTL_READ_REGISTRY_PASSWORD")
SECRETS_TO_RELEASE = (TOKEN, WORKSPACE_TOKEN, REGISTRY_USER, REGISTRY_PASSWORD)


def workflow_file(target: Target, version: str, *, publish_only: bool) -> File:
    """The workflow.

    Args:
        target: The environment.
        version: Of pluginctl, which is installed.
        publish_only: Whether a release ends when the plugin is registered.
    """
    extra = "[sandbox]" if target.sandbox else ""
    install = f"python -m pip install 'spaceone-plugin-pipeline{extra}=={version}'"
    release = f"pluginctl release {target.name}{' --publish-only' if publish_only else ''}"
    of_sandbox = target.sandbox is not None
    data = {
        "name": "Plugin",
        "on": {"pull_request": {}, "push": {"tags": ["v[0-9]*", "[0-9]*"]}},
        "permissions": {"contents": "read"},
        "jobs": {
            "check": _check(install),
            "plan": _plan_in_sandbox(target, install, release)
            if of_sandbox
            else _plan(target, install, release),
            "release": _release(target, install, release),
        },
    }
    return File(PATH, yaml_text(data, _COMMENT))


def _check(install: str) -> dict[str, Any]:
    return {
        "name": "Check source and manifest",
        "runs-on": _RUNNER,
        "timeout-minutes": 10,
        "steps": [*_prepared(install), {"name": "Check", "run": "pluginctl check"}],
    }


def _plan_in_sandbox(target: Target, install: str, release: str) -> dict[str, Any]:
    """In a sandbox of the runner: it needs no secret, so that forks get a plan, too."""
    return {
        "name": "Plan in a sandbox",
        "needs": "check",
        "if": _ON_PULL_REQUEST,
        "runs-on": _RUNNER,
        "timeout-minutes": 40,
        "steps": [
            *_prepared(install),
            _start(target),
            {"name": "Plan", "run": f"{release} --dry-run"},
        ],
    }


def _plan(target: Target, install: str, release: str) -> dict[str, Any]:
    """With tokens that only read, for what somebody has proposed who may write to the repository.

    The environment is that of the base branch: a pull request must not say where a token goes.
    """
    base = f"../base/{target.path}"
    folder = base.rpartition("/")[0]
    script = (
        'if [ -z "$PLUGINCTL_TOKEN" ]; then\n'
        '  echo "There is no secret PLUGINCTL_READ_TOKEN: no plan."\n'
        f"elif [ ! -f {base} ]; then\n"
        f'  echo "The base branch has no {target.path}: no plan."\n'
        "else\n"
        f"  {release} --dry-run --environments {folder}\n"
        "fi\n"
    )
    variables = {
        **_READ_TOKENS,
        REGISTRY_USER: "PLUGINCTL_READ_REGISTRY_USER",
        REGISTRY_PASSWORD: "PLUGINCTL_READ_REGISTRY_PASSWORD",
    }
    return {
        "name": "Plan",
        "needs": "check",
        "if": f"{_ON_PULL_REQUEST} && {_SAME_REPOSITORY}",
        "runs-on": _RUNNER,
        "timeout-minutes": 20,
        "steps": [
            _checkout(path="proposed"),
            _checkout(path="base", ref="${{ github.event.pull_request.base.sha }}"),
            *_python(install),
            {
                "name": "Plan",
                "working-directory": "proposed",
                "env": {name: _secret(secret) for name, secret in variables.items()},
                "run": script,
            },
        ],
    }


def _release(target: Target, install: str, release: str) -> dict[str, Any]:
    variables = {} if target.sandbox else {name: _secret(name) for name in SECRETS_TO_RELEASE}
    return {
        "name": "Release",
        "needs": "check",
        "if": "github.event_name == 'push'",
        "runs-on": _RUNNER,
        "timeout-minutes": 60,
        **({} if target.sandbox else {"environment": {"name": target.name}}),
        "concurrency": {"group": f"release-{target.name}", "cancel-in-progress": False},
        "steps": [
            *_prepared(install),
            {"name": "Is the tag the version?", "run": 'pluginctl check --tag "$GITHUB_REF_NAME"'},
            *([_start(target)] if target.sandbox else []),
            {"name": "Release", **({"env": variables} if variables else {}), "run": release},
        ],
    }


def _start(target: Target) -> dict[str, Any]:
    return {
        "name": "Start a sandbox",
        "run": f"pluginctl sandbox up --generation {target.sandbox}",
    }


def _prepared(install: str) -> list[dict[str, Any]]:
    return [_checkout(), *_python(install)]


def _checkout(**more: str) -> dict[str, Any]:
    """With the whole history, which says when the source was changed last."""
    return {
        "name": f"Check out {more['path']}" if more else "Check out",
        "uses": CHECKOUT,
        "with": {**more, "fetch-depth": 0, "persist-credentials": False},
    }


def _python(install: str) -> list[dict[str, Any]]:
    return [
        {"name": "Set up Python", "uses": SETUP_PYTHON, "with": {"python-version": "3.12"}},
        {"name": "Install pluginctl", "run": install},
    ]


def _secret(name: str) -> str:
    return f"${{{{ secrets.{name} }}}}"
