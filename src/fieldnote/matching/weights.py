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
"""Hardly anybody begins earlier than this before the appointment."""

LATE_LIMIT = 120.0
"""Likewise for later, unless the appointment itself still runs."""

LATE_MODE = 3.0
"""Recordings begin a little after the appointed time, when the door has opened."""

LATE_SCALE = 7.0
"""Most begin within ten minutes of that; the bell is Student's with three degrees of freedom, whose tails
forgive what a normal curve would call impossible."""

CORE_SHARE = 0.86
"""How many begin around the appointed time."""

LATE_SHARE, LATE_FROM = 0.07, 15.0
"""How many come plainly late, and from when on that counts."""

EARLY_SHARE, EARLY_FROM = 0.05, 8.0
"""The same for early."""

ZONE_SHARE, ZONES = 0.012, 8
"""How many appointments were entered in another time zone, and by how many hours at most. Each further hour
is half as likely as the one before."""

CARRIED_SHARE = 0.6
"""Of the appointments that begin before the rep's last recording has ended (and the way there), this many begin
when the rep has come; the others are as late as any, since that recording may be of something else."""

SWAPPED = 0.1
"""How much less likely a visit is held after one that was appointed later."""

TRAVEL, TRAVEL_SCALE = 15.0, 10.0
"""Minutes from one recording to the next, usually."""

SHORT, SHORT_RATIO = 4.0, 0.1
"""A recording of fewer minutes is rarely a visit: the phone was in a pocket, or somebody tried it out."""

POCKET_REACH = 60.0
"""Minutes in which the visit proper follows on such a recording."""

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

OUTSIDE_COST = 0.7
"""In nats, for a recording that lies wholly outside of the appointment's span."""

OUTSIDE_COST_ASSUMED = 0.4
"""The same where the end was only assumed."""

PART_INSIDE = 3.0
"""In the middle of a visit that is being recorded hardly anything else can be."""

PART_AFTER = 0.2
"""Past the appointment's end a new recording is more likely of something new."""

PART_GAP = 8.0
"""Minutes from one part's end to the next part's start, usually (exponential)."""

PART_GAP_SHARE = 0.8
"""The other parts follow at any time of the next two hours."""

PART_REACH, PART_ELSEWHERE = 600.0, 0.05
"""Metres between the phone's places of two parts, and how much is left of the belief beyond."""

PART_AT_PLACE = 8.0
"""At one place, and far from the address or without one: hardly anything but a second part explains it, or a
phone that still reports the last stop."""

PART_LIMIT = 120.0
"""A part that comes later than this is one of another visit."""

OVERLAP_TOLERANCE = 1.0
"""Phones round: parts may overlap by a minute and still be one after the other."""

# --- place ----------------------------------------------------------------------------------------------

GPS_SCALE = 60.0
"""A phone indoors, an address put on the street instead of the house. Heavy-tailed as well."""

GOOD_SHARE = 0.9
"""How often both coordinates mean the house."""

COARSE_SCALE = 2_500.0
COARSE_SHARE = 0.05
"""How often the CRM knows only the middle of a ZIP code or a town, and how far off that is."""

STALE_SHARE = 0.03
"""How often a phone still reports the stop before."""

WRONG_SHARE = 0.02
"""How often one of the two is plainly wrong for no reason that can be seen."""

AT_THE_HOUSE = 250.0
"""So close to the address, a recording is looked at even where the time is far off, or the calendar another's."""

OTHER_REP_RATE = 0.002
"""How often a certain colleague takes over an appointment, or comes along and records it too."""

TERRITORY_RADIUS = 15_000.0
"""Where a rep's recordings are spread."""

CANCELLED_SLOT = 0.15
"""How often a rep who was cancelled on records something else in that slot."""

STOOD_UP_SLOT = 0.006
"""The same where nobody was at home, and the appointment still stands in the CRM."""

STRAY_NEAR_SHARE = 0.1
STRAY_NEAR_SCALE = 300.0
"""One stray recording in ten is made close to an appointment's address: reps knock next door."""

TOO_FAR = 25_000.0
"""Beyond this no coarse coordinate explains the distance: the rep was elsewhere, or a coordinate is wrong."""

# --- words ----------------------------------------------------------------------------------------------

NAME_IN_TITLE = 25.0
"""A title that names the customer is rarely about somebody else."""

NAME_MISSPELT = 12.0
"""The same with one slip of the finger, which may make it another's name."""

NAME_NOT_IN_TITLE = 0.4
"""A title that somebody wrote, and without the name: some write the project only."""

SUBJECT_IN_TITLE = 3.0
"""A title with the appointment's subject: a rep has few kinds of it, so it tells little."""

SPOKEN = {"customer": 12.0, "street": 20.0, "project": 2.0}
"""Somebody said the name, the street, what the deal is about. A name is also called in passing."""

NOTHING_SPOKEN = 0.6
"""There is a transcript, and none of these in it: many visits go without."""
TALKED = 50
"""Different words, below which nothing was said that an absence could tell from."""

# --- effort ---------------------------------------------------------------------------------------------

MAX_OPTIONS = 6
"""Only a recording's likeliest appointments take part in the joint solution."""

MAX_STATES = 128
"""And only the likeliest histories of a day are followed: it bounds the cost of a calendar gone mad."""
