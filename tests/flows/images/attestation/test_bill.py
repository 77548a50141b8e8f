import json
from datetime import UTC, datetime

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from flows.images import ImageReference
from flows.images.attestation.bill import PATH, bill_of_materials
from flows.images.attestation.packages import Contents, Package

REFERENCE = ImageReference("127.0.0.1:5000", "team/plugin-x", "0.1.0")
DIGEST = f"sha256:{'ab' * 32}"
CREATED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
CONTENTS = Contents(
    {"ID": "debian", "VERSION_ID": "12"},
    (
        Package("apk", "musl", "1.2-r0", "x86_64"),
        Package("deb", "libc6", "2.36-9+deb12u1", "amd64"),
        Package("pypi", "grpcio", "1.60", path="a"),
        Package("pypi", "grpcio", "1.60", path="b"),
    ),
)


def bill(contents=CONTENTS, digest=DIGEST):
    return bill_of_materials(REFERENCE, digest, contents, created=CREATED, builder="0.4.0")


def test_it_is_cyclonedx_and_names_the_image_and_each_package_once():
    found = bill()
    assert found.type == "application/vnd.cyclonedx+json"
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(found.data.decode()) is None
    document = json.loads(found.data)
    assert document["metadata"]["component"]["name"] == REFERENCE.name
    assert document["metadata"]["component"]["bom-ref"] == DIGEST
    assert {each["purl"] for each in document["components"]} == {
        "pkg:apk/debian/musl@1.2-r0?arch=x86_64&distro=debian-12",
        "pkg:deb/debian/libc6@2.36-9%2Bdeb12u1?arch=amd64&distro=debian-12",
        "pkg:pypi/grpcio@1.60",
    }
    (python,) = (each for each in document["components"] if each["name"] == "grpcio")
    assert python["properties"] == [{"name": PATH, "value": "a"}, {"name": PATH, "value": "b"}]


def test_the_same_image_gives_the_same_bytes():
    assert bill().data == bill().data
    assert json.loads(bill().data)["metadata"]["timestamp"].startswith("2026-01-02T03:04:05")


def test_another_image_has_another_number():
    other = json.loads(bill(digest=f"sha256:{'cd' * 32}").data)
    assert other["serialNumber"] != json.loads(bill().data)["serialNumber"]


@pytest.mark.parametrize("release", [{}, {"ID": "debian"}])
def test_an_unknown_distribution_is_left_out(release):
    found = json.loads(bill(Contents(release, (Package("deb", "x", "1"),))).data)
    assert found["components"][0]["purl"] == "pkg:deb/debian/x@1"


def test_an_image_without_packages():
    assert "components" not in json.loads(bill(Contents()).data)
