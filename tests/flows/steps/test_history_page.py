import base64
import re

from hypothesis import given
from hypothesis import strategies as st

from flows.steps.chart import chart
from flows.steps.history_page import page, summary
from flows.steps.subject import Subject
from flows.text import printable
from tests.flows.steps.test_history import COLLECTIONS, past
from tests.rendering import rendered

SUBJECT = Subject("recollect", "production", "plugin-x", "0.1.0")
PICTURE = re.compile(r"^!\[([^\[\]]*)\]\(data:image/svg\+xml;base64,([A-Za-z0-9+/=]+)\)$", re.MULTILINE)


def test_a_page_has_a_chart_and_a_table_with_the_last_one_first():
    collections = [
        past(0, flow="release", state="Released", resources=1234, created=1234, updated=0, deleted=0),
        past(1, state="NotCollected", success=False, deleted=0, failed_tasks=2),
        past(2, state="TimedOut", success=False, **dict.fromkeys(("resources", "created", "updated"))),
    ]
    text = page(collections, SUBJECT)
    found = PICTURE.search(text)
    assert found is not None
    assert "from 2026-11-26 10:15 to 2026-11-26 10:45 UTC" in found[1]
    assert base64.b64decode(found[2]).decode() == chart(collections)
    assert text.startswith("# Collections of plugin-x in production\n")
    assert text.splitlines()[4:] == [
        "| time (UTC) | state | result | took |",
        "| --- | --- | --- | --- |",
        "| 2026-11-26 10:45 | **TimedOut** | 1 deleted | 12.5 s |",
        "| 2026-11-26 10:30 | **NotCollected** | 212 resources; 3 created, 208 updated; failed tasks: 2 | 12.5 s |",
        "| 2026-11-26 10:15 | Released 0.1.0 | 1,234 resources; 1,234 created | 12.5 s |",
    ]


def test_a_summary_says_how_many_failed_and_what_came_last():
    assert summary([past(0)]) == (
        "1 collection, 0 failed. The last one: 2026-11-26 10:15 UTC, Collected, 212 resources"
    )
    lost = past(1, state="Unreachable", success=False, resources=None)
    assert summary([past(0), lost]) == (
        "2 collections, 1 failed. The last one: 2026-11-26 10:30 UTC, Unreachable"
    )


@given(st.lists(COLLECTIONS, min_size=1, max_size=3), st.text(), st.text())
def test_what_others_wrote_is_text(collections, plugin_id, environment):
    text, pictures = PICTURE.subn("", page(collections, Subject("recollect", environment, plugin_id)))
    assert pictures == 1
    shown = rendered(text.replace("**", ""))
    assert shown[1:5] == ["time (UTC)", "state", "result", "took"]


def test_a_hostile_name_is_shown_as_it_is():
    name = '<img src="http://a.example/x.png"> [x](javascript:x)](data:x) | \x1b[2J'
    text = page([past(state=name[:40], version=name[:40], flow="release")], Subject("recollect", name, name))
    shown = rendered(PICTURE.sub("", text))
    assert shown[0] == f"Collections of {printable(name)} in {printable(name)}"
