import pytest
from hypothesis import given
from hypothesis import strategies as some

from flows.preview import default_sort, preview, table
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
    rows = (("Price", "64,321.5"), ("Nothing", ""))
    assert shown.tabs == (Section("Price", "Price", ("field", "value"), rows),)


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
        "type": "table",
        "options": {"root_path": "data.trades", "fields": fields},
    }
    within = {"name": "Trades", "type": "list", "options": {"layouts": [layout | {"type": "simple-table"}]}}
    for section in (*drawn(layout), *drawn(within)):
        assert section.columns == ("At", "Price")
        assert section.rows == (("10:00", "1 USD"), ("11:00", "2 USD"))


def test_a_simple_table_of_its_own_is_empty_in_the_console():
    layout = {
        "name": "Trades",
        "type": "simple-table",
        "options": {"root_path": "data.trades", "fields": FIELDS},
    }
    (section,) = drawn(layout)
    assert section.columns == ("note",)
    assert "empty" in section.rows[0][0]


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


ANYTHING = some.recursive(
    some.one_of(some.none(), some.booleans(), some.floats(), some.integers(), some.text(max_size=5)),
    lambda below: some.one_of(
        some.lists(below, max_size=3),
        some.dictionaries(
            some.sampled_from(
                [
                    *("name", "key", "type", "options", "layouts", "fields", "root_path", "source_type"),
                    *("sub_key", "layout", "markdown", "default", "prefix", "source_unit", "items", "desc"),
                ]
            ),
            below,
            max_size=5,
        ),
    ),
    max_leaves=12,
)
KINDS = ["text", "badge", "enum", "datetime", "list", "dict", "size", "progress", "more", "state", None]
FIELDS_OF_ANY_FORM = some.fixed_dictionaries(
    {
        "name": ANYTHING,
        "key": some.sampled_from(["data", "data.price", "data.trades.at", "data.trades", "tags"]),
    },
    optional={"type": some.sampled_from(KINDS), "options": ANYTHING},
)
LAYOUTS = some.fixed_dictionaries(
    {"type": some.sampled_from(["item", "list", "table", "simple-table", "markdown", "raw", 7])},
    optional={
        "name": ANYTHING,
        "options": some.one_of(
            ANYTHING,
            some.fixed_dictionaries(
                {
                    "fields": some.one_of(
                        ANYTHING, some.lists(some.one_of(ANYTHING, FIELDS_OF_ANY_FORM), max_size=3)
                    )
                },
                optional={
                    "root_path": some.sampled_from(["data", "data.trades", "none"]),
                    "layouts": ANYTHING,
                },
            ),
        ),
    },
)


@given(
    some.lists(LAYOUTS, max_size=3),
    some.one_of(
        ANYTHING,
        some.fixed_dictionaries(
            {
                "fields": some.lists(some.one_of(ANYTHING, FIELDS_OF_ANY_FORM), max_size=3),
                "default_sort": ANYTHING,
            }
        ),
    ),
)
def test_metadata_of_any_form_is_shown_somehow(layouts, options):
    """It is the plugin's: a release has ended by then, and its verdict must not be lost for it."""
    metadata = {"view": {"sub_data": {"layouts": layouts}, "table": {"layout": {"options": options}}}}
    type_record = {"metadata": metadata}
    # None of them must raise.
    preview(RECORD | {"metadata": {"portfolio": metadata}}, type_record)
    table([RECORD], type_record)
    default_sort(type_record)
