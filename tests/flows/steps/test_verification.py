"""Whether what the platform uses is what was released: each check, and each way to break it."""

import dataclasses
import json
import shutil

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from flows.images.attestation.envelope import sign
from flows.images.attestation.store import ENVELOPE_TYPE, STATEMENT_TYPE
from flows.images.errors import SigningKeyError
from flows.images.labels import SOURCE_DIGEST
from flows.images.registry import RemoteImage
from flows.images.registry.transport import Content
from flows.images.source import PluginSource
from flows.manifest import Environment, Manifest
from flows.steps.comparison import Check
from flows.steps.errors import NotReleased
from flows.steps.release import ReleaseRequest, release
from flows.steps.verification import verify

KEY, OTHER = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
DIGEST = f"sha256:{'cd' * 32}"
SBOM, PROVENANCE = (f"{DIGEST.replace(':', '-')}.{kind}" for kind in ("sbom", "provenance"))
BESIDE = "quasarhub/plugin-portfolio-inven-collector_attestations"


class Released:
    """A release, and a verification of it; every attribute may be changed before."""

    def __init__(self, world, checkout, recorder):
        request = ReleaseRequest(world.environment, checkout / "plugin", checkout / "deployments/portfolio")
        release(request, recorder)
        self.plugin = PluginSource.load(request.source)
        self.source, self.recorder, self.world = request.source, recorder, world
        self.manifest = Manifest.load(request.manifest, ())
        self.environment, self.documents = world.environment, world.documents[BESIDE]
        self.label(self.plugin.digest)

    def label(self, digest, of=DIGEST):
        self.world.remote = RemoteImage(of, {SOURCE_DIGEST: digest} if digest else {})

    def sign(self, key):
        statement = self.documents[PROVENANCE].data
        self.documents[PROVENANCE] = Content(ENVELOPE_TYPE, sign(statement, STATEMENT_TYPE, key))

    def edit(self, change):
        document = json.loads(self.documents[PROVENANCE].data)
        change(document)
        self.documents[PROVENANCE] = Content(STATEMENT_TYPE, json.dumps(document).encode())

    def verify(self, **options):
        return verify(self.environment, self.manifest, self.source, self.recorder, **options)

    def failed(self):
        result = self.verify()
        assert result.success is not any(check.passed is False for check in result.checks)
        return {check.name: check.detail for check in result.checks if check.passed is False}


@pytest.fixture
def released(world, checkout, recorder):
    return Released(world, checkout, recorder)


