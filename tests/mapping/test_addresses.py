"""An address on one line: taken apart where nothing is in doubt, and refused elsewhere."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldnote.mapping.addresses import address_parts
from fieldnote.mapping.unclear import UnclearError


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("123 Main St, Denver, CO 80202", "123 Main St|Denver|CO|80202|US"),
        ("123 Main St, Denver, CO, 80202, USA", "123 Main St|Denver|CO|80202|US"),
        ("123 Main St\nDenver, CO 80202-1234", "123 Main St|Denver|CO|80202-1234|US"),
        ("123 Main St, Kansas City MO 64101", "123 Main St|Kansas City|MO|64101|US"),
        ("5 Oak Ave, New York, New York 10001 U.S.A.", "5 Oak Ave|New York|NY|10001|US"),
        ("1 Elm St, Charleston, west virginia 25301", "1 Elm St|Charleston|WV|25301|US"),
        ("PO Box 12, Salt Lake City, UT 84101", "PO Box 12|Salt Lake City|UT|84101|US"),
        ("N6W23001 Bluemound Rd, Waukesha, WI 53188", "N6W23001 Bluemound Rd|Waukesha|WI|53188|US"),
        ("500 S Elm, # 3, Burbank, CA 91521", "500 S Elm, # 3|Burbank|CA|91521|US"),
        ("1 Main St, Ontario, CA 91761", "1 Main St|Ontario|CA|91761|US"),
        ("10 Rue Saint-Paul, Montréal, Québec H2Y1G8", "10 Rue Saint-Paul|Montréal|QC|H2Y 1G8|CA"),
        ("Unit 4, 100 Queen St W, Toronto, ON m5h 2n2", "Unit 4, 100 Queen St W|Toronto|ON|M5H 2N2|CA"),
        ("7 Low Rd, York, North Yorkshire, YO1 7HH, UK", "7 Low Rd|York|North Yorkshire|YO1 7HH|GB"),
    ],
)
def test_a_whole_address_is_taken_apart(text: str, parts: str) -> None:
    assert "|".join(address_parts(text).values()) == parts


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("123 Main St, Winston Salem, NC", {"zip"}),
        ("12 Main St, Toronto, ON", {"zip"}),
        ("10 Downing Street, London SW1A 2AA", {"state"}),
    ],
)
def test_what_is_missing_stays_missing(text: str, missing: set[str]) -> None:
    assert {"street", "city", "state", "zip", "country"} - address_parts(text).keys() == missing


@pytest.mark.parametrize(
    "text",
    [
        "123 Main St Denver CO 80202",
        "1 Lake Park Drive Salt Lake City UT 84101",
        "500 Main St, Apt 3 Denver CO 80202",
        "500 Main St, Apt 3, CO 80202",
        "John Smith, 123 Main St, Denver, CO 80202",
        "123 Main St, Rear house, Denver, CO 80202",
        "123 Main St, Denver",
        "123 Main St, Denver, CO 80202, France",
        "123 Main St, Denver, CO 80202, Canada",
        "Denver, CO 80202",
        "Main St & 3rd Ave, Denver, CO 80202",
        "call first",
        ",",
        "1" * 400,
    ],
)
def test_what_is_in_doubt_is_not_guessed_at(text: str) -> None:
    with pytest.raises(UnclearError, match="is not clear as an address"):
        address_parts(text)


_WORD = st.text("abcdefghijklmnop", min_size=5, max_size=9).map(str.title)


@given(
    number=st.integers(1, 99999),
    street=_WORD,
    city=st.lists(_WORD, min_size=1, max_size=3).map(" ".join),
    state=st.sampled_from(["CO", "NY", "TX"]),
    code=st.integers(10000, 99999),
)
def test_every_address_that_is_written_as_usual_comes_back_whole(
    number: int, street: str, city: str, state: str, code: int
) -> None:
    parts = address_parts(f"{number} {street} St, {city}, {state} {code}")
    assert parts == {"street": f"{number} {street} St", "city": city, "state": state, "zip": str(code), "country": "US"}


@given(st.text(max_size=60))
def test_any_text_is_taken_apart_or_refused(text: str) -> None:
    try:
        parts = address_parts(text)
    except UnclearError:
        return
    assert {"street", "city", "country"} <= parts.keys()
