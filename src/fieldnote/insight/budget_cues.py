"""The words that make an amount a budget, or something else. Weights add up; see `budget`."""

from __future__ import annotations

import re

Cues = tuple[tuple[float, re.Pattern[str]], ...]


def _cues(*pairs: tuple[float, str]) -> Cues:
    return tuple((weight, re.compile(pattern)) for weight, pattern in pairs)


_PEOPLE = (
    r"(?:neighbo(?:u)?rs?|sister|brother|friends?|budd(?:y|ies)|cousin|uncle|aunt|co-?worker|boss"
    r"|parents|folks|in-laws?|brother-in-law|sister-in-law"
    r"|mother-in-law|father-in-law|guy|lady|man|woman|people|mom|dad|mother|father|son|daughter"
    r"|nephew|niece|grandson|inspector|adjuster|realtor"
    r"|appraiser|company|contractor|bidder|[a-z]+'s (?:was|were|place|house|one))"
)

# In the sentence of the amount.
SENTENCE: Cues = _cues(
    (
        4.0,
        (
            r"\b(?:my|our|the|a|their|total|whole|that's (?:the|our|my)|his|her) (?:absolute |total "
            r"|max(?:imum)? |whole |hard |actual |original |overall |rough |real )?budget(?:'s| is| was|s"
            r"| of| for| at| would| to| around| about| tops|\b)"
        ),
    ),
    (3.5, r"\bbudget(?:ed|ing)\b|\bfor a budget\b|\bbudget[- ]wise\b"),
    (
        3.5,
        (
            r"\b(?:set|setting|put|putting|got|have|had|sock(?:ed)?|squirrel+ed|tucked|stashed|laid"
            r"|salted) (?:[a-z$0-9,.'-]+ ){0,8}?(?:aside|away|saved(?: up)?)\b|\bsaved(?: up)?\b"
            r"|\bsavings\b|\bearmarked\b|\ballocated\b"
        ),
    ),
    (
        3.0,
        (
            r"\b(?:want(?:ed)?|wanna|like|love|prefer|hoping|hope|planning|plan(?:ned)?|looking|willing"
            r"|able|prepared|comfortable|thinking|have|need(?:ed)?|trying|ready|figured?|intend(?:ed)?"
            r"|going|expect(?:ed|ing)?) (?:to |on |of |with |about )?(?:only |maybe "
            r"|just )?(?:spend(?:ing)?|invest(?:ing)?|put(?:ting)? (?:in(?:to)?|toward|down on)"
            r"|pay(?:ing)?|stay(?:ing)?|keep(?:ing)? it|be (?:at|around|under|in|near|closer|somewhere"
            r"|between|below)|land(?:ing)?|get (?:it|this) (?:done )?(?:for|under)|do (?:it|this) for)\b"
        ),
    ),
    (3.0, r"\b(?:spend|afford|swing|manage)\b"),
    (2.5, r"\b(?:i|we) (?:already )?told (?:you|them|him|her|your (?:office|guy|manager))\b"),
    (
        3.0,
        (
            r"(?:'s| is) (?:the|my|our) (?:absolute |very |top )?(?:limit|max(?:imum)?|ceiling|most|cap"
            r"|top|number|budget)\b"
        ),
    ),
    (
        3.0,
        (
            r"\b(?:can't|cannot|won't|don't want to|not going to|not gonna|wouldn't|couldn't"
            r"|not) (?:\w+ )?(?:go|spend|do|pay|be) (?:\w+ )?(?:over|above|past|more than|beyond"
            r"|any (?:more|higher))\b"
        ),
    ),
    (
        3.0,
        (
            r"\b(?:can|could|able to|will|would|willing to|might|'d|'ll) (?:probably |maybe |only "
            r"|possibly |even |really |just |definitely )?(?:do|go|stretch|go up|spend|afford|handle|put"
            r"|pay|push|come up|get)(?: (?:it |to|up|as high as|about|around|like|maybe|somewhere|toward"
            r"|in|you))*\b"
        ),
    ),
    (
        3.0,
        (
            r"\b(?:approved|qualified|pre-?approved) (?:us |me )?(?:for|at|up to)\b|\b(?:home equity|heloc"
            r"|line of credit|credit union|loan)\b"
        ),
    ),
    (
        3.0,
        (
            r"\b(?:my|our|the) (?:number|limit|max(?:imum)?|ceiling|cap|top|threshold|magic number|target"
            r"|range|figure|comfort zone|price range|sweet spot)(?:'s| is| was| would|\b)"
        ),
    ),
    (
        3.0,
        (
            r"\b(?:that's|it's|is|would be) (?:the|my|our|about) (?:the )?(?:limit|max(?:imum)?|ceiling"
            r"|most|cap|top)\b|\bthe (?:absolute |very )?most (?:i|we)\b"
        ),
    ),
    (
        2.5,
        (
            r"\b(?:we|i|we've|i've|we'd|i'd|we're|i'm) (?:guys )?(?:were |was |are |had |have |been "
            r"|kind of |kinda |sort of |both |had been )*(?:talked about|thinking|figured?|hoping|said"
            r"|agreed on|agreed|settled on|decided on|picturing|guessing|looking at|budgeting|aiming for"
            r"|shooting for|working with|think(?! about it)|okay with|comfortable (?:with|at|around)"
            r"|good with|fine with|happy with|allotted|planned (?:on|for))\b"
        ),
    ),
    (
        2.5,
        (
            r"\b(?:be|are|feel|i'm|we're) (?:okay|ok|comfortable|fine|good|happy|alright"
            r"|more comfortable) (?:with|at|around|somewhere)\b"
        ),
    ),
    (
        2.5,
        (
            r"\bin mind\b|\bto work with\b|\bto play with\b|\bto put (?:toward|into|in)\b|\bcapital plan\b"
            r"|\breserve\b|\ballows?\b|\bpooled\b|\braised\b|\bfor the whole (?:thing|project|job)\b"
            r"|\ball[- ]in\b|\bout the door\b"
        ),
    ),
    (
        2.0,
        (
            r"\b(?:keep it|stay|staying|keep this|stick|be|get it|needs? to be|has to be|come in) (?:at "
            r"|to |in |it )?(?:under|below|within|around|between|closer to|near|less than|in the)\b"
        ),
    ),
    (2.0, r"\bor (?:we|i) (?:don't|can't|won't|walk)\b|\bnot a (?:penny|dime|dollar|cent) (?:over|more)\b"),
    (
        1.5,
        (
            r"\b(?:something|somewhere|anywhere|nothing) (?:like|around|under|in|between|near|over|below"
            r"|close)\b|\bi(?:'d| would) say\b|\blet's say\b|\bcall it\b"
        ),
    ),
    (1.0, r"\bmake (?:that|it)\b|\bscratch that\b|\bi mean\b|\bactually\b"),
)

