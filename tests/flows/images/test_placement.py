"""Where an image is pushed, what the platform is told of it, and what it would not find.

`tests/integration/test_connectors.py` compares this with the platform's own connectors.
"""

from __future__ import annotations

import pytest

from flows.images import InvalidReference
from flows.images.placement import as_declared, place
from flows.manifest.models import Plugin

GOOGLE = "asia-northeast3-docker.pkg.dev"
BELOW = "example-project/example-repository"
ECR = "123456789012.dkr.ecr.ap-northeast-2.amazonaws.com"
FAR = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"


def plugin(image="team/plugin-x", **fields):
    declared = {"name": "x", "image": image, "resource_type": "inventory.Collector", **fields}
    return Plugin.model_validate(declared)


def placed(image="team/plugin-x", host=None, path="", kind=None, generation="2.x", **fields):
    return place(plugin(image, **fields), host=host, path=path, registry_type=kind, generation=generation)


@pytest.mark.parametrize(
    ("host", "path", "kind", "repository", "image", "config"),
    [
        (None, "", "DOCKER_HUB", "team/plugin-x", "team/plugin-x", None),
        (None, "other", "DOCKER_HUB", "other/plugin-x", "other/plugin-x", None),
        ("harbor.example.com", "", "HARBOR", "team/plugin-x", "team/plugin-x", None),
        ("harbor.example.com", "project", "HARBOR", "project/plugin-x", "project/plugin-x", None),
        ("127.0.0.1:5000", "a/b/c", "HARBOR", "a/b/c/plugin-x", "a/b/c/plugin-x", None),
        (FAR, "", "AWS_PRIVATE_ECR", "team/plugin-x", "team/plugin-x", None),
        (FAR, "plugins", "AWS_PRIVATE_ECR", "plugins/plugin-x", "plugins/plugin-x", None),
        ("ghcr.io", "", "GITHUB", "team/plugin-x", "team/plugin-x", None),
        ("ghcr.io", "owner", "GITHUB", "owner/plugin-x", "owner/plugin-x", None),
        (GOOGLE, BELOW, "GCP_PRIVATE_GCR", f"{BELOW}/plugin-x", "plugin-x", {"url": f"{GOOGLE}/{BELOW}"}),
        (
            "eu.gcr.io",
            "project",
            "GCP_PRIVATE_GCR",
            "project/plugin-x",
            "plugin-x",
            {"url": "eu.gcr.io/project"},
        ),
        ("gcr.io", "", "GCP_PRIVATE_GCR", "team/plugin-x", "plugin-x", {"url": "gcr.io/team"}),
        (
            "gcr.io",
            "example.com/project",
            "GCP_PRIVATE_GCR",
            "example.com/project/plugin-x",
            "plugin-x",
            {"url": "gcr.io/example.com/project"},
        ),
    ],
)
@pytest.mark.parametrize("given", [True, False])
def test_what_is_pushed_and_registered(host, path, kind, repository, image, config, given):
    """The type need not be given where the host belongs to one service."""
    if not given and kind == "HARBOR":
        pytest.skip("anybody may run one")
    found = placed(host=host, path=path, kind=kind if given else None)
    assert (found.problem, found.repository, found.image, found.registry_type, found.registry_config) == (
        "",
        repository,
        image,
        kind,
        config,
    )
    assert found.repository_of(image) == repository


def test_1_12_asks_ecr_with_the_account_of_the_plugin():
    found = placed(host=ECR, generation="1.12")
    assert (found.problem, found.registry_config) == ("", {"account_id": "123456789012"})
    assert placed(host=ECR, kind="AWS_PRIVATE_ECR").registry_config is None


def test_the_manifests_other_keys_stay():
    found = placed(
        "plugin-x",
        GOOGLE,
        BELOW,
        registry_type="GCP_PRIVATE_GCR",
        registry_config={"image_pull_secret": "key", "url": f"https://{GOOGLE}/{BELOW}/"},
    )
    assert found.registry_config == {"image_pull_secret": "key", "url": f"{GOOGLE}/{BELOW}"}
    assert found.notes == ()


