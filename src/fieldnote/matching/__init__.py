"""Match recordings with appointments. Pure: values in, values out.

::

    decisions = match(conversations, appointments, fixed={"rec-7": "appt-456"})
    decisions[0].outcome          # LINKED, PROPOSED or NONE
    decisions[0].appointment_id   # only where it is LINKED
    decisions[0].evidence.words   # ("started 4 minutes after the appointment", ...)

A wrong link writes one customer's words into another customer's deal, so it costs far more than a missing one.
Certain links are made, likely ones are proposed with their candidates.
"""

from fieldnote.matching.bulk import Answer, Group, match_in_bulk
from fieldnote.matching.evaluation import Evaluation, evaluate
from fieldnote.matching.evidence import Evidence, Reason
from fieldnote.matching.learning import ENOUGH, learn
from fieldnote.matching.matcher import match
from fieldnote.matching.names import naming_words
from fieldnote.matching.places import place_distance_m
from fieldnote.matching.rates import LINK_AT, LINK_UNHEARD_AT, MODEL_VERSION, USUAL, Rates
from fieldnote.matching.records import Appointment, Candidate, Conversation, Decision, Outcome, Place, RunnerUp

__all__ = [
    "ENOUGH",
    "LINK_AT",
    "LINK_UNHEARD_AT",
    "MODEL_VERSION",
    "USUAL",
    "Answer",
    "Appointment",
    "Candidate",
    "Conversation",
    "Decision",
    "Evaluation",
    "Evidence",
    "Group",
    "Outcome",
    "Place",
    "Rates",
    "Reason",
    "RunnerUp",
    "evaluate",
    "learn",
    "match",
    "match_in_bulk",
    "naming_words",
    "place_distance_m",
]
