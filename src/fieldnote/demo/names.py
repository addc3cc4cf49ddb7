"""Made-up people, streets and projects around Denver. Any likeness is chance."""

from __future__ import annotations

from typing import NamedTuple


class Town(NamedTuple):
    """A town of the contractor's territory with a ZIP code and its rough middle."""

    name: str
    zip_code: str
    latitude: float
    longitude: float


TOWNS = (
    Town("Denver", "80206", 39.7310, -104.9530),
    Town("Denver", "80211", 39.7670, -105.0200),
    Town("Denver", "80231", 39.6730, -104.8860),
    Town("Lakewood", "80226", 39.7110, -105.0680),
    Town("Arvada", "80004", 39.8140, -105.1180),
    Town("Westminster", "80031", 39.8760, -105.0400),
    Town("Thornton", "80229", 39.8640, -104.9560),
    Town("Aurora", "80012", 39.6990, -104.8370),
    Town("Centennial", "80122", 39.5810, -104.9560),
    Town("Littleton", "80123", 39.6150, -105.0690),
    Town("Highlands Ranch", "80129", 39.5400, -105.0110),
    Town("Golden", "80401", 39.7300, -105.1910),
)

STREETS = (
    "Alder Hollow Rd", "Bluestem Ct", "Bristlecone Way", "Cinder Creek Dr", "Copper Kettle Ln",
    "Drywash Ave", "Elk Thistle St", "Foxtail Bend", "Granite Spur Dr", "Haymarket Loop",
    "Juniper Sky Ct", "Kestrel Point Rd", "Lodgepole Run", "Magpie Ridge Ln", "Night Heron Dr",
    "Old Quarry Ct", "Paintbrush Pl", "Quartz Lantern Way", "Rabbitbrush Ave", "Saddle Horn Dr",
    "Tin Cup Trail", "Umber Mesa St", "Velvet Sage Ct", "Wagon Tongue Rd",
)  # fmt: skip

FIRST_NAMES = (
    "Adele", "Anton", "Beatriz", "Calvin", "Carmen", "Curtis", "Daphne", "Dennis", "Elena", "Ernest",
    "Faye", "Gordon", "Hanna", "Howard", "Imani", "Ivan", "Joyce", "Karim", "Leona", "Luis", "Mabel",
    "Marcus", "Nadia", "Neil", "Olive", "Oscar", "Paula", "Quentin", "Rosa", "Samir", "Tessa", "Victor",
    "Wanda", "Yusuf",
)  # fmt: skip

SURNAMES = (
    "Abbott", "Baptiste", "Bergstrom", "Castellano", "Coleman", "Dawson", "Delacroix", "Easton",
    "Fairbanks", "Fontaine", "Gallagher", "Gutierrez", "Halvorsen", "Hathaway", "Ibarra", "Jankowski",
    "Kaplan", "Kimura", "Lindqvist", "Lombardi", "Maddox", "McAllister", "Nakamura", "Novak", "Oduya",
    "Osborne", "Pemberton", "Petrov", "Quintero", "Radcliffe", "Rosales", "Sandoval", "Schaefer",
    "Talbot", "Thackeray", "Underhill", "Vasquez", "Villanueva", "Whitfield", "Winslow", "Yamada",
    "Zielinski",
)  # fmt: skip

REPS = (
    "Dana Whitlock", "Marco Tello", "Priya Raman", "Jesse Okafor", "Lena Fischer", "Tom Bradshaw",
    "Alicia Mendez", "Kofi Asante", "Grace Huang", "Ryan Doyle", "Sofia Marchetti", "Ben Nakai",
    "Nora Lindholm", "Andre Pruitt",
)  # fmt: skip

PROJECTS = (
    "roof replacement", "window replacement", "kitchen remodel", "bathroom remodel", "siding", "deck",
    "gutter replacement", "basement finish", "heat pump", "patio doors",
)  # fmt: skip

NOTES = (
    "Called, left a message. Try again after five.",
    "Gate code is with the neighbor. Dog is friendly.",
    "Sent the brochure and the financing sheet.",
    "Wants to see samples before anything else.",
    "HOA has to approve the color; they have the form.",
    "Rescheduled once already, confirm the evening before.",
)
COMPANY_DOMAIN = "front-range-exteriors.example"
