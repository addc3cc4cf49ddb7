"""Whatever a driver may give for a column, as a strategy of Hypothesis."""

from __future__ import annotations

from datetime import UTC
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

_MOMENTS = st.datetimes() | st.datetimes(timezones=st.sampled_from([UTC, ZoneInfo("Europe/London")]))
_SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.decimals() | st.text(max_size=12) | _MOMENTS
    | st.dates() | st.times() | st.timedeltas() | st.uuids() | st.binary(max_size=3)
)  # fmt: skip
VALUES = _SCALARS | st.lists(_SCALARS, max_size=3) | st.dictionaries(st.text(max_size=5), _SCALARS, max_size=2)
