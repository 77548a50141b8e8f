from flows.steps.subject import Subject


def test_a_title_has_what_is_known():
    assert Subject("release", "prod").title == "release to prod"
    assert Subject("release", "prod", "plugin-x", "1.0", dry_run=True).title == (
        "release plugin-x 1.0 to prod (dry run)"
    )
    assert Subject("recollect", "prod", "plugin-x").title == "recollect plugin-x in prod"


def test_tags_are_what_a_list_is_filtered_by():
    assert Subject("release", "prod").tags == ("release", "environment:prod")
    assert Subject("release", "prod", "plugin-x", "1.0", dry_run=True).tags == (
        *("release", "plugin:plugin-x", "version:1.0", "environment:prod", "dry-run"),
    )
