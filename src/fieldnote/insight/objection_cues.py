"""What customers object to, and the words in which they do."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum


class Subject(StrEnum):
    """What an objection is about. One of each is kept, in the order they were said."""

    PRICE = "price"
    FINANCING = "financing"
    THINK = "think"
    QUOTES = "quotes"
    PARTNER = "partner"
    TIMING = "timing"
    PAST = "past"
    TRUST = "trust"
    MESS = "mess"
    NOISE = "noise"
    PETS = "pets"
    HOA = "hoa"
    PERMIT = "permit"
    WARRANTY = "warranty"
    QUALITY = "quality"
    LOOKS = "looks"
    HEALTH = "health"
    CONTRACT = "contract"
    TRADE = "trade"
    MILES = "miles"
    NEED = "need"
    ROOF = "roof"
    PLANTS = "plants"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Kind:
    """One subject: how a value words it, what says it outright, and what it is called in a worry."""

    subject: Subject
    words: str
    outright: re.Pattern[str] | None
    named: re.Pattern[str] | None


def _kind(subject: Subject, words: str, outright: str = "", named: str = "") -> Kind:
    return Kind(
        subject,
        words,
        re.compile(rf"\b(?:{outright})") if outright else None,
        re.compile(rf"\b(?:{named})") if named else None,
    )


KINDS: tuple[Kind, ...] = (
    _kind(
        Subject.TRADE,
        "Trade-in offer is too low",
        (
            r"(?:too low|low|not enough|more|lowball\w*)\b.{0,25}\b(?:for|on) (?:my|the|our) (?:trade|car"
            r"|truck)|trade(?:-in)?\b.{0,30}\b(?:too low|low|isn't enough|not enough|lowball)"
        ),
    ),
    _kind(
        Subject.MILES,
        "Mileage is high",
        (
            r"(?:high|a lot of|too many|lot of) (?:mileage|miles)|(?:mileage|miles)\b.{0,20}\b(?:high"
            r"|a lot|too)"
        ),
        r"mileage|miles\b",
    ),
    _kind(
        Subject.PRICE,
        "Price is too high",
        r"[a-z0-9]+(?:'s| is| was) (?:way |just |a bit |a little |really )?too (?:much|high|expensive|steep|rich)"
        r"|(?:price|cost|number|quote|it|that|this|which|total|estimate)(?:'s| is| was| seems| sounds"
        r"| feels|\b) (?:just |really |way |kind of |kinda |a bit |a little |still |pretty |so |quite "
        r"|still way )*(?:too (?:high|steep|expensive|pricey|rich|much money)|(?:super |crazy "
        r"|ridiculously |insanely )?(?:expensive|pricey|steep|high\b(?! (?:enough|quality|end|up"
        r"|efficien|grade))))"
        r"|(?:way |much |a lot |lot |little |bit |still )*(?:more|higher|over)(?: money)? (?:than"
        r"|what) (?:i|we)(?:'d|'ve| had| was| were| am| are| have)?(?: \w+)? (?:expect\w*|thought"
        r"|want\w*|think\w*|plan\w*|hop\w*|budget\w*|can (?:do|afford)|figur\w*|plann\w*|had in mind"
        r"|comfortable|anticipat\w*|look\w*)"
        r"|(?:way |far |a little |a bit )?(?:over|above|beyond|outside(?: of)?|out of) (?:of )?(?:my"
        r"|our|the) (?:price range|budget|range|comfort zone|reach)|can't (?:really )?afford"
        r"|sticker shock|crazy (?:expensive|money)|(?:really|very|super|pretty|so|too|that|kind of"
        r"|kinda|a bit|awfully) (?:expensive|pricey|costly|steep)\b"
        r"|(?:that|it|this)(?:'s| is) (?:way |just |really |kind of |a little |a bit )*(?:too (?:much"
        r"|high|rich|steep)|a (?:big |bit of a |real )?stretch|a lot of money|steep|highway robbery"
        r"|ridiculous|outrageous|a big number|a chunk of change|a big chunk)|a lot more than (?:i|we)"
        r"|price is (?:a|the) (?:stretch|problem|issue|concern|big)|(?:can"
        r"|could) you (?:do (?:any )?better|come down|lower|bring (?:it|that|the price) down|knock)"
        r"|too rich for|expensive for (?:a|an|what)"
        r"|(?:yours|you guys|you|your price|your quote|you're) (?:is|are|were"
        r"|'re)?\b.{0,15}\b(?:too high|higher|more expensive|the highest|high next)"
        r"|cheaper (?:elsewhere|somewhere else|than you)|(?:somebody|someone|other guy|others?"
        r"|competitor\w*)\b.{0,25}\bcheaper|need (?:a|it|you) (?:better price|lower|cheaper"
        r"|to be lower)|that's crazy\b|(?:don't|do not|didn't|hate|rather not) (?:really )?(?:to "
        r"|love |like |want to |wanna |have to )+pay(?:ing)?\b(?! (?:more|over|above|anything|any))"
        r"|not worth (?:that|the money)|we can't (?:do|swing) that|i can't do that\b|can't swing",
        (
            r"price|cost(?!co)|expensive|money|out[- ]of[- ]pocket|deductible|afford|pay(?:ing)? (?:that"
            r"|twenty|for)"
        ),
    ),
    _kind(
        Subject.FINANCING,
        "Concerned about financing or the interest rate",
        (
            r"(?:high|crazy|steep|bad|ridiculous) (?:interest(?: rate)?|rate|apr)|(?:interest(?: rate)?s?"
            r"|apr|rate)(?:'s| is| are| sounds| seems)? (?:\w+ )?(?:too |so |really |kind of |pretty "
            r"|way )*(?:high|crazy|steep|a lot|killing)|(?:don't|do not|didn't|never|hate to|rather not"
            r"|not going to) (?:\w+ )?(?:financ\w+|take (?:on|out) (?:a|another|more) (?:loan|debt"
            r"|payment)|borrow|another (?:loan|payment)|do (?:loans|financing|payments)|more debt"
            r"|want (?:a |another |any )?(?:loan|payments?|debt|more debt))|credit (?:isn't|is not|is bad"
            r"|score isn't|is shot|took a hit)"
        ),
        r"interest|\bapr\b|(?:that|the|this|your) rates?\b|financ\w+|loan|debt|monthly payment|payments|credit",
    ),
    _kind(
        Subject.THINK,
        "Needs to think about it",
        (
            r"(?:think|sleep|pray|mull|chew|noodle) (?:about (?:it|this|that|all|everything)(?! being)"
            r"|(?:it|this|that|things) (?:over|through)|on (?:it|this|that)|over it)\b|need (?:some "
            r"|a little |more )?time to (?:think|decide|digest|process)|(?:never|don't|not going to|won't"
            r"|not gonna|can't|do not) (?:\w+ )?(?:decide|sign|commit|make (?:a )?(?:big )?decisions?|buy"
            r"|do anything|pull the trigger|say yes) (?:\w+ )?(?:\w+ )?(?:same day|today|tonight"
            r"|on the spot|right now|right away|on the first|at the table|the same)|not ready (?:to|for"
            r"|today)|not (?:going to|gonna) (?:sign|decide|commit)|let me (?:think|digest|sit with)"
            r"|get back to you|don't (?:want to|wanna|like to) (?:rush|be rushed)|digest (?:it|this|all)"
            r"|mull"
        ),
    ),
    _kind(
        Subject.QUOTES,
        "Getting other quotes",
        (
            r"(?:another|a second|a third|one more|a different) \w+ (?:is )?(?:coming|stopping|who's coming)"
            r"|coming .{0,25}\bto (?:quote|bid|price)"
            r"|(?:other|another|more|two|three|couple|couple of|few|second|third|several|multiple|one more"
            r"|different|additional) (?:more |other )?(?:quotes?|bids?|estimates?|companies|contractors"
            r"|opinions?|proposals|outfits|roofers|guys (?:coming|out)|people coming)|shop(?:ping"
            r"|ped)? (?:it |this )?around|comparing|compare (?:prices|quotes|bids|it|you|a few|with|this"
            r"|everyone|against)|get (?:some|a few|other|more) (?:prices|numbers|bids|quotes)"
            r"|talking to (?:\w+ )?(?:other|another)|someone else (?:is )?coming|one of three|(?:third"
            r"|second|another|other) (?:one|guy|company|person|man|fella|outfit) (?:is )?(?:coming|on"
            r"|scheduled|tomorrow)|quotes? coming|meeting with (?:another|two|other)|another (?:guy"
            r"|company|contractor|fella|outfit|roofer|estimate)"
        ),
    ),
    _kind(
        Subject.PAST,
        "Bad experience with a past contractor",
        (
            r"(?:contractor|builder|roofer|installer|crew|company|guy)\b.{0,40}\b(?:ghosted|walked off"
            r"|vanished|botched|ripped|screwed)"
            r"|(?:got |been |were |was |get )(?:so )?(?:burned|burnt|ripped off|screwed|scammed"
            r"|taken (?:advantage|for a ride)|stiffed)|(?:bad|terrible|horrible|awful|rough"
            r"|nightmare) (?:experience|job|time|luck)|(?:last|previous|first|other|old) (?:guy|guys"
            r"|contractor|company|crew|roofer|people|installer|fella|builder)s?\b.{0,60}\b(?:never|left"
            r"|didn't|did a|botched|ruined|disappeared|walked|ghosted|vanish\w*|no[- ]show\w*|sloppy"
            r"|messed|took (?:our|my|the|off|a|six"
            r"|forever)|terrible|horrible|bad|awful|leak|damaged|broke|nightmare|disaster|stopped|screwed)"
            r"|(?:last|previous|first) one (?:\w+ )?(?:walked|never|took (?:our|my|the)|disappeared"
            r"|ghosted|ripped|screwed|botched)|walked off the job|(?:she|he|mama|mom|dad|they|we"
            r"|i) got (?:scammed|burned|ripped off|taken)|never (?:came|showed|come|finished"
            r"|called) (?:back|up|it|the job)?|took (?:a|our|my|the) .{0,30}deposit and|nightmare with"
            r"|fly by night|botched"
        ),
        r"(?:last|previous) (?:guy|contractor|company|crew)",
    ),
    _kind(
        Subject.TRUST,
        "Does not trust the company yet",
        (
            r"(?:don't|do not|can't|hard to|never|didn't) (?:really |just |fully )?trust|storm chasers?"
            r"|scam\b|shady|(?:bad|negative|mixed|some|read|terrible|one[- ]star"
            r"|weren't great) (?:\w+ ){0,4}reviews|reviews? .{0,40}\b(?:bad|great|negative|scary|mixed"
            r"|nervous|weren't|concern\w*|not good|terrible|complain\w*)|went (?:bankrupt|out of business"
            r"|under|belly up)|go(?:ing|es)? (?:bankrupt|out of business)|never heard of (?:you|your)"
            r"|how do i know (?:you|that you)|be around in|too good to be true|been in business long"
        ),
        r"trust|bankrupt|reviews?|out of business|reputation|licensed|references|legit",
    ),
    _kind(
        Subject.HOA,
        "Concerned about HOA approval",
        (
            r"(?:problem|issue|trouble|thing|hesitation) (?:with|is|being) (?:the |our )?hoa"
            r"|hoa\b.{0,40}\b(?:strict|forever|picky|nightmare|won't|doesn't allow|pain|shot down|denied"
            r"|rejected|fined|difficult|slow|never|fight|tough|sticklers?)"
        ),
        r"hoa\b|architectural (?:committee|review)|association",
    ),
    _kind(
        Subject.PERMIT,
        "Concerned about permits",
        (
            r"permit(?:s|ting)?\b.{0,40}\b(?:forever|nightmare|took|pain|slow|hassle|months|held up|denied"
            r"|headache)"
        ),
        r"permit\w*|the city\b|zoning|inspections?\b|the county",
    ),
    _kind(
        Subject.PLANTS,
        "Concerned about damage to the yard and plants",
        (
            r"(?:tear(?:ing)?|torn|ripp?(?:ing)?|chew(?:ing)?|mess(?:ing)?|dig(?:ging)?|ruin(?:ing|ed)?"
            r"|destroy(?:ing|ed)?|trampl\w+|kill(?:ing|ed)?|damag\w+|wreck\w*|crush\w*|step(?:ping)? on"
            r"|driv\w+ (?:on|over|across)) (?:up )?(?:\w+ ){0,3}(?:yard|lawn|grass|garden|plants?|roses"
            r"|flowers?|landscap\w+|sod|bushes|beds|shrubs|hydrangeas|trees?|sprinklers?|tomatoes)"
        ),
        (
            r"yard|lawn|grass|garden|plants?\b|roses|flower\w*|landscap\w+|sod\b|bushes|shrubs|hydrangeas"
            r"|sprinklers?"
        ),
    ),
    _kind(
        Subject.PETS,
        "Concerned about pets during the work",
        (
            r"(?:dogs?|cats?|pets?|puppy|kitten|horses?|parrot|bird)\b.{0,40}\b(?:get(?:ting)? out"
            r"|escap\w+|scared|terrified|freak\w*|anxious|anxiety|bolt|run (?:off|out)|hurt|bark\w*"
            r"|stressed|loud)|what (?:about|do (?:i|we) do with) (?:the|my|our) (?:dogs?|cats?|pets?)"
        ),
        r"dogs?\b|cats?\b|pets?\b|puppy|horses?\b|parrot",
    ),
    _kind(
        Subject.NOISE,
        "Concerned about noise",
        (
            r"(?:so|too|really|very|super) (?:loud|noisy)|noise (?:is|would be|will be) (?:a"
            r"|the) (?:problem|issue|concern)"
        ),
        r"nois[ey]\w*|loud\w*|racket|humming",
    ),
    _kind(
        Subject.MESS,
        "Concerned about mess and disruption",
        (
            r"(?:can't|don't want to|not going to|couldn't) (?:\w+ )?(?:deal|live|put up) with (?:the "
            r"|all the |that |all that )?(?:dust|mess|construction|noise|disruption)|without (?:a |my "
            r"|our |the )?(?:kitchen|bathroom|shower|toilet|water|heat|bath)\b|dust everywhere|big mess"
            r"|work(?:ing)? from home"
        ),
        (
            r"mess\w*|dust\w*|dirt\w*|debris|nails|clean ?up|disrupt\w*|tenants?|strangers|in and out of"
            r"|work(?:ing)? from home|construction|downtime|scratch\w*|floors?\b|carpet|furniture|noise"
        ),
    ),
    _kind(
        Subject.HEALTH,
        "Concerned about health and safety",
        "",
        (
            r"asbestos|lead paint|fiberglass|fumes|mold|mildew|chemicals?|toxic|asthma|allerg\w+|unsafe"
            r"|safety|radiation|carbon monoxide|off-?gass\w*|smell\w*"
        ),
    ),
    _kind(
        Subject.WARRANTY,
        "Concerned about the warranty",
        (
            r"only (?:had |has |get |got |a |one |comes with )+(?:\w+[- ])?years? (?:of )?warranty"
            r"|warranty\b.{0,30}\b(?:fine print|worthless|voids?|loophole|isn't|doesn't|didn't|only"
            r"|not transferable|short)"
        ),
        r"warrant\w+|guarantee\w*",
    ),
    _kind(
        Subject.CONTRACT,
        "Does not want to be locked into a contract",
        (
            r"locked in(?:to)?|lock(?:ing)? (?:me|us|myself|ourselves) in|(?:long"
            r"|such a long) (?:term )?(?:contract|commitment)|(?:twenty|twenty-five|ten"
            r"|\d+)[- ]years? is a long time|tied (?:down|into)|auto ?renew\w*|cancel(?:lation)? fee"
            r"|hard to cancel"
        ),
        r"contracts?\b|locked|commitment|cancel\w*|auto ?pay",
    ),
    _kind(
        Subject.TIMING,
        "Concerned about the project timeline",
        (
            r"(?:drag(?:s|ging|ged)? on|take(?:s)? (?:too |so |that |way too )(?:long|much time)"
            r"|too long (?:of )?(?:a |to )?(?:wait)?|that's (?:a long|too long|a really long) (?:wait|time"
            r"|way)?|bad time(?: for us)?|not (?:a |the )(?:good|great|right|best) time|timing(?:'s"
            r"| is) (?:bad|off|tough|not|terrible|a problem)|run(?:s|ning)? (?:late|over|behind)"
            r"|won't (?:be|get) (?:done|finished) (?:in time|by|before)|not (?:be )?(?:done"
            r"|finished) (?:in time|before|by))"
        ),
        (
            r"drag\w*|delay\w*|how long|take(?:s|n)? (?:too |so )?long|in time\b|time ?line|schedule\w*"
            r"|lead time|done (?:by|before|in time)|finish\w*|wait(?:ing)?\b|vacation|weeks|months"
            r"|rain delay|run(?:s|ning)? (?:late|over)"
        ),
    ),
    _kind(
        Subject.ROOF,
        "Concerned about the condition of the roof",
        (
            r"need a new roof first|(?:roof|shingles) (?:would |has to |needs to |should )(?:be "
            r"|get )?(?:replaced|done) first"
        ),
        (
            r"(?:is|with|about|it's) (?:the|my|our) (?:old )?roof\b|leak\w*|holes in|(?:the|my"
            r"|our) roof(?:'s| is)? (?:\w+ )?(?:old\w*|bad|needs|leak\w*|sag\w*)"
        ),
    ),
    _kind(
        Subject.QUALITY,
        "Concerned about quality and material",
        (
            r"(?:looks?|feels?|seems?|sounds?) (?:\w+ )?(?:cheap(?! enough)|flimsy|thin|plastic\w*"
            r"|cheaply made|fake)\b|(?:won't|doesn't|don't|didn't|not going to|wouldn't|does it|will it"
            r"|going to) (?:actually )?(?:really )?(?:hold up|last\b(?! (?:time|week|year|month)))"
            r"|(?:faded|warped|cracked|peeled|yellowed|rotted|rusted|sagged|clogged|chalked|split"
            r"|buckled) (?:after|in|within|every|and|the first|on)|not (?:sold|convinced|sold yet) on"
        ),
        (
            r"quality|material\w*|fad(?:e|ed|es|ing)|warp\w*|crack\w*|rot(?:s|ted|ting)?\b|rust\w*|hold up"
            r"|durab\w*|flimsy|vinyl|composite|cheap(?:ly)?|scratch\w*|last (?:long|very long)|clog\w*"
            r"|guards?\b|peel\w*|hail|wind\b|workmanship|subcontract\w*|subs\b|efficien\w+|freez\w+"
            r"|too small|too big|ugly|dated|slippery|hot\b"
        ),
    ),
    _kind(
        Subject.LOOKS,
        "Does not like the look or color",
        (
            r"(?:don't|do not|didn't|not) (?:really |particularly |exactly |just )?(?:like|love"
            r"|crazy about|a fan of|wild about) (?:the |that |this |those |your "
            r"|how )?(?:\w+ )?(?:colou?rs?|look(?:s)?|style|finish|design|profile|it looks|they look"
            r"|grids?|pattern)|(?:ugly|hideous|tacky)|won't match|doesn't match"
        ),
        r"colou?rs?\b|looks?\b|style|match(?:es)?\b|appearance|view\b",
    ),
    _kind(
        Subject.NEED,
        "Not sure that it is needed",
        (
            r"(?:don't|do not|not sure (?:i|we|that we|if we|that i|if i)|do we|do i) (?:really |even "
            r"|actually |think (?:i|we) )*need (?:it|this|one|that|to (?:do|replace)|a new"
            r"|new)\b(?! (?:until|till|before|to be))|(?:not|isn't|ain't) (?:really )?(?:broken|that bad)"
            r"|it (?:still )?works fine|just patch|can(?:'t)? (?:we|you|it|i) just (?:patch|repair|fix"
            r"|be repaired)"
        ),
    ),
)

# Words of worry. The strong ones make an objection of whatever they are about, the weak ones only of a known subject.
STRONG = re.compile(
    r"\b(?:worr(?:y|ies|ied|ying|isome)|concern(?:s|ed|ing)?(?! (?:about )?(?:me|you) with)"
    r"|nervous|afraid|scared|anxious|hesita(?:nt|te|tion|ting)|reservations?|skeptical|leery|wary"
    r"|gun[- ]shy|dread(?:ing)?|uneasy|apprehensive|hung up on|hang ?up|sticking point"
    r"|bothers?|bugs (?:me|us|him|her)|on the fence|second thoughts|(?:my|our|the|big(?:gest)?"
    r"|only|one|main) (?:only |big(?:gest)? |one |main |real )?(?:problem|issue|hesitation|fear"
    r"|question mark|holdup|hold-up|worry|concern|thing holding|hurdle)(?:'s| is| with| would be)"
    r"|not (?:thrilled|crazy|comfortable|happy|excited) (?:about|with))\b"
)
WEAK = re.compile(
    r"\b(?:(?:don't|do not|didn't|doesn't|wouldn't) (?:really |particularly |exactly "
    r"|even )?(?:love|like|trust|want|wanna|need)|hate|can't (?:have|deal|handle|stand|stomach"
    r"|risk)|won't have|not a (?:big |huge )?fan|what if|what about|what happens (?:if|when)"
    r"|annoy\w+|frustrat\w+|turned off|put off|not sure|i don't know|unsure|tricky|tough|pain"
    r"|how (?:dusty|messy|loud|noisy|disruptive|bad)|the thing is|nightmare|sick of|tired of)\b"
)
UNWORRIED = re.compile(
    r"\b(?:no (?:real |big |major |other )?(?:concerns?|worries|problem|reservations|issues?"
    r"|hesitation)|not (?:too |really |that |at all |super |overly )?(?:worried|concerned|nervous"
    r"|afraid|bothered)|(?:don't|do not|won't|didn't|no need to|doesn't) (?:have any "
    r"|really )?(?:worry|concern|bother|have (?:any |to )?(?:worry|concerns?|worries))"
    r"|wasn't worried|nothing (?:specific|really)|less worried|worry[- ]free|used to worry"
    r"|the least of my)\b"
)
ABOUT = re.compile(
    r"(?:worr(?:y|ied|ies)|concern(?:s|ed)?|gun[- ]shy|nervous|afraid|scared|anxious|hesitant"
    r"|skeptical|leery|wary|uneasy|apprehensive|dread(?:ing)?|reservations?|not (?:thrilled|crazy"
    r"|comfortable|happy|excited))"
    r"(?:\s+(?:me|us|most|mostly|really|a bit|a little))?(?:\s+(?:is|was|would be|'s))?\s+(?:about"
    r"|of|with|over)\s+(?P<what>[^.?!;]+)|(?:my|our|the) (?:only |big(?:gest)? |one |main "
    r"|real )?(?:concern|worry|fear|hesitation|issue|problem)(?:'s| is| would be"
    r"| with)\s+(?!with\b|that\b|if\b)(?P<topic>(?:the|my|our|about the|just the"
    r"|all the)\s+[^.?!;]+)"
    r"|what (?:worries|concerns|bothers|scares|bugs|gets) (?:me|us)(?: most| the most"
    r"| a little)? (?:is|are) (?P<thing>(?:the|my|our)\s+[^.?!;]+)"
)
