"""Where an image is placed, beside the platform's own code: what its connectors ask for, and what its supervisor pulls.

The connectors are those of the locked versions, in the image of a sandbox's services (`platform_connectors.py`).
"""

from __future__ import annotations

import json
import uuid
from pathlib import Path

import pytest

from flows.images import ImageReference
from flows.images.placement import place
from flows.images.registry import Registry
from flows.images.registry.artifacts import Descriptor
from flows.images.registry.transport import Content
from flows.manifest.models import Plugin
from flows.manifest.registries import REGISTRY_TYPES
from sandbox import images
from sandbox.engine import base_image
from sandbox.machine.layout import Layout
from sandbox.machine.progress import Quiet
from sandbox.spaceone.generations import GENERATIONS
from tests.registry import serving

pytestmark = [pytest.mark.integration, pytest.mark.engine]

NAME = f"connectors-test-{uuid.uuid4().hex[:8]}"
SCRIPT = Path(__file__).with_name("platform_connectors.py")
GOOGLE = "asia-northeast3-docker.pkg.dev/example-project/example-repository"
ECR = "123456789012.dkr.ecr.ap-northeast-2.amazonaws.com"
FAR = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
AWS = {"aws_access_key_id": "x", "aws_secret_access_key": "x", "account_id": "123456789012"}
LOCATED = {
    "location": "asia-northeast3",
    "project_id": "example-project",
    "repository_id": "example-repository",
}


@pytest.fixture(scope="module", params=list(GENERATIONS))
def generation(request):
    return request.param


@pytest.fixture(scope="module")
def platform(client, sandbox_home, generation):
    """Asks the platform's own code about cases."""
    layout = Layout.of(sandbox_home, generation)
    base = base_image.ensure(client, layout, Quiet())
    image = images.services(client, base, generation, GENERATIONS[generation].requirements, Quiet())

    def ask(*cases):
        given = [
            {"untagged": 0, "tags": ["0.1.0"], "connector": {}, "account": "", "location": "", **case}
            for case in cases
        ]
        output = client.containers.run(
            image,
            ["/opt/venv/bin/python", "-W", "ignore", "-c", SCRIPT.read_text(), json.dumps(given)],
            network_mode="host",
            environment={"OTEL_SDK_DISABLED": "true", "AWS_EC2_METADATA_DISABLED": "true"},
            remove=True,
            stderr=False,
        )
        return json.loads(output.decode().splitlines()[-1])

    return ask


@pytest.fixture(scope="module")
def harbor(sandbox_home):
    """A registry that holds an image in two places."""
    with serving(sandbox_home) as address:
        with Registry(address, insecure="http") as registry:
            for repository in ("team/plugin-x", "project/repository/plugin-x"):
                documents = registry.artifacts(repository)
                documents.store(
                    "0.1.0",
                    Content("text/plain", b"x"),
                    Descriptor("text/plain", f"sha256:{'0' * 64}", 1),
                    {},
                )
        yield address


def case(host, path="", image="team/plugin-x", *, generation, kind=None, url=None, config=None, **more):
    """A case as a release would register it, and the name that was pushed."""
    plugin = Plugin(name="x", image=image, service_type="inventory.Collector", registry_config=config)
    placement = place(plugin, host=host, path=path, registry_type=kind, generation=generation)
    reference = ImageReference(host, placement.repository, "0.1.0")
    found = {
        "pushed": placement.repository,
        "image": placement.image,
        "type": placement.registry_type,
        "config": dict(placement.registry_config or {}),
        "url": url or host,
        **more,
    }
    return placement, reference, found


