"""What the flows begin with that go on with, or look at, what was released."""

from __future__ import annotations

from flows.manifest import Environment, Manifest, split_parameters
from flows.steps import inputs
from flows.steps.repositories import fetching
from flows.steps.runner import Runner
from flows.tasks.deployed import begin
from flows.tasks.secrets import secrets


def read_released(
    environment: str, manifest: str, parameters: str, runner: Runner
) -> tuple[Environment, Manifest]:
    """Begins a run and reads the environment, and the manifest that something was released with.

    Args:
        environment: Its name.
        manifest: The folder of the manifest in the checkout, or a git address; empty for the usual place.
        parameters: Those that it was released with, in one line.
        runner: Runs the step that clones a repository.

    Raises:
        OtherVersion: another version of the pipeline has deployed the run.
        InputRefused, ManifestError, NotFetched: something cannot be read.
    """
    begin()
    place, where = inputs.environment(environment), inputs.manifest(manifest)
    with fetching(runner) as fetch:
        folder = fetch(where, "manifest")
        return place, Manifest.load(folder, split_parameters(parameters), secrets(), written=False)
