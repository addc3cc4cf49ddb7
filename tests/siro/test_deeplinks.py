"""Links that start a recording."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldnote.siro.deeplinks import Action, AppLink, WebLink

TEXT = st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


def test_the_quickstarts_link_is_read_and_written() -> None:
    written = "siro://record?appointmentId=appt-456&title=Smith Kitchen Remodel&opportunityId=opp-101"
    link = AppLink.parse(written)
    assert link == AppLink("appt-456", "Smith Kitchen Remodel", "opp-101")
    assert link.url() == written.replace(" ", "%20")


@given(TEXT, TEXT, TEXT)
def test_an_app_link_comes_back_as_it_was(appointment: str | None, title: str | None, deal: str | None) -> None:
    link = AppLink(appointment, title, deal)
    assert AppLink.parse(link.url()) == link


@given(st.builds(WebLink, st.sampled_from(Action), TEXT, TEXT, TEXT, TEXT, TEXT))
def test_a_web_link_comes_back_as_it_was(link: WebLink) -> None:
    assert WebLink.parse(link.url()) == link
    assert parse_qs(urlsplit(link.url()).query)["action"] == [link.action.value]


@pytest.mark.parametrize(
    "url", ["", "https://example.com/record?title=a", "siro://play?title=a", "siro:record", "http://["]
)
def test_other_addresses_are_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        AppLink.parse(url)
    with pytest.raises(ValueError, match=r"."):
        WebLink.parse(url)
