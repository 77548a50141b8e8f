"""Markdown as the Prefect UI renders it: in GitHub's dialect, in which addresses become links."""

from __future__ import annotations

from markdown_it import MarkdownIt

GITHUB = MarkdownIt("gfm-like", {"html": True})
# Only the dialect's own addresses: linkify-it finds every domain by itself, but no `www.`.
GITHUB.linkify.set({"fuzzy_link": False})
GITHUB.linkify.add("www.", {"validate": lambda *_: 9})
COMMON = MarkdownIt("commonmark")

_PLAIN = ("heading", "paragraph", "list_item", "bullet_list", "table", "thead", "tbody", "tr", "th", "td")
_BLOCKS = {*(f"{name}_{end}" for name in _PLAIN for end in ("open", "close")), "inline"}


def rendered(source: str, parser: MarkdownIt = GITHUB) -> list[str]:
    """The texts of the blocks of Markdown that holds nothing but text and code spans: no link, image, HTML, …"""
    texts = []
    for token in parser.parse(source):
        assert token.type in _BLOCKS, token
        for child in token.children or ():
            assert child.type in {"text", "code_inline"}, child
        if token.type == "inline":
            texts.append("".join(child.content for child in token.children or ()))
    return texts
