"""What was assumed of an input is said in one line, once."""

import logging

import pytest

from edgesim.notes import note


def test_a_note_is_one_line_and_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, logger="edgesim"):
        note("map of test_notes.gml", "left out:\nLinkNote")
        note("map of test_notes.gml", "left out:\nLinkNote")
        note("map of test_notes.gml", "left out: Country")
    assert caplog.messages == [
        "note: map of test_notes.gml: left out: LinkNote",
        "note: map of test_notes.gml: left out: Country",
    ]
