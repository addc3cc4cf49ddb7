"""Holidays, events and words of haste that `times` looks for."""

from __future__ import annotations

HOLIDAYS = {
    r"thanksgiving": "Thanksgiving", r"christmas|xmas": "Christmas", r"(?:the )?holidays?": "the holidays",
    r"easter": "Easter",
    r"memorial day": "Memorial Day", r"labou?r day": "Labor Day",
    r"(?:fourth|4th) of july|july (?:fourth|4th)|independence day": "the Fourth of July",
    r"halloween": "Halloween", r"(?:the )?new year(?:'?s)?(?: day| eve)?|first of the year": "the new year",
    r"hanukkah": "Hanukkah",
    r"passover": "Passover", r"mother'?s day": "Mother's Day", r"father'?s day": "Father's Day",
    r"spring break": "spring break",
    r"valentine'?s(?: day)?": "Valentine's Day", r"(?:the )?super ?bowl": "the Super Bowl",
    r"ramadan": "Ramadan", r"diwali": "Diwali",
}  # fmt: skip

# Events that people wait for, as they follow `before`, `by`, `after`, `once` or `when`.
EVENTS = (
    r"(?:the )?(?:kids(?:'re| are)? (?:go |going |get |start )?(?:back (?:to|in) )?)?(?:(?:go|goes"
    r"|going|back) (?:back )?(?:to|in) )?school(?: year)?(?:'s| is| starts| gets| lets| ends"
    r"| begins| has)?(?: back)?(?: up| in| out| over| started| ended)?"
    r"|winter(?: (?:hits|comes|sets in|starts|gets here))?|(?:it |the weather )(?:snows|freezes"
    r"|rains|gets (?:too )?(?:cold|hot|bad|warm(?:er)?|nice(?:r)?)|warms up|turns(?: cold)?"
    r"|cools (?:down|off))(?: (?:again|out))?"
    r"|(?:the )?(?:first )?(?:hard )?(?:snow|frost|freeze)(?: (?:flies|comes|falls|hits|starts))?"
    r"|(?:the )?(?:rains?|rainy season|wet season|hurricane season|storm season|monsoons?"
    r"|fire season|heating season|cooling season|busy season|cold weather|bad weather|cold"
    r"|heat)(?: (?:comes?|starts?|hits|come back))?"
    r"|(?:the |our |my |his |her )?(?:ground thaws|snow melts|thaw)"
    r"|(?:the |our |my )?(?:(?:son|daughter|sister|brother|granddaughter|grandson|niece|nephew"
    r"|son's|daughter's|sister's|brother's|granddaughter's|grandson's|mother's|dad's|mom's"
    r"|\w+'s) )?(?:wedding|graduation|reunion|family reunion|baby shower|bar mitzvah|quincea.era"
    r"|birthday|party|retirement|surgery|due date|open house|closing|move|grad party"
    r"|graduation party|anniversary)(?: party)?"
    r"|(?:the |our |my |a )?(?:new )?baby(?:'s| is)?(?: (?:comes|arrives|gets here|is born|born"
    r"|due|here|shows up))?"
    r"|(?:we|i) (?:list|sell|move in|move|close|put (?:it|the house) (?:on the market|up for sale)"
    r"|put the house on the market|retire|get back|go on vacation|leave)(?: (?:it|the house|in"
    r"|out))?"
    r"|(?:my |our |the |her |his )(?:\w+ )?(?:in-laws|in laws|parents|mother-in-law|mother|mom"
    r"|folks|family|guests|company|tenants?|kids|grandkids|sister|brother|daughter|son)(?: (?:come"
    r"|comes|arrive|arrives|visit|visits|get here|gets here|move in|moves in|moves? back"
    r"|moves? out|visiting|leaves|leave|are here|fly in|comes home|come home|comes back"
    r"|come back))(?: (?:in|to visit|home|over))?"
    r"|(?:(?:my|our|the|i get my|we get our|we get the) )?(?:tax refund|tax return|tax season"
    r"|bonus|settlement|insurance check|harvest|lease is up|inspection|appraisal)(?: (?:comes|is"
    r"|arrives|clears)(?: (?:in|over|here))?)?"
)

SOON = (
    r"as soon as (?:possible|you can|we can|you guys can|you're able|humanly possible|you could"
    r"|y'all can|we possibly can)|soon as (?:possible|you can|we can)|a\.?s\.?a\.?p\.?|right away"
    r"|immediately|the sooner the better|the faster the better"
    r"|sooner rather than later|sooner than later|as quick(?:ly)? as (?:possible|you can|we can)"
    r"|as fast as (?:possible|you can|we can)|like yesterday|yesterday would(?:'ve| have)?"
    r"|as early as possible|earliest (?:possible|you can|you've got|available|opening)"
    r"|(?:first|next) available|can't wait|right now if|how soon can you (?:start|do it|get (?:it"
    r"|this|here|started|somebody))|it's an emergency|pretty urgent|it's urgent"
)

NO_RUSH = (
    r"no (?:big |real |particular |huge |great )?(?:rush|hurry|time ?line|time ?frame|deadline"
    r"|time table)|not (?:really |particularly |exactly |super )?in (?:any |a )?(?:big |real "
    r"|huge |particular )?(?:rush|hurry)|in no (?:rush|hurry)"
    r"|aren't in (?:any|a) (?:rush|hurry)|isn't (?:any|a) (?:rush|hurry)|not (?:really )?(?:urgent"
    r"|time sensitive)|don't have a (?:time ?line|deadline|time ?frame)"
)
