from __future__ import annotations

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from flows import yaml_documents
from flows.yaml_documents import NotYamlError
from pluginctl.scaffold.yaml_text import yaml_text

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
DATA = st.recursive(
    TEXTS | st.booleans() | st.integers(-(2**40), 2**40),
    lambda below: st.lists(below, max_size=4) | st.dictionaries(TEXTS, below, max_size=4),
    max_leaves=15,
)


@settings(max_examples=40)
@given(st.dictionaries(TEXTS.filter(bool), DATA, min_size=1, max_size=5))
def test_any_document_is_read_back_as_it_was_by_both_readers(data):
    text = yaml_text(data)
    assert yaml.safe_load(text) == data
    assert [found for found, _ in yaml_documents.documents(text)] == [data]
    assert all(each.isprintable() or each == "\n" for each in text)


def test_it_reads_as_people_write_it():
    data = {"name": "포트폴리오", "run": "a\nb\n", "list": [{"x": 1}], "empty": {}}
    assert yaml_text(data, ("A comment.",)) == (
        "# A comment.\nname: 포트폴리오\nrun: |\n  a\n  b\nlist:\n  - x: 1\nempty: {}\n"
    )


def test_the_same_list_twice_is_written_twice():
    same = [1]
    assert "&" not in yaml_text({"a": same, "b": same})


def test_what_is_no_text_is_refused():
    with pytest.raises((ValueError, NotYamlError)):
        yaml_text({"name": "\ud800"})
