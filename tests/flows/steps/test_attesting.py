"""The documents of an image: when they are made, signed, completed and left out."""

import dataclasses
import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from flows.images import EngineUnreachable, RegistryRefused, RegistryUnreachable, SourceChanged
from flows.images.attestation.envelope import is_signed_by, payload_of
from flows.images.attestation.store import ENVELOPE_TYPE, STATEMENT_TYPE
from flows.images.errors import PackagesUnreadable, SigningKeyError
from flows.images.state import ImageState, ImageStatus
from flows.manifest import Environment
from flows.resources import Verb
from flows.steps import images
from flows.steps.attesting import signing_key, verifying_key
from flows.steps.release import ReleaseRequest, release

KEY = Ed25519PrivateKey.generate()
DIGEST = "cd" * 32
BESIDE = "quasarhub/plugin-portfolio-inven-collector_attestations"


def pem(key=KEY):
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@pytest.fixture
def request_(world, checkout):
    return ReleaseRequest(world.environment, checkout / "plugin", checkout / "deployments/portfolio")


@pytest.fixture
def settings(request_):
    """The request with other settings of the environment."""

    def settings(**fields):
        found = request_.environment
        changed = type(found.settings)(**{**found.settings.model_dump(exclude_none=True), **fields})
        environment = Environment(name=found.name, folder=found.folder, settings=changed)
        return dataclasses.replace(request_, environment=environment)

    return settings


@pytest.fixture
def public(tmp_path):
    path = tmp_path / "key.pub"
    path.write_bytes(KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return str(path)


def test_both_documents_are_stored_beside_the_image(request_, world, recorder):
    report = release(request_, recorder)
    held = world.documents[BESIDE]
    assert list(held) == [f"sha256-{DIGEST}.sbom", f"sha256-{DIGEST}.provenance"]
    statement = json.loads(held[f"sha256-{DIGEST}.provenance"].data)
    assert statement["subject"][0]["digest"] == {"sha256": DIGEST}
    assert json.loads(held[f"sha256-{DIGEST}.sbom"].data)["components"][0]["name"] == "bash"
    assert world.documents["quasarhub/plugin-portfolio-inven-collector"] == {}
    assert report.as_json()["attestations"] == {
        "repository": f"127.0.0.1:5000/{BESIDE}",
        "packages": 1,
        "signer": None,
    }
    assert recorder.outcomes["list packages"] == "1 deb"
    assert recorder.outcomes["attest image"] == (
        f"1 packages; provenance, not signed; in 127.0.0.1:5000/{BESIDE}"
    )


def test_the_right_to_store_them_is_checked_before_the_build(request_, platform, recorder):
    release(request_, recorder)
    assert platform.calls.count("check") == 2
    assert platform.calls.index("check") < platform.calls.index("build")


def test_an_unsigned_provenance_is_told_in_the_plan(request_, recorder, settings):
    release(dataclasses.replace(request_, dry_run=True), recorder)
    (plan,) = recorder.plans
    assert "will not be signed" in plan.action("image").notes[0]
    signed = settings(signing={"key_variable": "PLUGINCTL_KEY"})
    release(dataclasses.replace(signed, dry_run=True), recorder)
    assert recorder.plans[1].action("image").notes == ()


@pytest.mark.parametrize("as_file", [False, True])
def test_a_provenance_is_signed(settings, world, recorder, monkeypatch, public, tmp_path, as_file):
    (tmp_path / "key").write_text(pem())
    monkeypatch.setenv("PLUGINCTL_KEY", str(tmp_path / "key") if as_file else pem())
    report = release(settings(signing={"key_variable": "PLUGINCTL_KEY", "public_key": public}), recorder)
    stored = world.documents[BESIDE][f"sha256-{DIGEST}.provenance"]
    assert stored.type == ENVELOPE_TYPE
    payload, signatures = payload_of(stored.data, STATEMENT_TYPE)
    assert is_signed_by(payload, STATEMENT_TYPE, signatures, KEY.public_key())
    assert f"signed by {report.attested.signer[:12]}" in recorder.outcomes["attest image"]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "PLUGINCTL_KEY, which is not set"),
        ("", "PLUGINCTL_KEY, which is not set"),
        ("hush-hush", "neither a key in PEM nor the path of a file"),
        ("/dev/null", "neither a key in PEM nor the path of a file"),
        ("-----BEGIN PRIVATE KEY-----\nhush-hush", "contains no Ed25519 private key"),
    ],
)
def test_a_key_that_cannot_be_used_stops_the_release_before_the_build(
    settings, platform, recorder, monkeypatch, value, words
):
    monkeypatch.delenv("PLUGINCTL_KEY", raising=False)
    environment = settings(signing={"key_variable": "PLUGINCTL_KEY"})
    if value is not None:
        monkeypatch.setenv("PLUGINCTL_KEY", value)
    with pytest.raises(SigningKeyError, match=words) as caught:
        release(environment, recorder)
    assert "hush" not in str(caught.value)
    assert not platform.writes


