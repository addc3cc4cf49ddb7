"""Which recording belongs to which appointment. Pure: values in, values out.

::

    decisions = match(conversations, appointments, fixed={"rec-7": "appt-456"})
    decisions[0].outcome          # LINKED, PROPOSED or NONE
    decisions[0].appointment_id   # only where it is LINKED
    decisions[0].evidence.words   # ("started 4 minutes after the appointment", ...)

A wrong link writes into the wrong deal, so it costs far more than a missing one: what is certain is
linked, what is likely is proposed with its candidates.
"""

from fieldnote.matching.bulk import Answer, Group, match_in_bulk
from fieldnote.matching.matcher import match
from fieldnote.matching.places import place_distance_m
from fieldnote.matching.records import (
    Appointment,
    Candidate,
    Conversation,
    Decision,
    Evidence,
    Outcome,
    Place,
    Reason,
    RunnerUp,
)

__all__ = [
    "Answer",
    "Appointment",
    "Candidate",
    "Conversation",
    "Decision",
    "Evidence",
    "Group",
    "Outcome",
    "Place",
    "Reason",
    "RunnerUp",
    "match",
    "match_in_bulk",
    "place_distance_m",
]
