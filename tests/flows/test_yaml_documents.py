import subprocess
import sys

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from flows.yaml_documents import MAX_BYTES, MAX_DEPTH, NotYamlError, documents, doubtful, value

SECRET = "hush"
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def data(text):
    return [found for found, _ in documents(text)]


def problem(text):
    with pytest.raises(NotYamlError) as refused:
        documents(text)
    assert SECRET not in str(refused.value)
    return refused.value.line, refused.value.problem


def bomb(levels, width, style="[{}]"):
    """Aliases of aliases: `width` to the power of `levels` values."""
    values = ["x", *(f"*a{level}" for level in range(levels))]
    return "".join(
        f"a{level}: &a{level} {style.format(', '.join([values[level]] * width))}\n" for level in range(levels)
    )


# The three are line breaks for libyaml or for PyYAML's own parser, not for both.
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x85\u2028\u2029"))
json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda below: st.lists(below) | st.dictionaries(texts, below),
    max_leaves=20,
)


@given(json)
def test_what_json_has_is_read_as_it_was_written(found):
    assert data(yaml.safe_dump(found, allow_unicode=True)) == ([] if found is None else [found])


@given(st.text(alphabet="ab1:-,[]{}&*!|>'\"#%@`?~ \n\t<=.0", max_size=40))
def test_any_text_is_read_as_pyyaml_reads_it_or_refused(text):
    try:
        found = data(text)
    except NotYamlError:
        return
    assert found == [each for each in yaml.load_all(text, LOADER) if each is not None]


def test_several_documents():
    assert data("a: 1\n---\n---\n# nothing\n---\n- b\n") == [{"a": 1}, ["b"]]
    assert [node.start_mark.line for _, node in documents("a: 1\n---\nb: 2\n")] == [0, 2]


def test_aliases_and_merges():
    assert data("a: &x {k: 1}\nb: *x\nc: {<<: *x, l: 2}\n") == [
        {"a": {"k": 1}, "b": {"k": 1}, "c": {"k": 1, "l": 2}}
    ]


@pytest.mark.parametrize(
    "text",
    [
        bomb(9, 10),
        bomb(40, 2),
        bomb(12, 6, "{{k: [{}]}}"),
        "a: &a {"
        + ", ".join(f"k{n}: v" for n in range(400))
        + "}\nb: ["
        + ", ".join(["{<<: *a}"] * 400)
        + "]\n",
        "\n".join(f"k{n}: {n}" for n in range(60_000)),
    ],
    ids=["lists", "deep", "mappings", "merges", "plain"],
)
@pytest.mark.timeout(60)  # what reads all of it takes hours
def test_a_text_that_stands_for_too_much(text):
    assert "more than 100,000 values" in problem(text)[1]


@pytest.mark.parametrize("name", ["x", "a_long_name"])
@pytest.mark.parametrize(
    ("merges", "value"),
    [("<<: [*one, *two]", 1), ("<<: *one\n  <<: *two", 2), ("<<: *two\n  <<: [*one, *two]", 1)],
)
def test_what_several_merges_give_does_not_depend_on_the_keys(name, merges, value):
    text = f"one: &one {{{name}: 1, own: 1}}\ntwo: &two {{{name}: 2, other: 2}}\nall:\n  {merges}\n  own: 3\n"
    assert data(text)[0]["all"] == {name: value, "own": 3, "other": 2}


@pytest.mark.parametrize("merged", ["1", "[1]", "[[{a: b}]]", "text"])
def test_a_merge_of_something_else_is_named_with_its_line(merged):
    with pytest.raises(NotYamlError, match="merges no mapping") as caught:
        data(f"a: b\n<<: {merged}\n")
    assert caught.value.line == 2


def test_the_line_of_a_key_that_overrides_a_merged_one_is_its_own():
    tree = documents("one: &one {key: 1}\nall: {<<: *one, key: 2}\n")[0][1]
    (pair,) = tree.value[1][1].value
    assert pair[0].start_mark.line == 1


@pytest.mark.parametrize("text", ["&a [*a]", "a: &a {b: *a}", "a: &a [[[*a]]]", "&a {<<: *a}"])
def test_a_value_that_contains_itself(text):
    assert "contains itself" in problem(text)[1]