def test_a_public_key_of_another_is_refused(settings, recorder, monkeypatch, public):
    monkeypatch.setenv("PLUGINCTL_KEY", pem(Ed25519PrivateKey.generate()))
    environment = settings(signing={"key_variable": "PLUGINCTL_KEY", "public_key": public}).environment
    with pytest.raises(SigningKeyError, match="does not belong to the key in PLUGINCTL_KEY"):
        signing_key(environment)


def test_a_public_key_that_is_missing_is_told(settings):
    with pytest.raises(SigningKeyError, match=r"signing\.public_key is neither"):
        verifying_key(settings(signing={"public_key": "/none"}).environment)


def test_no_documents_are_made_where_none_are_wanted(settings, world, platform, recorder):
    report = release(settings(attestations=False), recorder)
    assert BESIDE not in world.documents
    assert "store" not in platform.calls
    assert report.as_json()["attestations"] is None
    assert recorder.plans[0].action("image").notes == ()


def test_an_image_whose_packages_cannot_be_listed_is_not_pushed(request_, engine, platform, recorder):
    engine.archive = b"x" * 1000
    with pytest.raises(PackagesUnreadable, match=r":[0-9.]+ has files that cannot be read") as caught:
        release(request_, recorder)
    assert "push" not in platform.calls
    assert not caught.value.changed


def test_a_registry_that_fails_after_the_push_is_told_as_a_change(request_, world, recorder):
    world.refuses["store"] = RegistryUnreachable("x", "does not answer")
    with pytest.raises(RegistryUnreachable) as caught:
        release(request_, recorder)
    assert caught.value.changed


def test_the_next_release_completes_what_is_missing(request_, world, platform, recorder):
    world.refuses["store"] = RegistryUnreachable("x", "does not answer")
    with pytest.raises(RegistryUnreachable):
        release(request_, recorder)
    world.refuses.clear()
    world.status = ImageStatus.SAME
    report = release(request_, recorder)
    assert len(world.documents[BESIDE]) == 2
    assert platform.calls.count("push") == 1
    assert report.attested.packages == 1
    image = recorder.plans[-1].action("image")
    assert image.verb is Verb.KEEP
    assert "It has no sbom and no provenance" in image.notes[0]


def test_an_image_that_this_engine_did_not_push_is_not_completed(request_, world, platform, recorder):
    """Its label may be copied: nobody can say from what it was built."""
    world.status = ImageStatus.SAME
    report = release(request_, recorder)
    assert report.attested is None
    assert "build" not in platform.calls
    assert recorder.outcomes["attest image"].startswith("nothing: this engine did not build")


def test_an_image_that_this_source_does_not_give_is_not_completed(
    request_, world, platform, engine, recorder, monkeypatch
):
    release(request_, recorder)
    world.documents.clear()
    world.status = ImageStatus.SAME
    monkeypatch.setattr(engine, "build", lambda *_, **__: "sha256:another")
    assert release(request_, recorder).attested is None
    assert world.documents[BESIDE] == {}


@pytest.mark.parametrize(
    "error", [EngineUnreachable("No Docker engine answers"), SourceChanged("x", "changed")]
)
def test_a_release_with_nothing_else_to_do_needs_no_engine(
    request_, world, engine, recorder, monkeypatch, error
):
    def fail(*_):
        raise error

    world.status = ImageStatus.SAME
    monkeypatch.setattr(engine, "find", fail)
    assert release(request_, recorder).success
    assert recorder.outcomes["attest image"] == f"nothing: {error.message}"


def test_provenance_that_is_there_is_not_replaced(request_, world, platform, recorder):
    release(request_, recorder)
    del world.documents[BESIDE][f"sha256-{DIGEST}.sbom"]
    world.status = ImageStatus.SAME
    platform.calls.remove("store")
    platform.calls.remove("store")
    release(request_, recorder)
    assert "store" not in platform.calls
    assert "is not replaced" in recorder.outcomes["attest image"]


def test_the_same_image_that_somebody_else_pushed_meanwhile_is_not_attested(
    request_, world, platform, engine, recorder, monkeypatch
):
    def compare(source, registry, reference):
        digest = f"sha256:{'ee' * 32}"
        return ImageState(ImageStatus.SAME, reference, digest, source.digest, "", config=engine.image.id)

    monkeypatch.setattr(images, "compare", compare)
    report = release(request_, recorder)
    assert "push" not in platform.calls
    assert report.attested is None
    assert BESIDE not in world.documents


def test_a_complete_image_costs_no_write(request_, world, platform, recorder):
    release(request_, recorder)
    world.status = ImageStatus.SAME
    platform.calls.clear()
    release(request_, recorder)
    assert not {"build", "store", "files", "check"} & set(platform.calls)


def test_documents_that_may_not_be_read_do_not_stop_a_release(request_, world, recorder):
    world.status = ImageStatus.SAME

    world.refuses["describe"] = RegistryRefused("x", "refuses an anonymous reader")
    assert release(request_, recorder).success
    assert "is not known: The registry x refuses an anonymous reader" in " ".join(
        recorder.plans[-1].action("image").notes
    )
