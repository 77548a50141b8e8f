"""Names: what follows from the name of an image, and which names may be written."""

from __future__ import annotations

import re

from flows.manifest.environment import is_path
from flows.manifest.image_name import MAX_PLUGIN_NAME, check_plugin_image
from flows.plugin_kinds import check_type, kind_named, kind_of
from flows.text import printable

MAX_NAME = 255
MAX_ENVIRONMENT = 60
MAX_TYPE = 80

_ENVIRONMENT = re.compile(r"[a-z][a-z0-9]*(?:[._-][a-z0-9]+)*")
_PROVIDER = re.compile(r"[a-z][a-z0-9_-]{0,39}")


def plugin_title(image: str) -> str:
    """A name for people, from the image's.

    >>> plugin_title("team/plugin-google-cloud-inven-collector")
    'Google Cloud Collector'
    """
    last = image.rpartition("/")[2]
    kind = kind_named(last)
    ending = next((each for each in kind.endings if last.endswith(each)), "") if kind else ""
    words = [word.capitalize() for word in last.removesuffix(ending).split("-") if word]
    words = words[1:] if words[:1] == ["Plugin"] else words
    return " ".join([*words, *([kind.noun.title()] if kind else [])]) or last


def provider_title(provider: str) -> str:
    """A provider's name for people: `Google Cloud` for `google_cloud`."""
    return " ".join(word.capitalize() for word in re.split("[_-]", provider) if word)


def image_of(words: str, owner: str = "") -> str:
    """A valid name of an image from any words, or "" if they have no letter or digit.

    >>> image_of("My_Plugin 2"), image_of("plugin-x", "Some-Team")
    ('my-plugin-2', 'some-team/plugin-x')
    """
    last = _slug(words)[:MAX_PLUGIN_NAME].strip("-")
    head = _slug(owner)
    image = f"{head}/{last}" if head and last else last
    return image if is_image(image) else ""


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def is_image(name: str) -> bool:
    """Whether SpaceONE accepts it as a plugin's image."""
    try:
        check_plugin_image(name)
    except ValueError:
        return False
    return name.isascii()


def is_environment(name: str) -> bool:
    """Whether it may be a file's name, a word of a command, and GitHub's name of an environment."""
    return len(name) <= MAX_ENVIRONMENT and not is_path(name) and _ENVIRONMENT.fullmatch(name) is not None


def is_provider(name: str) -> bool:
    """Whether it looks like a provider's identifier, such as `google_cloud`."""
    return _PROVIDER.fullmatch(name) is not None


def is_type(name: str) -> bool:
    """Whether it has the form of a plugin's type, such as `monitoring.Webhook`."""
    try:
        check_type(name)
    except ValueError:
        return False
    return len(name) <= MAX_TYPE and name.isascii()


def type_of(name: str) -> str:
    """A type as the platform writes it: `inventory.Collector` for `inventory.collector`, too."""
    known = kind_of(name)
    return known.type if known.known else name


def is_shown(text: str) -> bool:
    """Whether a text is one line that can be seen as it is, and not too long for a name."""
    return 0 < len(text) <= MAX_NAME and text.strip() == text and printable(text) == text and _encodes(text)


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:  # a lone surrogate, from a command line that is no text
        return False
    return True
