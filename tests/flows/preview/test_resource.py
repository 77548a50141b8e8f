import pytest

from flows.preview import preview
from flows.preview.layouts import Section, sections

FIELDS = [{"name": "Price", "key": "data.price"}, {"name": "Nothing", "key": "data.nothing"}]
ITEM = {"name": "Price", "type": "item", "options": {"fields": FIELDS}}
RECORD = {
    "cloud_service_id": "cloud-svc-1",
    "name": "Bitcoin",
    "provider": "portfolio",
    "cloud_service_group": "Investment",
    "cloud_service_type": "Cryptocurrency",
    "reference": {"resource_id": "bitcoin", "external_link": "https://example.com/bitcoin"},
    "data": {"price": 64321.5, "trades": [{"at": "10:00", "price": 1.0}, {"at": "11:00", "price": 2.0}]},
    "tags": {"portfolio": {"symbol": "BTC"}, "custom": {"owner": "me"}},
}


def view(*layouts):
    return {"view": {"sub_data": {"layouts": list(layouts)}}}


BY_REFERENCE = {"view": {"sub_data": {"reference": {"resource_type": "inventory.CloudServiceType"}}}}


@pytest.mark.parametrize(
    ("metadata", "type_metadata"),
    [
        ({"portfolio": view(ITEM)}, {}),  # as 1.12 has it
        ({"portfolio": BY_REFERENCE}, view(ITEM)),  # as 2.x has it
        ({}, view(ITEM)),
    ],
)
def test_the_tabs_are_the_resources_own_or_those_of_its_type(metadata, type_metadata):
    shown = preview({**RECORD, "metadata": metadata}, {"metadata": type_metadata})
    assert shown.tabs == (Section("Price", "Price", ("field", "value"), (("Price", "64,321.5"),)),)


def test_details_and_tags_are_those_of_every_resource():
    shown = preview(RECORD, None)
    assert shown.as_json() == {
        "name": "Bitcoin",
        "details": {
            "Name": "Bitcoin",
            "ID": "cloud-svc-1",
            "Resource ID": "bitcoin",
            "Link": "https://example.com/bitcoin",
            "Provider": "portfolio",
            "Group": "Investment",
            "Type": "Cryptocurrency",
        },
        "tags": {"symbol": "BTC", "owner": "me"},
        "tabs": [],
    }
    assert shown.summary() == "Bitcoin: 7 details, 2 tags, no dynamic UI"


def test_the_summary_names_the_tabs_that_have_something_in_them():
    empty = {"name": "Empty", "type": "item", "options": {"fields": FIELDS[1:]}}
    group = {"name": "Market", "type": "list", "options": {"layouts": [ITEM, ITEM]}}
    one_tag = {**RECORD, "tags": {"portfolio": {"symbol": "BTC"}}}
    shown = preview(one_tag, {"metadata": view(group, empty)})
    assert shown.summary() == "Bitcoin: 7 details, 1 tag, tabs Market"
    assert [section.tab for section in shown.sections] == ["Details", "Market", "Market", "Tags"]


def drawn(layout):
    return list(sections([layout], RECORD))


def test_a_table_has_a_row_an_entry_of_its_root():
    fields = [{"name": "At", "key": "at"}, {"name": "Price", "key": "price", "options": {"postfix": " USD"}}]
    layout = {
        "name": "Trades",
        "type": "simple-table",
        "options": {"root_path": "data.trades", "fields": fields},
    }
    (section,) = drawn(layout)
    assert section.columns == ("At", "Price")
    assert section.rows == (("10:00", "1 USD"), ("11:00", "2 USD"))


def test_a_table_of_nothing_has_no_rows():
    layout = {"name": "None", "type": "table", "options": {"root_path": "data.none", "fields": FIELDS}}
    assert drawn(layout)[0].rows == ()


def test_a_list_is_its_layouts_in_one_tab():
    inner = {"type": "item", "options": {"fields": [{"name": "At", "key": "at"}]}}
    layout = {"name": "First", "type": "list", "options": {"root_path": "data.trades.0", "layouts": [inner]}}
    assert drawn(layout) == [Section("First", "First", ("field", "value"), (("At", "10:00"),))]


def test_a_text_is_shown_in_english():
    layout = {"name": "Help", "type": "markdown", "options": {"markdown": {"ko": "도움", "en": "Help"}}}
    assert drawn(layout)[0].rows == (("Help",),)


def test_a_layout_of_an_unknown_type_is_raw_and_says_so():
    layout = {"name": "Chart", "type": "chart", "options": {"root_path": "data.price"}}
    (section,) = drawn(layout)
    assert (section.title, section.rows) == ("Chart (unknown layout 'chart')", (("64321.5",),))


@pytest.mark.parametrize("layouts", [["no layout"], [{}], [{"type": "item", "options": None}]])
def test_what_is_no_layout_breaks_nothing(layouts):
    assert all(isinstance(section, Section) for section in sections(layouts, RECORD))