@pytest.fixture
def with_key(released, tmp_path):
    """The environment names a public key."""
    path = tmp_path / "key.pub"
    path.write_bytes(KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    found = released.environment
    settings = type(found.settings)(
        **{**found.settings.model_dump(exclude_none=True), "signing": {"public_key": str(path)}}
    )
    released.environment = Environment(name=found.name, folder=found.folder, settings=settings)
    return path


def test_a_release_is_verified(released, recorder):
    result = released.verify()
    assert result.success
    assert [(check.name, check.passed) for check in result.checks] == [
        ("image", True),
        ("release", True),
        ("provenance", True),
        ("signature", None),
        ("source", True),
        ("bill of materials", True),
        ("source here", True),
    ]
    document = result.as_json()
    assert (document["schema"], document["success"], document["digest"]) == ("verification/1", True, DIGEST)
    assert document["checks"][0] == {"name": "image", "passed": True, "detail": DIGEST}
    assert recorder.outcomes["verify image"].endswith(DIGEST)


def test_nothing_is_written(released, world):
    before = dict(released.documents)
    released.verify()
    assert released.documents == before


def test_a_push_over_the_tag_is_found(released):
    """Its labels may be copied, but no document is about its digest."""
    released.label(released.plugin.digest, of=f"sha256:{'ee' * 32}")
    failed = released.failed()
    assert failed == {
        "release": f"{released.plugin.version} was released as {DIGEST}",
        "provenance": "there is none for this digest",
        "bill of materials": "there is none for this digest",
    }


def test_a_release_without_a_record_is_not_taken_for_one(released, platform):
    (plugin,) = platform.records["repository.Plugin"]
    del plugin["tags"]
    assert released.failed() == {
        "release": f"the platform has no record of the release of {released.plugin.version}"
    }


def test_a_tag_that_is_gone_is_found(released):
    released.world.remote = None
    assert list(released.failed()) == ["image"]


@pytest.mark.parametrize("label", [None, f"sha256:{'1' * 64}", "\x1b[2J"])
def test_a_changed_label_is_found(released, label):
    released.label(label)
    failed = released.failed()
    assert set(failed) == {"source", "source here"}
    assert "\x1b" not in failed["source"]


def test_provenance_of_another_image_is_found(released):
    released.edit(lambda document: document["subject"][0]["digest"].update(sha256="0" * 64))
    assert "is about" in released.failed()["provenance"]


def test_provenance_of_another_name_is_found(released):
    released.edit(lambda document: document["subject"][0].update(name="elsewhere/plugin"))
    assert "is about elsewhere/plugin@sha256:cd" in released.failed()["provenance"]


def test_provenance_of_another_version_is_found(released):
    def change(document):
        document["predicate"]["buildDefinition"]["externalParameters"]["version"] = "9"

    released.edit(change)
    assert released.failed() == {"source": "the provenance is that of version 9"}


@pytest.mark.parametrize("data", [b"", b"[" * 100_000, b"{}"])
@pytest.mark.parametrize("kind", [STATEMENT_TYPE, ENVELOPE_TYPE])
def test_something_else_is_no_provenance(released, data, kind):
    released.documents[PROVENANCE] = Content(kind, data)
    assert "the document is not" in released.failed()["provenance"]


def test_missing_provenance_is_found(released):
    del released.documents[PROVENANCE]
    assert list(released.failed()) == ["provenance"]


def test_another_bill_of_materials_is_found(released):
    released.documents[SBOM] = Content("application/vnd.cyclonedx+json", b"{}")
    assert "but the provenance names" in released.failed()["bill of materials"]
    del released.documents[SBOM]
    assert released.failed() == {"bill of materials": "there is none for this digest"}


def test_a_signature_is_verified(released, with_key):
    released.sign(KEY)
    result = released.verify()
    assert result.success
    assert {check.name: check.passed for check in result.checks}["signature"] is True


def test_a_signature_of_somebody_else_is_found(released, with_key):
    released.sign(OTHER)
    assert "not made with the key" in released.failed()["signature"]


def test_an_absent_signature_is_found(released, with_key):
    assert released.failed() == {"signature": "the provenance is not signed"}


def test_a_signed_statement_that_was_exchanged_is_found(released, with_key):
    released.sign(KEY)
    envelope = json.loads(released.documents[PROVENANCE].data)
    released.edit(lambda document: document.update(payload=document["payload"][:-4] + "fQ=="))
    released.documents[PROVENANCE] = Content(ENVELOPE_TYPE, released.documents[PROVENANCE].data)
    assert json.loads(released.documents[PROVENANCE].data) != envelope
    assert released.failed()


def test_a_signature_without_a_public_key_is_told(released):
    released.sign(KEY)
    (signature,) = (check for check in released.verify().checks if check.name == "signature")
    assert signature.passed is None
    assert signature.detail.startswith("signed; not verified")


def test_a_public_key_that_cannot_be_read_stops_it(released, with_key):
    with_key.write_text("x")
    with pytest.raises(SigningKeyError):
        released.verify()


def test_another_source_of_the_same_version_is_found(released, tmp_path):
    source = tmp_path / "plugin"
    shutil.copytree(released.source, source, ignore=shutil.ignore_patterns("__pycache__"))
    (source / "src/plugin/more.py").write_text("")
    released.source = source
    assert "has the same version" in released.failed()["source here"]
    (source / "src/VERSION").write_text("9.9.9\n")
    assert released.failed() == {}


def test_no_source_is_no_failure(released, tmp_path):
    released.source = tmp_path
    (here,) = (check for check in released.verify().checks if check.name == "source here")
    assert here.passed is None


def test_a_plugin_without_a_collector_is_verified_by_its_version(released, platform):
    platform.records["inventory.Collector"].clear()
    with pytest.raises(NotReleased):
        released.verify()
    assert released.verify(version=released.plugin.version).success


def test_a_plugin_that_is_not_registered_is_told(released, platform):
    platform.records["repository.Plugin"].clear()
    with pytest.raises(NotReleased, match="There is no plugin 'plugin-portfolio-inven-collector' in test"):
        released.verify()


def test_what_others_wrote_is_shown_safely():
    assert Check("x", False, "a\x1b[2Jb" + "x" * 1000).detail.startswith("a\\x1b[2Jb")
    assert len(Check("x", False, "x" * 10_000).detail) == 500


def test_a_plugin_of_another_image_is_looked_up_as_the_platform_has_it(released, platform):
    (record,) = platform.records["repository.Plugin"]
    record["image"] = "elsewhere/plugin-x"
    result = released.verify()
    assert str(result.reference).startswith("127.0.0.1:5000/elsewhere/plugin-x:")
    assert not result.success


def test_a_check_is_plain_data():
    assert dataclasses.asdict(Check("a", None, "b")) == {"name": "a", "passed": None, "detail": "b"}


@pytest.fixture
def webhook(world, checkout, recorder, tmp_path):
    """A released plugin of another kind, and its verification."""
    (tmp_path / "register_plugin.yaml").write_text(
        "name: Alerts\nservice_type: monitoring.Webhook\nimage: quasarhub/plugin-portfolio-inven-collector\n"
    )
    released = Released(world, checkout, recorder)
    released.manifest = Manifest.load(tmp_path)
    return released


def test_a_plugin_without_a_collector_is_verified_in_its_last_version(webhook, platform):
    platform.records["inventory.Collector"].clear()
    result = webhook.verify()
    assert result.success
    assert result.reference.tag == webhook.plugin.version


def test_without_a_record_the_version_is_asked_for(webhook, platform):
    platform.records["repository.Plugin"][0]["tags"] = {}
    with pytest.raises(NotReleased, match="no record of a release of the plugin") as caught:
        webhook.verify()
    assert "--version" in caught.value.advice