# Right before and right after the amount.
BEFORE: Cues = _cues(
    (
        2.5,
        (
            r"\b(?:we|i|he|she|they|we've|i've)(?: have| got|'ve got| had| do have|'ve)?(?: only| just"
            r"| about| around| like| roughly| maybe| exactly| got"
            r"| a)* (?:\$\s*)?$(?<!\bi )(?<!\bwe )(?<!\bhe )(?<!\bshe )(?<!\bthey )"
        ),
    ),
    (
        1.5,
        (
            r"\b(?:have|had|got|there's|there is) (?:about |around |like |only |roughly |just |maybe "
            r"|exactly |a )*\$?\s*$"
        ),
    ),
)
AFTER: Cues = _cues(
    (
        2.5,
        (
            r"^[^.?!;]{0,25}?\b(?:saved|set aside|put away|put aside|budgeted|to spend|to work with|to put"
            r"|in mind|in the bank|earmarked|available)\b"
        ),
    ),
    (
        2.5,
        (
            r"^[^.?!;]{0,12}? (?:for everything|for the whole (?:thing|job|project)|with everything"
            r"|all in\b|everything included)"
        ),
    ),
    (
        1.5,
        (
            r"^(?: thousand| grand| dollars| bucks| total)* (?:for|on) (?:it|this|that|the (?:whole|entire"
            r"|project|job|roof|kitchen|bath\w*|deck|windows|siding|thing|system|house|work))\b"
        ),
    ),
    (
        -3.5,
        (
            r"^[^.?!;]{0,18}?\b(?:is|was|seems|sounds|feels|'s) (?:just |way |kind of |kinda |a bit "
            r"|a little |really |still |pretty |so )*(?:too|not (?:realistic|happening|doable|going"
            r"|possible)|crazy|insane|a lot|high|steep|out of|more than|ridiculous|nuts|expensive|over)\b"
        ),
    ),
    (-2.5, r"^[^a-z]*(?:oof|wow|ouch|jeez|whoa|yikes|holy|that's crazy|that's a lot|dollars\?|\?)"),
    (
        -3.0,
        (
            r"^[^.?!;]{0,15}?\b(?:deductible|deposit|down payment|a square|discount"
            r"|(?<!before )(?<!before the )(?:rebate|tax credit)|coupon|off\b|credit score|hoa (?:fee"
            r"|dues)|co-?pay|mortgage|miles|in equity|fine\b|trade)"
        ),
    ),
    (-4.0, r"^[^.?!;,]{0,10}? (?:our|the|my) (?:cfo|boss|board|manager|owner|director|president|ceo)\b"),
)

