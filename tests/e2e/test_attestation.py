"""What a release says about its image, on the real platform and registry, and how a change is found."""

from __future__ import annotations

import io
import json

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from tests.waiting import PATIENCE

pytestmark = [pytest.mark.e2e, pytest.mark.apart]


@pytest.fixture(scope="module")
def key():
    return Ed25519PrivateKey.generate()


@pytest.fixture(scope="module")
def signed(project, key):
    """An environment with a key, and the variable for it."""
    public = project.folder / "signing.pub"
    public.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    signing = {"key_variable": "PLUGINCTL_SIGNING_KEY", "public_key": "signing.pub"}
    return project.write_environment("signed", signing=signing), {"PLUGINCTL_SIGNING_KEY": private}


@pytest.fixture(scope="module")
def released(project, run, signed):
    """The report of a signed release, published only."""
    environment, variables = signed
    done = run(*project.arguments(environment), "--publish-only", "--output", "json", **variables)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def verify(project, run, signed):
    """Verifies, and gives the document; makes sure of the exit code."""

    def verify(code):
        where = ["--source", str(project.source), "--manifest", str(project.manifest)]
        done = run("verify", str(signed[0]), *where, "--version", "0.1.0", "--output", "json")
        assert done.returncode == code, done.stdout + done.stderr
        return json.loads(done.stdout)

    return verify


def test_the_documents_are_beside_the_image(project, platform, released):
    assert released["attestations"]["packages"] > 100
    assert released["attestations"]["signer"]

    def tags(repository):
        answer = requests.get(f"{platform.registry}/v2/{repository}/tags/list", timeout=PATIENCE)
        return sorted(answer.json()["tags"])

    digest = released["digest"].replace(":", "-")
    assert tags(f"{project.image}_attestations") == [f"{digest}.provenance", f"{digest}.sbom"]
    assert tags(project.image) == ["0.1.0"]


def test_the_platform_still_lists_the_versions(client, project, released):
    found = client.call("repository.Plugin.get_versions", {"plugin_id": project.plugin_id})
    assert found["results"] == ["0.1.0"]


def test_a_release_is_verified(released, verify):
    document = verify(0)
    assert document["digest"] == released["digest"]
    assert {check["name"]: check["passed"] for check in document["checks"]} == {
        "image": True,
        "release": True,
        "provenance": True,
        "signature": True,
        "source": True,
        "bill of materials": True,
        "source here": True,
    }


def test_a_second_release_writes_nothing(project, run, signed, witness, released):
    with witness.watching(project.image) as window:
        done = run(*project.arguments(signed[0]), "--publish-only")
    assert done.returncode == 0, done.stderr
    assert (window.uploads, dict(window.images), dict(window.calls)) == ([], {}, {})


def test_a_push_over_the_tag_is_found(project, engine, run, signed, released, verify, witness):
    """The labels are inherited: whoever trusts them sees nothing of it."""
    name = released["image"]
    dockerfile = f"FROM {name}\nLABEL evil=1\n"
    engine.images.build(fileobj=io.BytesIO(dockerfile.encode()), tag=name, rm=True)
    engine.images.push(name)
    document = verify(1)
    assert document["digest"] != released["digest"]
    failed = [check["name"] for check in document["checks"] if check["passed"] is False]
    assert failed == ["release", "provenance", "bill of materials"]
    with witness.watching(project.image) as window:
        done = run(*project.arguments(signed[0]), "--publish-only")
    assert done.returncode == 2
    assert "0.1.0 is not the image that was released" in done.stderr
    assert (window.uploads, dict(window.images), dict(window.calls)) == ([], {}, {})
