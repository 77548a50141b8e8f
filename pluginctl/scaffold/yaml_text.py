"""YAML that says exactly what was meant, whatever the values are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import yaml

from flows import yaml_documents
from flows.text import printable


class _Dumper(yaml.SafeDumper):
    """Writes texts of several lines as such, and lists below their key as people do."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> Any:  # noqa: ARG002 - of PyYAML
        return super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - of PyYAML
        return True


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    style = "|" if "\n" in value and printable(value, keep="\n") == value else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style)


_Dumper.add_representer(str, _text)


def yaml_text(data: Any, comment: Sequence[str] = ()) -> str:
    """Return a document below lines of comment, which are this project's own words.

    What cannot be seen is escaped, and the text is read again: a value never becomes anything else.

    Raises:
        ValueError: the document would be read as something else than `data`.
    """
    plain = all(printable(each, keep="\n") == each for each in _texts(data))
    text = yaml.dump(
        data, Dumper=_Dumper, sort_keys=False, allow_unicode=plain, width=1_000_000, default_flow_style=False
    )
    if [found for found, _ in yaml_documents.documents(text)] != [data]:
        raise ValueError("the document cannot be written as YAML")
    return "".join([*(f"# {line}\n" for line in comment), text])


def _texts(data: Any) -> Iterator[str]:
    if isinstance(data, dict):
        for key, value in data.items():
            yield from _texts(key)
            yield from _texts(value)
    elif isinstance(data, list):
        for value in data:
            yield from _texts(value)
    elif isinstance(data, str):
        yield data
