import os

import pytest

from flows.images.source.docs import GUIDE_BYTES, read_guides


@pytest.fixture
def source(tmp_path):
    """Writes files of a source's docs folder, and gives what is read."""

    def source(files):
        for name, content in files.items():
            path = tmp_path / "source/docs" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_guides(tmp_path / "source")

    return source


def test_the_guides_of_both_languages(source):
    guides = source(
        {"en/GUIDE.md": "# Guide\n", "ko/GUIDE.md": "\ufeff# 가이드\n", "ko/GUIDE-img/1.png": b"\x89PNG"}
    )
    assert guides.texts == {"en": "# Guide", "ko": "# 가이드"}
    assert guides.remarks == (
        "docs: not declared, taken from docs/en/GUIDE.md and docs/ko/GUIDE.md of the source.",
    )


def test_an_empty_guide_is_none_as_most_repositories_have_it(source):
    guides = source({"en/GUIDE.md": "", "ko/GUIDE.md": "# 가이드"})
    assert guides.texts == {"ko": "# 가이드"}


@pytest.mark.parametrize(
    "files", [{}, {"admin-guide/README.md": "x"}, {"en/GUIDE.txt": "x"}, {"en/x.png": b"x"}]
)
def test_a_source_without_guides(source, files):
    guides = source(files)
    assert (guides.texts, guides.remarks) == ({}, ())


def test_guide_comes_before_readme_and_both_before_others(source):
    assert source({"en/a.md": "a", "en/README.md": "readme"}).texts == {"en": "readme"}
    assert source({"en/GUIDE.md": "guide"}).texts == {"en": "guide"}


def test_the_only_file_is_the_guide(source):
    assert source({"en/CloudWatch.md": "x"}).texts == {"en": "x"}


def test_of_several_files_none_is_guessed(source):
    guides = source({"en/a.md": "a", "en/b.md": "b"})
    assert guides.texts == {}
    assert guides.remarks == ("docs/en is not used as docs: it has a.md, b.md; name the guide GUIDE.md.",)


def test_a_guide_that_is_too_large_is_not_used(source):
    assert len(source({"en/GUIDE.md": "x" * GUIDE_BYTES}).texts["en"]) == GUIDE_BYTES
    guides = source({"en/GUIDE.md": "x" * (GUIDE_BYTES + 1), "ko/GUIDE.md": "y"})
    assert guides.texts == {"ko": "y"}
    assert guides.remarks[1] == "docs/en/GUIDE.md is not used as docs: it has more than 128 KiB."


def test_a_guide_that_is_no_text_is_not_used(source):
    assert source({"en/GUIDE.md": b"\xff\xfe"}).remarks == (
        "docs/en/GUIDE.md is not used as docs: it is not text in UTF-8.",
    )


@pytest.mark.parametrize("link", ["docs", "docs/en", "docs/en/GUIDE.md"])
def test_nothing_outside_of_the_source_is_read_or_named(tmp_path, link):
    secret = tmp_path / "secret/en"
    secret.mkdir(parents=True)
    for name in ("GUIDE.md", "key-of-the-vault.md"):
        (secret / name).write_text("hush")
    target = {"docs": secret.parent, "docs/en": secret, "docs/en/GUIDE.md": secret / "GUIDE.md"}[link]
    path = tmp_path / "source" / link
    path.parent.mkdir(parents=True)
    path.symlink_to(target)
    guides = read_guides(tmp_path / "source")
    assert guides.texts == {}
    assert "vault" not in str(guides)


def test_what_is_no_file_is_not_waited_for(tmp_path):
    folder = tmp_path / "source/docs/en"
    folder.mkdir(parents=True)
    os.mkfifo(folder / "GUIDE.md")
    (tmp_path / "source/docs/ko").symlink_to("ko")
    assert read_guides(tmp_path / "source").remarks == (
        "docs/en/GUIDE.md is not used as docs: it is a pipe.",
    )


@pytest.mark.parametrize(
    "picture", ["![x](GUIDE-img/a.png)", '<img src="GUIDE-img/a.png" width="80%">', "![x](<GUIDE-img/a.png>)"]
)
def test_pictures_that_the_console_cannot_show_are_remarked(source, picture):
    _, remark = source({"en/GUIDE.md": f"{picture}\n![y](../b.png)"}).remarks
    assert remark == (
        "docs/en/GUIDE.md: the console shows no picture from a path (GUIDE-img/a.png and 1 more); give it a full "
        "address."
    )


def test_pictures_with_an_address_are_not(source):
    text = "![x](https://example.com/a.png) ![y](//example.com/b.png) ![z](data:image/png;base64,xx)"
    assert len(source({"en/GUIDE.md": text}).remarks) == 1


@pytest.mark.parametrize("part", ["![", "<img ", "![x](", "![](<", "<img src="])
@pytest.mark.timeout(60)  # what is not linear takes longer
def test_no_text_takes_long(source, part):
    source({"en/GUIDE.md": part * (GUIDE_BYTES // len(part))})
