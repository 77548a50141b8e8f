"""Stand-ins for docker's client."""

from __future__ import annotations

from docker.errors import ImageNotFound


class Docker:
    """docker's client: what a build or a push tells; it holds no image."""

    def __init__(self, *events):
        self.events, self.api = events, self

    def inspect_image(self, name):
        raise ImageNotFound(name)

    def build(self, **_):
        yield from self.events

    def push(self, *_, **__):
        yield from self.events


class Holding(Docker):
    """docker's client of an engine that has these images, and finds these without a name."""

    def __init__(self, images, unnamed=()):
        super().__init__()
        self.held, self.unnamed, self.removed = images, list(unnamed), []

    def inspect_image(self, name):
        return self.held.get(name) or super().inspect_image(name)

    def images(self, filters):
        assert filters["dangling"] is True
        return self.unnamed

    def remove_image(self, name):
        self.removed.append(name)
