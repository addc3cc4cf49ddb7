"""Words by which a sentence shows its part in a sale. None of them decides alone."""

from __future__ import annotations

import re
from typing import Final

AGREES: Final = re.compile(
    r"\b(?:let's do (?:it|this|that)|let's go ahead|(?:we'll|i'll) (?:take it|do (?:it|that)|sign)"
    r"|you(?:'ve)? got a deal|it's a"
    r" deal|where do i sign|sign me up|write it up|put (?:me|us) down|go ahead and|book it|i want the"
    r"|i'll go with|we'll go"
    r" with|that's (?:fine|a yes)|yes to)\b"
)
DECLINES: Final = re.compile(
    r"\b(?:not (?:today|tonight|ready|interested|yet)|(?:i'll|we'll) pass|no thank(?:s| you)|hold off"
    r"|(?:need|have|want) to"
    r" think|think about it|sleep on it|can't (?:sign|say yes|decide|do it)|(?:i'm|we're) not"
    r" (?:paying|signing|buying|going"
    r" to)|never sign|don't want)\b"
)
WANTS: Final = re.compile(
    r"\b(?:i|we|she|he|they)(?:'d| would|'m| are|'re|'s)? (?:\w+ )?(?:want|wants|wanted|need|needs"
    r"|needed|like|love|looking"
    r" for|hoping|prefer|tired of|sick of)\b|\b(?:has|have|needs?|got) to (?:be|have)\b|\bmust\b|\bso"
    r" that\b|\bbecause\b"
)
TROUBLE: Final = re.compile(
    r"\b(?:leak\w*|stain\w*|rot\w*|crack\w*|broke\w*|quit|died|failed|mold\w*|draft\w*|cold|hail|storm|flood\w*|damp"
    r"|smell\w*|rust\w*|peel\w*|old|worn|sag\w*|loose|noise|bill|burst|clog\w*|sinking|settl\w+"
    r"|unsafe|overflow\w*|damage\w*"
    r"|trip\w*|fell|fall|stopped working|doesn't work|won't (?:close|open|start)|drip\w*|ice)\b"
)
COMPETES: Final = re.compile(
    r"\b(?:other|another|first|last) (?:guy|guys|company|companies|quote|bid|estimate|outfit|people|place|contractor)\b"
    r"|\b(?:quote|bid|estimate)s? from\b|\bthey (?:quoted|wanted|asked|said they'd)\b|\bhad a (?:quote|bid|guy)\b"
    r"|\bgot a (?:quote|bid)\b|\bcheaper\b"
)
STEP: Final = re.compile(
    r"\b(?:i'll|we'll|i will|we will|i'm going to|i'm gonna|let me|i can|i'd|you'll) (?:\w+"
    r" ){0,2}?(?:call|text|email|send"
    r"|come|bring|drop|get you|get back|put together|put you|write|order|schedule|book|meet|see you"
    r"|be (?:here|there|back)"
    r"|stop|check|ask|talk|sign|pick|measure|follow|reach|submit|file|mail|forward|have it|get it|give you|get the)\b"
    r"|\b(?:call|text|email) (?:me|you|him|her)\b|\bsee you (?:on|at|then|tomorrow|next|monday"
    r"|tuesday|wednesday|thursday"
    r"|friday|saturday|sunday)\b|\bcrews? (?:comes?|will be|starts?)\b"  # words: said
)
DECIDES: Final = re.compile(
    r"\b(?:decid\w*|decision|sign(?:s|ed)? off|has to (?:agree|sign|approve|like|see)|approv\w*"
    r"|vote\w*|up to (?:me|us|her|him)"
    r"|just me|both of us|final say|say yes|talk(?:ed)? (?:to|with) (?:my|her|him)|(?:my|her|his)"
    r" (?:wife|husband|partner|son"
    r"|daughter|boss|landlord))\b"
)
FEARS: Final = re.compile(
    r"\b(?:(?<!don't )(?<!not to )worr\w+|concern\w*|afraid|nervous|scare\w*|what if|hate|don't (?:like|trust|want)|too"
    r" (?:much|high|expensive|long"
    r"|loud)|a lot of money|more than|out of business|allerg\w+|asthma|dust|mess|noise|loud|ugly"
    r"|burned|ripped off|warranty"
    r"|guarantee|safe)\b"
)
PAYS: Final = re.compile(
    r"\b(?:pay\w*|cash|check|card|financ\w+|loan|deposit|down|half|a month|monthly|budget|set aside"
    r"|put away|saved|afford|spend"
    r"|rebate|credit|discount|insurance|deductible|interest)\b"
)
WORK: Final = re.compile(
    r"\b(?:install\w*|replac\w+|repair\w*|square|feet|inch\w*|ton|panels?|windows?|doors?|shingles?"
    r"|permit|gallon|unit|system"
    r"|roof|siding|floor\w*|walls?|tank|pipe\w*|duct\w*|insulation|concrete|fence|deck|gutters?"
    r"|paint\w*|furnace|pump|wiring"
    r"|treat\w*|stations?|crew|days?|weeks?|tear|start\w*|finish\w*|done)\b"  # words: said
)
SMALL_TALK: Final = re.compile(
    r"\b(?:coffee|cookies?|lunch|dinner|movie|game|team|football|baseball|church|vacation|phone"
    r"|school|grandson|granddaughter"
    r"|truck|traffic|gps|parking|weather|haircut|song|radio|tv|show|birthday|kidding|joke)\b"
)
