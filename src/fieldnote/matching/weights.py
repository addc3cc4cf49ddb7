"""The numbers that the matcher believes in, each with why.

They describe home-service field sales as rates: what share of appointments is recorded, how late reps
come, how good coordinates are. `scoring` makes likelihood ratios of them: how many times likelier is this
recording if it belongs to the appointment than if it belongs to none. Times are in minutes, places in metres.
"""

from __future__ import annotations

# --- what is certain enough -----------------------------------------------------------------------------

LINK_AT = 0.97
"""A wrong link costs about thirty times as much as a missing one, so it takes odds of 30 to 1. It also is
the margin: all other appointments and "none" share what is left."""

PROPOSE_AT = 0.2
"""Where the chance that it belongs to any appointment is below one in five, a proposal wastes the time of
the person who has to judge it."""

# --- how often ------------------------------------------------------------------------------------------

RECORDED_ODDS = 6.0
"""Six of seven appointments that stand are held and recorded; the rest are no-shows or forgotten phones."""

STRAYS_PER_MINUTE = 0.3 / (11 * 60)
"""A rep makes three recordings in ten days that belong to no appointment (a walk-in, a drive), at any time
of an eleven-hour day."""

PART_RATE = 0.12
"""One visit in eight is recorded in more than one part: a call came in, the phone was put away."""

# --- time -----------------------------------------------------------------------------------------------

EARLY_LIMIT = 45.0
"""A recording that begins earlier than this before the appointment is of something else."""

LATE_LIMIT = 120.0
"""Likewise for later, unless the appointment itself still runs."""

LATE_MODE = 3.0
"""Recordings begin a little after the appointed time, when the door has opened."""

LATE_SCALE = 8.0
"""Most begin within ten minutes of that; the bell is Student's with three degrees of freedom, whose tails
forgive what a normal curve would call impossible."""

CORE_SHARE = 0.9
"""How many begin around the appointed time; the rest are spread evenly over the whole window."""

LONG_APPOINTMENT = 120.0
"""Longer than this it is not a visit but an arrival window or a block of work."""

ARRIVAL_SHARE = 0.5
"""Of such long ones half begin anywhere between start and end."""

ASSUMED_LENGTH = 60.0
"""An appointment without an end lasts about an hour."""

LONGEST = 24 * 60.0
"""An appointment is looked at for a day at most: what lasts longer is a holiday or a slip."""

SLACK_BEFORE, SLACK_AFTER = 15.0, 30.0
"""Recording this much before the start or past the end is still usual and costs nothing."""

OUTSIDE_COST = 1.5
"""In nats, for a recording that lies wholly outside of the appointment's span."""

OUTSIDE_COST_ASSUMED = 0.7
"""The same where the end was only assumed."""

PART_INSIDE = 3.0
"""In the middle of a visit that is being recorded hardly anything else can be."""

PART_AFTER = 0.2
"""Past the appointment's end a new recording is more likely of something new."""

PART_GAP = 8.0
"""Minutes from one part's end to the next part's start, usually (exponential)."""

PART_GAP_SHARE = 0.8
"""The other parts follow at any time of the next two hours."""

OVERLAP_TOLERANCE = 1.0
"""Phones round: parts may overlap by a minute and still be one after the other."""

# --- place ----------------------------------------------------------------------------------------------

GPS_SCALE = 60.0
"""A phone indoors, an address put on the street instead of the house. Heavy-tailed as well."""

GOOD_SHARE = 0.95
"""How often both coordinates mean the house."""

COARSE_SCALE = 1_500.0
COARSE_SHARE = 0.04
"""How often the CRM knows only the middle of a ZIP code or a town, and how far off that is."""

WRONG_SHARE = 0.01
"""How often one of the two is plainly wrong: another address, a phone that still reports the last stop."""

TERRITORY_RADIUS = 15_000.0
"""Where a rep's recordings are spread."""

STRAY_NEAR_SHARE = 0.1
STRAY_NEAR_SCALE = 300.0
"""One stray recording in ten is made close to an appointment's address: reps knock next door."""

TOO_FAR = 25_000.0
"""Beyond this no coarse coordinate explains the distance: the rep was elsewhere."""

# --- words ----------------------------------------------------------------------------------------------

NAME_IN_TITLE = 25.0
"""A title that names the customer is rarely about somebody else."""

NAME_NOT_IN_TITLE = 0.75
"""Most titles are a default or a project, so a missing name says little."""

# --- effort ---------------------------------------------------------------------------------------------

MAX_OPTIONS = 6
"""Only a recording's likeliest appointments take part in the joint solution."""

MAX_STATES = 128
"""And only the likeliest histories of a day are followed: it bounds the cost of a calendar gone mad."""
