"""Names: what a plugin's image, name and kind follow from, and which of them may be written."""

from __future__ import annotations

import re
from dataclasses import dataclass

from flows import plugin_kinds
from flows.manifest.environment import is_path
from flows.manifest.image_name import MAX_PLUGIN_NAME, check_plugin_image
from flows.text import printable

COLLECTS = "inventory.Collector"
MAX_NAME = 255
MAX_ENVIRONMENT = 60
MAX_TYPE = 80

_ENVIRONMENT = re.compile(r"[a-z][a-z0-9]*(?:[._-][a-z0-9]+)*")
_PROVIDER = re.compile(r"[a-z][a-z0-9_-]{0,39}")


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of plugin, as far as names tell it.

    Attributes:
        type: What it is registered as.
        words: What the name of one ends with.
        suffixes: How images and repositories of such plugins end.
        packages: Modules of SpaceONE's framework that only such plugins import.
        older: The type in 1.12, if that is another one.
    """

    type: str
    words: str
    suffixes: tuple[str, ...]
    packages: tuple[str, ...]
    older: str = ""


#: The longer endings first: `-identity-account-collector` is no inventory collector.
KINDS = (
    Kind(
        "identity.Provider",
        "Account Collector",
        ("-account-collector",),
        ("identity.plugin.account_collector",),
    ),
    Kind(COLLECTS, "Collector", ("-inven-collector", "-collector"), ("inventory.plugin.collector",)),
    Kind(
        "cost_analysis.DataSource",
        "Cost Data Source",
        ("-cost-datasource",),
        ("cost_analysis.plugin.data_source",),
    ),
    Kind("monitoring.DataSource", "Data Source", ("-mon-datasource",), ("monitoring.plugin.data_source",)),
    Kind("monitoring.Webhook", "Webhook", ("-mon-webhook",), ("monitoring.plugin.webhook",)),
    Kind("notification.Protocol", "Protocol", ("-noti-protocol",), ("notification.plugin.protocol",)),
    Kind(
        "identity.Auth", "Authentication", ("-identity-auth",), ("identity.plugin.auth",), "identity.Domain"
    ),
)


def kind_named(name: str) -> Kind | None:
    """The kind that an image's or repository's name ends with, by the habit of SpaceONE's organisation."""
    return next((kind for kind in KINDS if name.endswith(kind.suffixes)), None)


def kind_of(plugin_type: str) -> Kind:
    """The kind with a type, which may be one that names do not tell."""
    found = next((kind for kind in KINDS if plugin_type in {kind.type, kind.older}), None)
    return found or Kind(plugin_type, "", (), ())


def plugin_title(image: str) -> str:
    """A name for people, from the image's.

    >>> plugin_title("team/plugin-google-cloud-inven-collector")
    'Google Cloud Collector'
    """
    last = image.rpartition("/")[2]
    kind = kind_named(last)
    ending = next((suffix for suffix in kind.suffixes if last.endswith(suffix)), "") if kind else ""
    words = [word.capitalize() for word in last.removesuffix(ending).split("-") if word]
    words = words[1:] if words[:1] == ["Plugin"] else words
    return " ".join([*words, *([kind.words] if kind else [])]) or last


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
        plugin_kinds.check_type(name)
    except ValueError:
        return False
    return len(name) <= MAX_TYPE and name.isascii()


def type_of(name: str) -> str:
    """A type as the platform writes it: `inventory.Collector` for `inventory.collector`, too."""
    known = plugin_kinds.kind_of(name)
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