# In the clause of the amount: it is somebody else's, or of another thing, or of another time.
ELSEWHERE: Cues = _cues(
    (
        -6.0,
        (
            rf"\b{_PEOPLE}(?:'s)?(?! and i\b)[^.?!]{{0,45}}?\b(?:paid|spent|spends|got|did|was|were|had"
            rf"|cost|quoted|said|told|guessed|pays|put|sold|bought|charged|wanted|came in|offered|has|says"
            rf"|thinks|thought|wants)\b"
        ),
    ),
    (-5.0, rf"\b{_PEOPLE}'s\b"),
    (
        -5.0,
        (
            r"\b(?:the|an|this) other (?:guy|man|one|company|bid|quote|outfit|place|contractor|people"
            r"|fella|two|estimate)|\banother (?:company|guy|bid|quote|contractor|outfit|estimate)"
        ),
    ),
    (
        -5.0,
        (
            r"\b(?:they|he|she|carmax|costco|lowe'?s|home depot|(?:my |the |our )?(?:credit union|bank"
            r"|lender)|insurance|the adjuster|it) (?:said|quoted|wanted|charged|offered|came (?:in|back"
            r"|out)|told|guessed|estimated|spent|paid|says|asked|sold|bid|gave)\b"
        ),
    ),
    (
        -5.0,
        (
            r"\b(?:zillow|zestimate|apprais\w*|assess(?:ed|ment)|deductible|deposit|down ?payment"
            r"|security deposit|first payment|last payment|draws?)\b"
        ),
    ),
    (
        -5.0,
        (
            r"\b(?:we|i|he|she|they) (?:already |just |only |had )?(?:paid|sold|bought|owe|refinanced"
            r"|spent|dropped|put down|closed at|financed|owed)\b|\bpaid (?!for\b|off\b)|\bput down\b"
            r"|\bdropped\b.{0,12}\b(?:on|into)\b"
        ),
    ),
    (
        -4.0,
        (
            r"\b(?:cost|costs|costing|ran) (?:us|me|them|him|her|you)\b|\bwas supposed to be\b|\bused to\b"
            r"|\bback then\b|\bback in\b|\blast time\b|\bcame (?:to|out to|in at|back at)\b"
        ),
    ),
    (
        -4.0,
        (
            r"\b(?:quot(?:e|es|ed)|bids?|estimate[sd]?|came in at|charged?|wants?|asking)\b(?! (?:to|it"
            r"|this|in)\b)"
        ),
    ),
    (
        -4.0,
        (
            r"\b(?:worth|value[ds]?|market value|equity|mortgage|rent|property tax(?:es)?|taxes|salary"
            r"|make a year|income|premium|electric(?:ity)? bill|gas bill|power bill|utility|bill|bills"
            r"|hoa (?:fee|dues)|per year|a year|credit score|trade(?:-in)?|mileage|medical)\b"
        ),
    ),
    (
        -3.0,
        (
            r"\byour (?:price|quote|number|estimate|bid|proposal|first|original|offer)\b|\byou (?:said"
            r"|quoted|told|had|have|wrote|put|gave|showed|want(?:ed)?|guys (?:said|want|quoted))\b"
            r"|\bon the (?:first )?page\b"
        ),
    ),
    (-4.0, r"\b(?:signs? off|has to approve|must approve|gets bought|threshold for approval|anything over)\b"),
    (
        -3.0,
        (
            r"\b(?:if (?:it|that|this)(?:'s| is| was| were)|versus|compared (?:to|with)|difference|save"
            r"|saves|saving us|cheaper by|off the price|knock off|discount"
            r"|(?<!before )(?<!after )(?<!before the )(?<!after the )(?:rebates?|tax credit))\b"
        ),
    ),
    (
        -5.0,
        (
            r"\b(?:can't|cannot|couldn't|won't|not going to|not gonna|wouldn't|don't want to|isn't|no way"
            r"|not) (?:do|pay|spend|afford|be|go to|justify|swing|at|doing|paying"
            r"|spending)\b(?! (?:any )?(?:more|over|above|past|beyond|much|higher|anything))"
        ),
    ),
    (-3.0, r"\bnot (?:\$|[a-z]*(?:ty|teen)\b|twelve\b|ten\b|\d)"),
    (-5.0, r"\b(?:truck|car|van|suv|odometer|camry|civic)(?:'s|\b)[^.?!]{0,12}\b(?:got|has|had|with|at)\b"),
    (-4.0, r"\b(?:times|plus|minus|divided by|multiplied) \$?[a-z0-9]"),
    (-2.0, r"\b(?:insurance|claim|check|settlement)\b"),
    (
        -4.0,
        (
            r"\b(?:phone number|street|avenue|address|house number|zip|lot|acres?|gallons?|degrees|channel"
            r"|sold for|built|born|since|years? old)\b"
        ),
    ),
)