def test_what_the_environment_changes_is_said():
    found = placed(
        host="127.0.0.1:5000",
        path="a",
        kind="HARBOR",
        registry_type="GCP_PRIVATE_GCR",
        registry_config={"url": f"{GOOGLE}/{BELOW}"},
    )
    assert found.registry_config is None
    assert found.notes == (
        "team/ of the image's name is not used: the environment's address has a path.",
        "registry_type is the environment's: HARBOR.",
        "registry_config is that of GCP_PRIVATE_GCR and is not used with HARBOR.",
    )


@pytest.mark.parametrize(
    ("options", "words"),
    [
        # a type that the generation has not
        (
            {"host": "ghcr.io", "generation": "1.12", "kind": "GITHUB"},
            "SpaceONE 1.12 has no registry type 'GITHUB'",
        ),
        (
            {"host": GOOGLE, "path": BELOW, "generation": "1.12"},
            "Use a registry of type DOCKER_HUB, HARBOR or AWS_",
        ),
        ({"host": "x.example.com", "registry_type": "GITLAB"}, "SpaceONE 2.x has no registry type 'GITLAB'"),
        # services that no connector can ask
        ({"host": "registry.gitlab.com", "kind": "HARBOR"}, "in GitLab's registry (registry.gitlab.com)"),
        ({"host": "quay.io", "kind": "HARBOR"}, "Copy the image into a registry of another type"),
        ({"host": "public.ecr.aws", "kind": "AWS_PRIVATE_ECR"}, "in Amazon's public ECR (public.ecr.aws)"),
        # a host of another type
        ({"host": "ghcr.io", "kind": "HARBOR"}, "write registry.type: GITHUB in the environment."),
        ({"host": "ghcr.io", "kind": "HARBOR", "generation": "1.12"}, "SpaceONE 1.12 has none for it."),
        ({"host": FAR, "kind": "HARBOR"}, "write registry.type: AWS_PRIVATE_ECR in the environment."),
        ({"host": None, "kind": "HARBOR"}, "write registry.type: DOCKER_HUB in the environment."),
        ({"host": GOOGLE, "path": BELOW, "kind": "GITHUB"}, "write registry.type: GCP_PRIVATE_GCR"),
        (
            {"host": "registry.example.com:5000"},
            "the platform looks for the image in Docker Hub, not in registry.ex",
        ),
        # a name that the service or its connector has not
        ({"host": None, "image": "plugin-x"}, "write registry.address: docker.io/NAMESPACE in"),
        ({"host": None, "path": "a/b"}, "this one would be docker.io/a/b/plugin-x"),
        ({"host": "ghcr.io", "image": "plugin-x"}, "write registry.address: ghcr.io/OWNER in"),
        ({"host": "ghcr.io", "path": "owner/repository"}, "has images as ghcr.io/OWNER/IMAGE"),
        ({"host": GOOGLE, "image": "plugin-x"}, f"write registry.address: {GOOGLE}/PROJECT/REPOSITORY in"),
        ({"host": GOOGLE, "path": "project"}, f"has images as {GOOGLE}/PROJECT/REPOSITORY/IMAGE"),
        ({"host": GOOGLE, "path": f"{BELOW}/more"}, f"has images as {GOOGLE}/PROJECT/REPOSITORY/IMAGE"),
        ({"host": "gcr.io", "path": "project/more"}, "has images as gcr.io/PROJECT/IMAGE"),
        (
            {"host": GOOGLE, "image": "plugin-x", "registry_config": {"url": f"{GOOGLE}/{BELOW}"}},
            f"write registry.address: {GOOGLE}/{BELOW} in the environment.",
        ),
        # a manifest that names another place
        (
            {"host": GOOGLE, "path": BELOW, "registry_config": {"url": f"{GOOGLE}/other/repository"}},
            f"but the environment's registry has the image below {GOOGLE}/{BELOW}",
        ),
        (
            {"host": "harbor.example.com", "kind": "HARBOR", "registry_config": {"url": "other.example.com"}},
            "remove the url from the manifest",
        ),
        (
            {"host": ECR, "registry_config": {"account_id": "210987654321"}},
            "remove the account_id from the manifest",
        ),
        (
            {"host": ECR, "registry_config": {"region_name": "eu-west-1"}},
            "remove the region_name from the manifest",
        ),
        # ECR and 1.12
        ({"host": FAR, "generation": "1.12"}, "in the region ap-northeast-2 alone"),
        (
            {"host": "proxy.example.com", "kind": "AWS_PRIVATE_ECR", "generation": "1.12"},
            "requires registry_config.account_id",
        ),
    ],
)
def test_what_the_platform_would_not_find_is_blocked(options, words):
    assert words in placed(**options).problem


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (
            {"host": "127.0.0.1:5000", "path": BELOW, "kind": "GCP_PRIVATE_GCR"},
            "is not known as a host of Google's",
        ),
        ({"host": "proxy.example.com", "kind": "GITHUB"}, "lists the versions there, not here"),
        (
            {"host": GOOGLE, "path": BELOW, "kind": "HARBOR", "generation": "1.12"},
            "must be configured with a password",
        ),
    ],
)
def test_what_cannot_be_known_is_a_remark(options, words):
    found = placed(**options)
    assert found.problem == ""
    assert words in found.notes[-1]


