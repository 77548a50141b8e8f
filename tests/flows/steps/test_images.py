import dataclasses

import pytest

from flows.images.state import ImageStatus
from flows.resources import Verb
from flows.steps.images import image_action
from tests.reports import planned

VERBS = {ImageStatus.ABSENT: Verb.CREATE, ImageStatus.SAME: Verb.KEEP}


@pytest.mark.parametrize("status", ImageStatus)
def test_whatever_is_neither_new_nor_the_same_is_blocked_with_its_reason(status):
    state = dataclasses.replace(planned().image, status=status, message="Because.")
    action = image_action(state, planned().source.plugin)
    assert action.verb is VERBS.get(status, Verb.BLOCKED)
    assert action.reason == ("Because." if action.verb is Verb.BLOCKED else "")
