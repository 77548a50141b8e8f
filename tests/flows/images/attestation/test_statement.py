import dataclasses
import json

import pytest

from flows.images.attestation.statement import BUILD_TYPE, Build, Provenance

BUILD = Build(
    name="127.0.0.1:5000/team/plugin",
    digest=f"sha256:{'1' * 64}",
    version="0.1.0",
    source_digest=f"sha256:{'2' * 64}",
    url="https://example.com/plugin",
    revision="abc",
    environment="prod",
    arguments=("TOKEN", "BASE_IMAGE"),
    base="python:3.11",
    base_digest=f"sha256:{'3' * 64}",
    bill=f"sha256:{'4' * 64}",
    bill_type="application/vnd.cyclonedx+json",
    builder="0.4.0",
)


def changed(path, value):
    document = json.loads(BUILD.statement())
    holder = document
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = value
    return json.dumps(document).encode()


def test_it_says_what_was_built_from_what():
    document = json.loads(BUILD.statement())
    assert document["_type"] == "https://in-toto.io/Statement/v1"
    assert document["predicateType"] == "https://slsa.dev/provenance/v1"
    assert document["subject"] == [{"name": BUILD.name, "digest": {"sha256": "1" * 64}}]
    definition = document["predicate"]["buildDefinition"]
    assert definition["buildType"] == BUILD_TYPE
    assert definition["externalParameters"] == {
        "source": {"uri": BUILD.url, "revision": "abc", "digest": {"sha256": "2" * 64}},
        "version": "0.1.0",
        "environment": "prod",
        "buildArguments": ["BASE_IMAGE", "TOKEN"],
    }
    assert definition["resolvedDependencies"] == [
        {"name": "source", "digest": {"sha256": "2" * 64}},
        {"name": "base image", "uri": "python:3.11", "digest": {"sha256": "3" * 64}},
        {"name": "repository", "uri": "git+https://example.com/plugin", "digest": {"gitCommit": "abc"}},
    ]
    run = document["predicate"]["runDetails"]
    assert run["builder"]["id"].endswith(":unhosted")
    assert run["byproducts"][0]["digest"] == {"sha256": "4" * 64}


def test_the_same_build_gives_the_same_bytes():
    assert BUILD.statement() == dataclasses.replace(BUILD, arguments=("BASE_IMAGE", "TOKEN")).statement()


def test_a_changed_folder_is_no_commit():
    document = json.loads(dataclasses.replace(BUILD, revision="abc-dirty", base_digest=None).statement())
    names = [each["name"] for each in document["predicate"]["buildDefinition"]["resolvedDependencies"]]
    assert names == ["source"]


def test_what_is_compared_is_read_again():
    assert Provenance.parse(BUILD.statement()) == Provenance(
        {BUILD.name: BUILD.digest}, BUILD.source_digest, "0.1.0", BUILD.bill
    )


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\xff",
        b"[]",
        b"7",
        b"{}",
        b"[" * 100_000,
        changed(["_type"], "x"),
        changed(["predicateType"], "x"),
        changed(["predicate"], None),
        changed(["predicate", "buildDefinition", "buildType"], "x"),
        changed(["predicate", "buildDefinition", "externalParameters"], []),
        changed(["predicate", "runDetails", "byproducts"], [{"name": [], "digest": {}}]),
        changed(["subject"], [{"name": "x", "digest": []}]),
    ],
)
def test_anything_else_is_refused(text):
    with pytest.raises(ValueError, match="is not|describes"):
        Provenance.parse(text)