@pytest.mark.parametrize(
    "config",
    [{"url": "harbor.example.com"}, {"url": "https://harbor.example.com/team/"}, {"url": ""}, {"url": None}],
)
def test_a_manifest_that_agrees_is_kept(config):
    found = placed(host="harbor.example.com", kind="HARBOR", registry_config=config)
    assert (found.problem, found.registry_config) == ("", config)


def test_a_registry_has_more_than_one_name():
    found = placed(host=None)
    assert found.pulled_elsewhere("registry.hub.docker.com") == ""
    found = placed(host="harbor.example.com", kind="HARBOR", path="project")
    assert found.pulled_elsewhere("harbor.example.com") == ""
    assert found.pulled_elsewhere("harbor.svc:8080") == ""
    assert found.pulled_elsewhere("") == ""


def test_the_platform_pulls_by_its_own_url():
    found = placed(host=GOOGLE, path=BELOW)
    assert found.pulled_elsewhere(f"{GOOGLE}/{BELOW}") == ""
    assert found.pulled_elsewhere(f"{GOOGLE}/other/repository") == (
        f"The platform pulls {GOOGLE}/other/repository/plugin-x, and this release pushes {GOOGLE}/{BELOW}/plugin-x: "
        "correct registry.address in the environment, or the url of GCP_PRIVATE_GCR in the platform's configuration."
    )


def test_a_path_that_is_no_name_is_refused():
    with pytest.raises(InvalidReference, match="write 'project'"):
        placed(host="harbor.example.com", path="Project", kind="HARBOR")


def test_without_a_registry_it_is_what_the_manifest_declares():
    found = as_declared(plugin(registry_config={"a": "b"}))
    assert (found.repository, found.image) == (plugin().image, plugin().image)
    assert (found.registry_type, found.registry_config) == ("DOCKER_HUB", {"a": "b"})
    assert found.notes == ()


def test_1_12_lists_nothing_in_ecr_beside_an_index():
    wanted = ["linux/amd64", "linux/arm64"]
    assert "remove build.platforms" in placed(host=ECR, generation="1.12").index_problem(wanted)
    assert placed(host=ECR, generation="1.12").index_problem([]) == ""
    assert placed(host=ECR).index_problem(wanted) == ""
    assert placed(host="h.example.com", kind="HARBOR", generation="1.12").index_problem(wanted) == ""