def cases(generation, harbor):
    """For each type: an image with a path, and without one where the service has that."""
    hub = {"url": "registry.hub.docker.com"}
    base = {"base_url": f"http://{harbor}", "token": "eDp4"}
    every = {
        "hub": case(None, generation=generation, **hub),
        "hub, path": case(None, "other", generation=generation, **hub),
        "harbor": case(harbor, generation=generation, kind="HARBOR", connector=base),
        "harbor, path": case(
            harbor, "project/repository", generation=generation, kind="HARBOR", connector=base
        ),
        "ecr": case(
            ECR,
            "plugins",
            generation=generation,
            connector={**AWS, "region_name": "ap-northeast-2"},
            account="123456789012",
        ),
        "far ecr": case(
            FAR, generation=generation, connector={**AWS, "region_name": "eu-west-1"}, account="123456789012"
        ),
        "github": case("ghcr.io", generation=generation, connector={"owner_type": "ORGANIZATION"}),
        "github, path": case(
            "ghcr.io", "owner", generation=generation, connector={"owner_type": "ORGANIZATION"}
        ),
        "google": case(
            *GOOGLE.split("/", 1),
            generation=generation,
            url=GOOGLE,
            connector=LOCATED,
            location="asia-northeast3",
        ),
    }
    return {name: each for name, each in every.items() if not each[0].problem}


def test_what_is_registered_is_found_and_pulled_where_it_was_pushed(platform, generation, harbor):
    wanted = cases(generation, harbor)
    types = {each[0].registry_type for each in wanted.values()}
    assert types == {known.name for known in REGISTRY_TYPES.values() if generation in known.generations}
    answers = platform(*(found for _, _, found in wanted.values()))
    for (name, (_, reference, found)), answer in zip(wanted.items(), answers, strict=True):
        assert answer.get("tags") == ["0.1.0"], (name, answer)
        pulled = answer["pulled"].replace("registry.hub.docker.com/", "")
        assert pulled == str(reference), (name, found)


def test_a_type_is_known_to_the_generations_that_the_table_says(platform, generation):
    """The platform's own table of connectors."""
    asked = [
        {"pushed": "a/b", "image": "a/b", "type": name, "url": "x.invalid", "config": {}}
        for name in REGISTRY_TYPES
    ]
    for name, answer in zip(REGISTRY_TYPES, platform(*asked), strict=True):
        known = not answer.get("error", "").startswith(f"KeyError: '{name}'")
        assert known == (generation in REGISTRY_TYPES[name].generations), answer


def test_what_is_blocked_would_not_be_found(platform, generation):
    """The names that the plan refuses, registered all the same."""
    new = generation == "2.x"
    hub = {"url": "registry.hub.docker.com", "type": "DOCKER_HUB", "config": {}}
    refused = [
        {"pushed": "a/b/plugin-x", "image": "a/b/plugin-x", **hub},
        {"pushed": "plugin-x", "image": "plugin-x", **hub},
    ]
    if new:
        github = {
            "url": "ghcr.io",
            "type": "GITHUB",
            "config": {},
            "connector": {"owner_type": "ORGANIZATION"},
        }
        google = {
            "url": GOOGLE,
            "type": "GCP_PRIVATE_GCR",
            "config": {},
            "connector": LOCATED,
            "location": "asia-northeast3",
        }
        below = "example-project/example-repository"
        refused += [
            {"pushed": "owner/repository/plugin-x", "image": "owner/repository/plugin-x", **github},
            {"pushed": "plugin-x", "image": "plugin-x", **github},
            {"pushed": f"{below}/plugin-x", "image": f"{below}/plugin-x", **google},
            {"pushed": f"{below}/team/plugin-x", "image": "team/plugin-x", **google},
        ]
    else:
        ecr = {"type": "AWS_PRIVATE_ECR", "connector": AWS, "account": "123456789012"}
        refused += [{"pushed": "plugin-x", "image": "plugin-x", "url": ECR, "config": {}, **ecr}]
    for given, answer in zip(refused, platform(*refused), strict=True):
        assert "error" in answer, (given, answer)


def test_1_12_asks_one_region_of_ecr_and_stumbles_over_an_image_without_a_tag(platform, generation):
    given = {
        "pushed": "a/b",
        "image": "a/b",
        "type": "AWS_PRIVATE_ECR",
        "url": FAR,
        "config": {"account_id": "123456789012"},
    }
    given |= {"connector": {**AWS, "region_name": "eu-west-1"}, "account": "123456789012"}
    plain, untagged = platform(given, {**given, "untagged": 1})
    region = "ap-northeast-2" if generation == "1.12" else "eu-west-1"
    assert f".{region}.amazonaws.com" in plain["asked"][0]["url"]
    assert ("error" in untagged) == (generation == "1.12"), untagged