@pytest.mark.parametrize("opened", ["[", "{a: ", "- ", "? ", "{? "])
@pytest.mark.parametrize("depth", [MAX_DEPTH + 1, 3000, 200_000])
@pytest.mark.timeout(60)  # what is not linear takes longer
def test_a_deep_text(opened, depth):
    if len(opened) * depth > MAX_BYTES:
        depth = MAX_BYTES // len(opened)
    problem(opened * depth)


def test_the_depth_that_is_allowed():
    text = "[" * (MAX_DEPTH - 1) + "1" + "]" * (MAX_DEPTH - 1)
    assert data(text)


def test_a_large_text():
    assert problem("x" * (MAX_BYTES + 1)) == (None, "has more than 1 MiB")


def test_libyaml_is_what_reads(monkeypatch):
    """PyYAML's own scanner takes eight times as long."""
    if not yaml.__with_libyaml__:
        pytest.skip("PyYAML was built without libyaml")
    monkeypatch.setattr(
        yaml.scanner.Scanner, "fetch_more_tokens", lambda self: pytest.fail("its own scanner")
    )
    assert data("tags: {field: value}") == [{"tags": {"field": "value"}}]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: 2030-01-31", "read as a date"),
        ("a: 2030-13-01", "read as a date"),
        ("a: 2001-12-14t21:59:43.10-05:00", "read as a date"),
        ("a: 012345670123", "read as octal"),
        ("a: -0_17", "read as octal"),
        ("a: 12:30", "to the base 60"),
        ("a: 190:20:30.15", "to the base 60"),
        ("b: 1\na: !secret hush", "a tag that is not supported"),
        ("a: !!binary aHVzaA==", "a tag that is not supported"),
        ("a: !!python/object/apply:os.system [hush]", "a tag that is not supported"),
        ("a: !!set {a, b}", "a tag that is not supported"),
        ("a: =", "a tag that is not supported"),
        ("a: *hush", "quote a value that begins with"),
        ("a: '", "is not YAML"),
        ("a: b: c", "is not YAML"),
        ("a: \x07", "does not allow"),
        ("a: \ud800", "not text"),
        ("a: " + "9" * 5000, "a number that does not exist"),
        ("a: 1\na: 2", "has the key 'a' a second time"),
        ("a: {b: {c: 1, c: 2}}", "has the key 'c' a second time"),
        ("? [a]\n: b", "is not YAML"),
    ],
)
def test_what_is_refused(text, words):
    assert words in problem(text)[1]


def test_a_refusal_names_the_line():
    assert problem("a: 1\nb: 010\n")[0] == 2
    assert problem("a: 1\n---\nb: [\n")[0] == 4


@pytest.mark.parametrize(
    "text", ["'2030-01-31'", "'012'", '"12:30"', "0", "0x1f", "0.5", "-0", "08", "1_000"]
)
def test_what_is_not_refused(text):
    assert data(f"a: {text}") == [yaml.safe_load(f"a: {text}")]


def test_what_is_read_otherwise_than_it_looks():
    ((_, node),) = documents("a: NO\nb: [yes, 'yes', true, 1e3, '1e3', 1.5E3, text]\nc: &c off\nd: *c\n")
    found = [(each.value, each.start_mark.line + 1, meant) for each, meant in doubtful(node)]
    assert found == [
        ("NO", 1, "false"),
        ("yes", 2, "true"),
        ("1e3", 2, "text"),
        ("1.5E3", 2, "text"),
        ("off", 3, "false"),
    ]


def test_one_value():
    assert value("[1, a]") == [1, "a"]
    assert value("") is None
    with pytest.raises(NotYamlError, match="several"):
        value("1\n---\n2")


def test_without_libyaml():
    """PyYAML from source has none where its headers are missing."""
    code = (
        "import sys; sys.modules['yaml._yaml'] = None\n"
        "from flows.yaml_documents import documents, NotYamlError, _Parser\n"
        "assert _Parser.__module__ == 'flows.yaml_documents'\n"
        "assert documents('a: &x [1]\\nb: *x\\n')[0][0] == {'a': [1], 'b': [1]}\n"
        "for text in ('[' * 100_000, '&a [*a]', 'a: 010', 'a: 1\\na: 2', 'a: \"', 'a: \\x07'):\n"
        "    try: documents(text)\n"
        "    except NotYamlError: continue\n"
        "    raise SystemExit(text[:9])\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
