"""A history of collections as an SVG: resources, what was created and deleted, and durations, one below the other.

It is a picture in a page, of 330 pixels or more: its own style has larger letters and fewer labels where it is narrow,
and follows the reader's choice of a light or dark screen. A picture runs no script and loads nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from flows.steps.history import PastCollection

_WIDTH, _LEFT, _RIGHT = 680, 84, 40
_HEAD = 58
"""The height of the legend, with the crosses of failures below it."""
_TITLE = 52
"""Of a panel's title; the axis's first label reaches into it."""
_SLOTS = 10
"""The least number of places for collections, so that few of them are no broad blocks."""
_NEAR = 26
"""Two labels of an axis need so many units between them."""

_STYLE = """
svg{--back:#fff;--text:#24292f;--line:#d0d7de;--resources:#0969da;--created:#1a7f37;--deleted:#bc4c00;--took:#6e40c9;
--failed:#cf222e;font:14px system-ui,sans-serif}
@media (prefers-color-scheme:dark){svg{--back:#161b22;--text:#e6edf3;--line:#3d444d;--resources:#58a6ff;
--created:#3fb950;--deleted:#f0883e;--took:#bc8cff;--failed:#ff7b72}}
@media (max-width:480px){svg{font-size:25px}.wide{display:none}}
text{fill:var(--text)}.title{font-weight:600}.end{text-anchor:end}.middle{text-anchor:middle}
.back{fill:var(--back)}.axis{stroke:var(--line)}.release{fill:var(--text)}
.resources{fill:var(--resources)}.created{fill:var(--created)}.deleted{fill:var(--deleted)}.took{fill:var(--took)}
.curve{fill:none;stroke:var(--resources);stroke-width:2}
.cross{stroke:var(--failed);stroke-width:3}.failed{fill:var(--failed);opacity:.18}
"""


def chart(collections: Sequence[PastCollection]) -> str:
    """The SVG of at least one collection, in the order of time."""
    drawing = _Drawing(collections)
    drawing.resources()
    drawing.changes()
    drawing.durations()
    failures = drawing.failures()
    drawing.times()
    size = f'width="{_WIDTH}" height="{drawing.height}"'
    return "".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {drawing.height}" {size}>',
            f"<style>{''.join(_STYLE.splitlines())}</style>",
            f'<rect class="back" {size} rx="8"/>',
            *(_cross(22, 21), _text("", 36, 26, "failed")),
            *(_triangle(142, 15), _text("", 156, 26, "release")),
            _text("end", _WIDTH - 12, 26, "times in UTC"),
            *failures,  # behind the panels
            *drawing.parts,
            "</svg>",
        )
    )


class _Drawing:
    """A chart that grows downwards.

    Attributes:
        parts: The elements.
        height: Of what has been drawn.
    """

    def __init__(self, collections: Sequence[PastCollection]) -> None:
        self.parts: list[str] = []
        self.height = _HEAD
        self._all = collections
        self._slot = (_WIDTH - _LEFT - _RIGHT) / max(len(collections), _SLOTS)

    def resources(self) -> None:
        """A curve, which is interrupted where nothing was counted."""
        y = self._panel("Resources in the inventory", 110, max(each.resources or 0 for each in self._all))
        curves: list[list[str]] = [[]]
        for index, each in enumerate(self._all):
            if each.resources is None:
                curves.append([])
                continue
            point = self._x(index), y(each.resources)
            curves[-1].append("{},{}".format(*point))
            self.parts.append('<circle class="resources" cx="{}" cy="{}" r="4"/>'.format(*point))
        self.parts += [f'<polyline class="curve" points="{" ".join(each)}"/>' for each in curves]

    def changes(self) -> None:
        """Bars upwards and downwards. What was updated is left out: often, that is everything."""
        created = max(each.created or 0 for each in self._all)
        deleted = max(each.deleted or 0 for each in self._all)
        y = self._panel("Created (up), deleted (down)", 90, created, deleted)
        for index, each in enumerate(self._all):
            self._bar("created", index, y, each.created or 0)
            self._bar("deleted", index, y, -(each.deleted or 0))

    def durations(self) -> None:
        """Bars."""
        longest = max(each.seconds or 0 for each in self._all)
        unit, name = next(each for each in _UNITS if longest >= 10 * each[0] or each[0] == 1)
        y = self._panel(f"Duration ({name})", 80, longest / unit)
        for index, each in enumerate(self._all):
            self._bar("took", index, y, (each.seconds or 0) / unit)

    def failures(self) -> list[str]:
        """A band across all panels, and a cross, because not everybody sees a colour."""
        bands = []
        for index, each in enumerate(self._all):
            if not each.success:
                width, top = min(self._slot - 2, 30), _HEAD - 18
                size = f'width="{width:.1f}" height="{self.height - top}"'
                bands.append(f'<rect class="failed" x="{self._x(index) - width / 2:.1f}" y="{top}" {size}/>')
                bands.append(_cross(self._x(index), top + 8))
        return bands

    def times(self) -> None:
        """Releases, and the time of some collections; the last one is among them."""
        step = -(-max(len(self._all), _SLOTS) // 8)
        for index, each in enumerate(self._all):
            x, before_last = self._x(index), len(self._all) - 1 - index
            if each.moves:
                self.parts.append(_triangle(x, self.height + 5))
            if before_last % step == 0:
                kind = "middle wide" if before_last % (2 * step) else "middle"
                self.parts.append(_text(kind, x, self.height + 43, f"{each.at:%H:%M}"))
                self.parts.append(
                    _text(kind, x, self.height + 70, f"{each.at.day} {_MONTHS[each.at.month - 1]}")
                )
        self.height += 84

    def _x(self, index: int) -> float:
        return round(_LEFT + (index + 0.5) * self._slot, 1)

    def _bar(self, kind: str, index: int, y: Callable[[float], float], value: float) -> None:
        """A bar from the base line upwards or downwards; also a small one is seen."""
        if not value:
            return
        width, height = min(self._slot * 0.7, 24), max(abs(y(0) - y(value)), 3)
        x, top = self._x(index) - width / 2, y(0) - (height if value > 0 else 0)
        self.parts.append(
            f'<rect class="{kind}" x="{x:.1f}" y="{top:.1f}" width="{width:.1f}" height="{height:.1f}"/>'
        )

    def _panel(self, title: str, height: int, largest: float, lowest: float = 0) -> Callable[[float], float]:
        """A title and the lines of an axis; returns where on the picture a value is."""
        up, down = _round_up(largest), _round_up(lowest) if lowest else 0
        top = self.height + _TITLE
        self.height = top + height
        self.parts.append(_text("title", 8, top - 26, title))

        def y(value: float) -> float:
            return round(top + height * (up - value) / (up + down), 1)

        for value in sorted({up, up / 2, 0, -down}):
            self.parts.append(f'<path class="axis" d="M{_LEFT} {y(value)}H{_WIDTH - _RIGHT}"/>')
            whole = value == int(value)
            if whole and (value == 0 or abs(y(value) - y(0)) >= _NEAR):
                kind = "end wide" if value == up / 2 else "end"
                self.parts.append(_text(kind, _LEFT - 8, y(value) + 5, _short(abs(value))))
        return y


_UNITS = ((3600, "hours"), (60, "minutes"), (1, "seconds"))
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _text(kind: str, x: float, y: float, words: str) -> str:
    """Words of this module, or a number: they need no escapes."""
    return f'<text class="{kind}" x="{x:g}" y="{y:g}">{words}</text>'


def _cross(x: float, y: float) -> str:
    return f'<path class="cross" d="M{x - 5:.1f} {y - 5}l10 10m0 -10l-10 10"/>'


def _triangle(x: float, y: float) -> str:
    return f'<path class="release" d="M{x} {y}l6 11h-12z"/>'


def _round_up(value: float) -> float:
    """The end of an axis.

    >>> [_round_up(value) for value in (0, 1, 5, 11, 216, 1523)]
    [2, 2, 5, 20, 300, 2000]
    """
    power = 1
    while value > 10 * power:
        power *= 10
    return next(step * power for step in (2, 3, 4, 5, 6, 8, 10) if value <= step * power)


def _short(value: float) -> str:
    """A number of an axis: at most five characters.

    >>> [_short(value) for value in (0, 0.5, 2000, 15000, 6000000)]
    ['0', '0.5', '2,000', '15k', '6M']
    """
    for size, letter in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if value >= 10 * size or (value >= size and size > 1000):
            return f"{value / size:g}{letter}"
    return f"{value:,g}"
