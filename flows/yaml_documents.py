"""YAML of other people, read once and with limits.

A YAML file of a few hundred bytes can stand for more than any memory holds (aliases of aliases), a deep one ends the
parser, and some plain words mean something else than they look like: `NO` is false, `0123` is 83, `12:30` is 750.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml
from yaml.composer import Composer, ComposerError
from yaml.constructor import ConstructorError, SafeConstructor
from yaml.parser import Parser
from yaml.reader import Reader
from yaml.resolver import Resolver
from yaml.scanner import Scanner

from flows.files import MIB
from flows.text import quoted

try:
    from yaml._yaml import CParser as _Parser
except ImportError:  # PyYAML was built without libyaml

    class _Parser(Reader, Scanner, Parser):  # type: ignore[no-redef]  # the same events, in Python
        def __init__(self, text: str) -> None:
            Reader.__init__(self, text)
            Scanner.__init__(self)
            Parser.__init__(self)


MAX_BYTES = 1 * MIB
MAX_DEPTH = 64
MAX_NODES = 100_000
"""The most values in a document, where each alias counts as all that it stands for."""

_CORE = "tag:yaml.org,2002:"
_JSON_TAGS = frozenset(
    f"{_CORE}{name}" for name in ("null", "bool", "int", "float", "str", "seq", "map", "merge")
)
_MERGE = f"{_CORE}merge"
_OCTAL = re.compile(r"[-+]?0[0-7_]+")
_WORDS = re.compile(r"yes|no|on|off", re.IGNORECASE)
_EXPONENT = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)e[-+]?\d+", re.IGNORECASE)


class NotYamlError(ValueError):
    """A text is not YAML, or not YAML that can be used.

    Attributes:
        problem: What is wrong. It quotes at most the beginning of what is refused, and nothing that may be a secret.
        line: The line, from 1; None if it is not about one.
    """

    def __init__(self, problem: str, line: int | None = None) -> None:
        super().__init__(problem)
        self.problem = problem
        self.line = line


def documents(text: str) -> list[tuple[Any, yaml.Node]]:
    """Return the documents of a YAML text: the data of each, as JSON has it, and its tree. Empty ones are left out.

    Raises:
        NotYamlError: the text is not YAML or exceeds a limit, a mapping has a key twice, or a value is none of JSON's,
            such as a date.
    """
    if len(text) > MAX_BYTES:
        raise NotYamlError(f"has more than {MAX_BYTES // MIB} MiB")
    try:
        text.encode()
    except UnicodeEncodeError:  # a lone surrogate
        raise NotYamlError("has a character that is not text") from None
    try:
        loader = _Loader(text)
        try:
            return list(_read(loader))
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        problem = ", ".join(filter(None, (error.context, error.problem)))
        if isinstance(error, (ComposerError, ConstructorError)) and "'" in problem:
            # The rest quotes the file's alias or tag: a secret that begins with * or ! is read as one.
            problem = f"{problem.partition(chr(39))[0].strip()}; quote a value that begins with * or !"
        raise NotYamlError(
            f"is not YAML: {problem}", error.problem_mark.line + 1 if error.problem_mark else None
        ) from None
    except yaml.reader.ReaderError:
        raise NotYamlError("has a character that YAML does not allow") from None
    except yaml.YAMLError:
        raise NotYamlError("is not YAML") from None
    except (ValueError, AttributeError) as error:
        if isinstance(error, NotYamlError):
            raise
        # PyYAML raises it for text that looks like a number but is not one.
        raise NotYamlError("contains a number that does not exist; quote it if it is text") from None


def value(text: str) -> Any:
    """Return one value, such as that of a parameter.

    Raises:
        NotYamlError: as in `documents`, or the text has several documents.
    """
    found = documents(text)
    if len(found) > 1:
        raise NotYamlError("has several documents")
    return found[0][0] if found else None


def doubtful(node: yaml.Node) -> Iterator[tuple[yaml.ScalarNode, str]]:
    """Yield the plain values of a tree that are read otherwise than they may look: each with what it is read as."""
    for each in _nodes(node):
        if isinstance(each, yaml.ScalarNode) and not each.style:
            if _WORDS.fullmatch(each.value) and each.tag == f"{_CORE}bool":
                yield each, "true" if each.value.lower() in {"yes", "on"} else "false"
            elif _EXPONENT.fullmatch(each.value) and each.tag == f"{_CORE}str":
                yield each, "text"


def _read(loader: _Loader) -> Iterator[tuple[Any, yaml.Node]]:
    while loader.check_node():
        node = loader.get_node()
        data = loader.construct_document(node) if node else None
        if node and data is not None:
            yield data, node


class _Loader(Composer, _Parser, SafeConstructor, Resolver):
    """The events of libyaml, composed here, so that depth and aliases are counted before anything is built."""

    def __init__(self, text: str) -> None:
        _Parser.__init__(self, text)
        Composer.__init__(self)
        SafeConstructor.__init__(self)
        Resolver.__init__(self)
        self._depth = 0
        self._sizes: dict[int, int] = {}

    def compose_document(self) -> Any:
        self._sizes = {}
        return super().compose_document()

    def compose_node(self, parent: Any, index: Any) -> Any:
        event: Any = self.peek_event()
        line = event.start_mark.line + 1
        if self._depth == MAX_DEPTH:
            raise NotYamlError(f"is nested more than {MAX_DEPTH} deep", line)
        self._depth += 1
        node: Any = super().compose_node(parent, index)
        self._depth -= 1
        if isinstance(event, yaml.AliasEvent):
            if id(node) not in self._sizes:
                raise NotYamlError("has a value that contains itself, through an alias (*)", line)
            return node
        self._sizes[id(node)] = size = 1 + sum(self._sizes[id(below)] for below in _below(node))
        if size > MAX_NODES:
            raise NotYamlError(f"has more than {MAX_NODES:,} values, counted with its aliases (*)", line)
        if isinstance(node, yaml.ScalarNode):
            _check_scalar(node, line)
        elif isinstance(node, yaml.MappingNode):
            _check_keys(node)
        if node.tag not in _JSON_TAGS:
            raise NotYamlError("has a tag that is not supported; quote a value that begins with !", line)
        return node

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """Put what `<<` merges into the mapping itself, which overrides it.

        In a list, the earlier mapping overrides the later ones, as YAML says. Of several `<<`, the later one overrides,
        as spacectl's YAML reads it. PyYAML 6.0.4 decides by the length of a key.
        """
        if not any(key.tag == _MERGE for key, _ in node.value):
            return
        own = {_name(key): (key, value) for key, value in node.value if key.tag != _MERGE}
        merged: dict[Any, tuple[yaml.Node, yaml.Node]] = {}
        for key, value in node.value:
            if key.tag == _MERGE:
                each = value.value if isinstance(value, yaml.SequenceNode) else [value]
                for part in reversed(each):
                    if not isinstance(part, yaml.MappingNode):
                        raise NotYamlError("has a << that merges no mapping", key.start_mark.line + 1)
                    self.flatten_mapping(part)
                    merged |= {_name(below): (below, item) for below, item in part.value}
        node.value = [*(pair for name, pair in merged.items() if name not in own), *own.values()]


def _name(key: yaml.Node) -> Any:
    """What two keys of one name have in common. A mapping or a list is no key, which the constructor says."""
    return key.value if isinstance(key, yaml.ScalarNode) else id(key)


def _check_scalar(node: yaml.ScalarNode, line: int) -> None:
    """Refuse what nobody means. The value may be a secret, and is not in the message."""
    if node.style:
        return
    kind = node.tag.removeprefix(_CORE)
    if kind == "timestamp":
        raise NotYamlError("has a value that is read as a date; quote it", line)
    if kind in {"int", "float"} and ":" in node.value:
        raise NotYamlError(
            "has a value such as 12:30, which is read as a number to the base 60; quote it", line
        )
    if kind == "int" and _OCTAL.fullmatch(node.value):
        raise NotYamlError(
            "has a number that begins with 0, which is read as octal; quote it if it is text", line
        )


def _check_keys(node: yaml.MappingNode) -> None:
    """Refuse a key that appears twice in its mapping. PyYAML would use the last one; YAML 1.2 forbids it."""
    seen: set[str] = set()
    for key, _ in node.value:
        if isinstance(key, yaml.ScalarNode):
            if key.value in seen and key.tag != _MERGE:
                raise NotYamlError(
                    f"has the key {quoted(key.value)} a second time; is a line --- missing between two documents?",
                    key.start_mark.line + 1,
                )
            seen.add(key.value)


def _below(node: yaml.Node) -> Iterator[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        for pair in node.value:
            yield from pair
    elif isinstance(node, yaml.SequenceNode):
        yield from node.value


def _nodes(node: yaml.Node) -> Iterator[yaml.Node]:
    """Every node of a tree once, however many aliases lead to it."""
    waiting, seen = [node], set[int]()
    while waiting:
        each = waiting.pop()
        if id(each) not in seen:
            seen.add(id(each))
            yield each
            waiting.extend(reversed(list(_below(each))))
