"""Dynamic UI as the console reads it."""

from __future__ import annotations

import pytest

from plugin.serving import ui

NAME = ui.text("Name", "data.name")


def test_a_number_shows_its_text_and_sorts_by_itself():
    assert ui.number("Price", "data.price", is_optional=True) == {
        "name": "Price",
        "key": "data.shown.price",
        "type": "text",
        "options": {"sort_key": "data.price", "is_optional": True},
    }
    assert ui.number("Total", "data.supply.total")["key"] == "data.shown.supply.total"


def test_a_number_of_a_row_cannot_be_sorted():
    """The console asks the platform for what it shows, and the number itself is not among it."""
    assert ui.number("Price", "price") == {
        "name": "Price",
        "key": "shown.price",
        "type": "text",
        "options": {"sortable": False},
    }


def test_fields_have_the_consoles_own_options():
    assert ui.badge("Rank", "data.rank", "indigo.500")["options"] == {
        "background_color": "indigo.500",
        "text_color": "white",
    }
    assert ui.size("Memory", "data.memory", "GB") == {
        "name": "Memory",
        "key": "data.memory",
        "type": "size",
        "options": {"source_unit": "GB"},
    }
    assert ui.digits("Year", "data.year") == {"name": "Year", "key": "data.year", "type": "state"}
    assert ui.datetime("At", "data.at")["options"] == {"source_type": "iso8601"}
    assert ui.search_enum("State", "data.state", {"UP": "Up"}) == {
        "name": "State",
        "key": "data.state",
        "enums": {"UP": {"label": "Up"}},
    }


def test_a_table_is_of_the_type_that_its_place_needs():
    rows = ui.table("Rows", [NAME], "data.rows")
    assert rows["type"] == "table"
    assert ui.parts("Parts", [rows, ui.item("Item", [NAME])])["options"]["layouts"] == [
        {"name": "Rows", "type": "simple-table", "options": {"root_path": "data.rows", "fields": [NAME]}},
        {"name": "Item", "type": "item", "options": {"fields": [NAME]}},
    ]
    assert rows["type"] == "table"


@pytest.mark.parametrize(
    "link", ["{{reference.external_link}}", "https://example.org/{{data.id}}", "/page", "javascript:alert(1)"]
)
def test_a_link_is_an_address(link):
    with pytest.raises(ValueError, match=r"^Page: .* no address"):
        ui.text("Page", "data.page", link=link)


def test_a_whole_address_is_a_link():
    assert ui.text("Page", "data.page", link="https://example.org")["options"] == {
        "link": "https://example.org"
    }


def test_a_state_with_a_point_is_never_found():
    with pytest.raises(ValueError, match=r"'v1\.2'"):
        ui.states("Version", "data.version", {"v1.2": ("New", "green.500")})


@pytest.mark.parametrize("name", ["Raw Data", "Base Information", "Own"])
def test_a_tab_has_a_name_of_its_own(name):
    tabs = [ui.item("Own", [NAME]), ui.item(name, [NAME])]
    with pytest.raises(ValueError, match=f"'{name}'"):
        ui.view(columns=[NAME], tabs=tabs)


def test_a_view_is_complete():
    """Without a search or columns the console shows nothing of the type."""
    view = ui.view(columns=[])["view"]
    assert view["search"] == []
    assert view["table"]["layout"]["options"] == {"fields": []}
    assert view["sub_data"] == {"layouts": []}
