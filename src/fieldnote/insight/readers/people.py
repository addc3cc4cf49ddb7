"""The people whom customers speak of: relations, offices and boards, with their names where they are said."""

from __future__ import annotations

import re
from typing import Final

PARTNER: Final = (
    r"wife|husband|hubby|spouse|partner|boyfriend|girlfriend|fianc[e\u00e9]e?|better half|significant other"
)
FAMILY: Final = (
    r"(?:mother|father|sister|brother|son|daughter)[- ]in[- ]law|mother|mom|father|dad|son|daughter|sister|brother"
    r"|parents|kids"
    r"|grandmother|grandma|grandfather|grandpa|aunt|uncle|nephew|niece|granddaughter|grandson|in-laws"
)
OFFICE: Final = (
    r"landlord|landlady|owners?|boss|property manager|general manager|manager|accountant|attorney|lawyer|trustees?"
    r"|roommate|business partner"
    r"|(?:hoa )?board(?: of (?:trustees|directors))?|hoa|committee|condo association|association|council|cfo|ceo|coo"
    r"|president|controller|director"
    r"|purchasing|procurement|corporate|head office|franchisor|church board|elders|pastor"
)
RELATION: Final = rf"(?:{FAMILY}|{PARTNER}|{OFFICE})"
PARTNERS: Final = re.compile(rf"(?:{PARTNER})")

_CAPITALS = {"cfo": "CFO", "ceo": "CEO", "coo": "COO", "hoa": "HOA", "hoa board": "HOA board", "hubby": "husband"}


def name_of(relation: str) -> str:
    """How a value writes a relation: `wife`, `HOA board`, `CFO`."""
    return _CAPITALS.get(relation, relation.replace(" in law", "-in-law"))