# What else a rep may ask a number for.
OTHER_NUMBER = re.compile(
    r"\bhow (?:old|long|many|big|far|tall|wide|high|often|deep|hot|cold|late|early)\b|\bwhat (?:year"
    r"|size|age|time|temperature)\b"
    r"|\b(?:square|footage|feet|years?|people|miles|degrees|bill|paying|paid|pay for|cost you|spent"
    r"|worth|owe|credit|score|insurance)\b"
)
# `Her sister wants hers done, she's got a budget of twenty grand.`
OTHERS = re.compile(rf"\b{_PEOPLE}\b(?! and i\b)")
OF_OTHERS = re.compile(r"\W*(?:and |but |so )?(?:she|he|they)\b")

CORRECTION = re.compile(
    r"\b(?:no,? wait|wait,? no|scratch that|make (?:that|it)|i mean(?:t)?|sorry|correction"
    r"|or rather|rather|actually|no,? (?:no,? )?(?:it's|it was|we|let's|more like|make)"
    r"|let me (?:correct|take that back)|take that back|strike that|i take it back|not \w+,"
    r"|on second thought|you know what|hold on|i misspoke|excuse me)\b"
)

# What makes a rep's own figure a question about the customer's.
PROPOSES: Cues = _cues(
    (
        3.0,
        (
            r"\byour (?:budget|number|range|max|limit|target|ceiling|price range|comfort)\b|\bbudget (?:of"
            r"|is|was|at|around|between)\b"
        ),
    ),
    (
        3.0,
        (
            r"\byou (?:said|told|mentioned|wrote|put|indicated|were (?:saying|thinking|looking|hoping)"
            r"|had said|guys (?:said|mentioned|were))\b|\byou'?(?:'re| are) (?:thinking|hoping"
            r"|looking to (?:be|stay|spend)|comfortable|looking at spending|wanting|trying)\b"
        ),
    ),
    (
        2.0,
        (
            r"\bis that (?:still )?(?:right|correct|fair|accurate|what|where)|\bstill (?:right|good|the"
            r"|accurate)\b|\bdid i (?:get|hear|have) that|\bright\?$|\bcorrect\?$"
        ),
    ),
    (
        2.5,
        (
            r"\b(?:would|does|is|are) (?:that|something|somewhere|you|it|we)\b.{0,40}\b(?:in your range"
            r"|comfortable|work for you|in the (?:ballpark|range|neighborhood)|where you want"
            r"|sound (?:about )?right|what you had in mind)\b|\bcomfortable (?:with|at|around)\b"
        ),
    ),
    (
        2.0,
        (
            r"\b(?:so|okay|ok|something like|somewhere|you'd be|so like|call it|so about|so around|say"
            r"|more like|stay(?:ing)? (?:around|under|between|at|near|within)|looking at)\b[^.?!]{0,30}\?"
        ),
    ),
)
QUOTES: Cues = _cues(
    (
        -3.0,
        (
            r"\b(?:i'm at|we're at|comes (?:out )?to|came to|would be|would run|runs|price is"
            r"|cost(?:s)? (?:is|about|around)|it's|that's|total is|you'?(?:'d| would) be (?:at|looking at)"
            r"|package|list(?:ed|s)? (?:at|for)|installed|discount|permit|rebate|deposit|today only"
            r"|if you sign|with the|per square|normally|usually|most (?:people|folks|customers|of)"
            r"|theirs was|last one|neighbors?|warranty)\b"
        ),
    ),
)
