"""The customer's reasons against buying now, each with the words that state it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from fieldnote.insight.check import check
from fieldnote.insight.definitions import OBJECTIONS
from fieldnote.insight.extraction import Extraction
from fieldnote.insight.local.exchanges import (
    INTERROGATIVE,
    is_hypothetical,
    is_near_the_sale,
    is_short,
    of_a_third_party,
)
from fieldnote.insight.local.options import Option, likeliest
from fieldnote.insight.local.turn_scores import TurnScores
from fieldnote.insight.stems import STOP_WORDS, words
from fieldnote.insight.talk.turns import Sentence, Talk
from fieldnote.insight.utterances import Utterance
from fieldnote.insight.words import quoted

_MOST = 6
_LONGEST_QUOTE = 40
"""Words of the customer's that a value repeats; a longer sentence ends after a whole clause."""


@dataclass(frozen=True, slots=True)
class _Kind:
    label: str
    said: re.Pattern[str]
    after_price: bool = False
    """Only where the rep named a price in the turns before."""
    excludes: re.Pattern[str] | None = None


def _kind(label: str, said: str, *, after_price: bool = False, excludes: str = "") -> _Kind:
    return _Kind(label, re.compile(said), after_price, re.compile(excludes) if excludes else None)


_KINDS = (
    _kind(
        "Price too high",
        r"\b(?:too|so|awfully|pretty|really|kind of|a little|a bit|way|very) (?:expensive|pricey|steep|rich|much"
        r"|high)\b|\b(?:steep|pricey|sticker shock|ouch|yikes)\b"
        r"|\b(?:lot|chunk|pile) (?:of money|more than)\b|\bthat's (?:quite )?a (?:lot|big (?:jump|number)|chunk)\b"
        r"|\b(?:more|higher) than (?:i|we|what i|what we)(?:'d| had| was| were)? (?:\w+ )?(?:expect|think|thought|plan"
        r"|want|figur|hop|budget|had|have)\w*"
        r"|\bdidn't (?:think|expect|figure) (?:it'd|it would|it was|that)\b|\bout of (?:my|our) (?:budget|range"
        r"|league)\b|\bover (?:my|our) budget\b|\bcan't (?:afford|swing|do) (?:it|that|this|\$?[\w,]+)\b"
        r"|\bfor pete's sake\b|\bthat's (?:high|insane|crazy|nuts|robbery)\b|\bbig jump\b",
        after_price=True,
        excludes=r"\b(?:interest|rate|work|sun|noise|time|stress|traffic|color|red|dark|heat|hot|cold|water|rain"
        r"|pressure)\b|\bnot "
        r"(?:too|that|so|bad)\b|\bisn't (?:too|that|so)\b",
    ),
    _kind(
        "Wants to compare other quotes",
        r"\b(?:get|getting|want|need|waiting (?:on|for)|collecting|going to get|like to get|see) (?:\w+ ){0,3}(?:other"
        r"|another|more|second|third|two|three|couple(?: of)?|few) (?:more |other )?(?:quotes?|bids?|estimates?"
        r"|opinions?)\b"
        r"|\b(?:quotes?|bids?|estimates?) (?:coming|to (?:get|go)|scheduled|first)\b|\b(?:shop|shopping) (?:it "
        r"|this )?around\b|\b(?:compare|comparing) (?:it|this|quotes|prices|bids|apples|a few|them)\b"
        r"|\bsecond opinion\b|\bother guys? coming\b|\banother (?:guy|company) coming\b|\btalking to (?:two|three|some"
        r"|a few|a couple) other\b|\bone more (?:quote|bid|estimate)\b",
        excludes=r"\b(?:not|aren't|no|don't|didn't|without|done) (?:\w+ ){0,3}(?:other|another|more|compar\w+|shop\w*"
        r"|any)\b",
    ),
    _kind(
        "Needs to think about it",
        r"\b(?:(?:i|we|i'd|we'd|i've|we've|let me|i'll|we'll)(?: \w+){0,4} think (?:about|on|over) (?:it|this)|(?:i|we"
        r"|i'd|we'd|let me)(?: \w+){0,4} think (?:it|this) over|sleep on it|sleep on this|mull it over|chew on it"
        r"|not (?:ready|going|gonna) to (?:sign|decide|commit)|don't (?:sign|decide|buy) (?:anything "
        r"|things )?(?:the same day|on the spot|tonight|today|right away)"
        r"|(?:can't|won't|not gonna|not going to) (?:say yes|sign|decide|commit|give you an answer)(?: to)?(?: it"
        r"| anything| this)? (?:tonight|today|right now|yet|here)|need (?:some|a little|more|a few|a couple|a day"
        r"|a week)(?: \w+){0,2} (?:time|days?|weeks?)(?: to think)?\b)",
        excludes=r"\b(?:you|don't) (?:have to|need to) think|\bwhat do you think\b|\bwithout think",
    ),
    _kind(
        "Wants to talk with {} first",
        r"\b(?:need|have|want|got|gotta|ought|'d|would|let me|i'll)\b(?: \w+){0,3} (?:talk|speak|check|discuss|go over"
        r"|run|show|ask|bring|sit down)\b(?: \w+){0,5}? (?:my|the) (?P<who>wife|husband|spouse|partner|son|daughter"
        r"|mother|father|brother|sister|accountant|board|boss)\b"
        r"|\b(?:can't|cannot|won't|couldn't|not going to) (?:\w+ ){0,3}without (?:my|talking to my) (?P<who2>wife"
        r"|husband|spouse|partner|son|daughter|brother|sister)\b",
        excludes=r"\bneighbor|\btalked\b",
    ),
    _kind(
        "Financing or the interest rate",
        r"\b(?:interest|apr|percent|rate|financing|finance|loan|payments?|debt|borrow\w*)\b.{0,60}\b(?:too high|high"
        r"|crazy|robbery|don't (?:want|like|do|need)|not (?:a fan|comfortable|interested|borrowing)|hate|scares?"
        r"|worr\w+|nervous|catch|kill\w*)\b"
        r"|\b(?:don't|do not|won't|not|hate|rather not|not going to|never) (?:\w+ ){0,3}(?:finance|financing|borrow"
        r"|borrowing|loan|debt|monthly payments?|payments|interest|credit)\b|\b(?:what's the catch|(?:ten|fifteen"
        r"|twelve|twenty) years!)|\bi'll be (?:sixty|seventy|eighty|dead)\b",
    ),
    _kind(
        "Bad experience with a contractor",
        r"\b(?:got burned|burned (?:us|me|by|once|before)|been burned|ripped (?:us |me )?off|scammed|got taken"
        r"|stiffed)\b"
        r"|\bscrewed (?:us|me|over|up by)\b|\b(?:last|other|previous|first) (?:guy|guys"
        r"|people|company|contractor|crew|outfit|ones?|roofer"  # words: said
        r"|plumber|painter)\b.{0,60}\b(?:cracked|never|left"
        r"|disappeared|ruined|broke|messed|walked|didn't|took|botched|damaged|quit|ghosted)\b|\b(?:took|ran off with"
        r"|disappeared with) (?:the|our|my|their|his|her) (?:money|deposit)\b",
    ),
    _kind(
        "HOA approval",
        r"\b(?:hoa|association|architectural (?:board|committee)|historic(?:al)? (?:board|commission"
        r"|district))\b.{0,80}\b(?:approv\w*|allow\w*|wrote|letter|rules?|strict|picky|permission|fight|problem"
        r"|have to|has to|need\w*|won't|say|fined?|color|sign off|review|submit)\b"
        r"|\b(?:approv\w*|allow\w*|letter|permission|okay|fined?|picky)\b.{0,40}\b(?:hoa|association"
        r"|architectural (?:board|committee))\b",
        excludes=r"\b(?:no|don't have an?|isn't an?|not an?) (?:hoa|association)\b",
    ),
    _kind(
        "Noise",
        r"\b(?:is it|are they|will it be|is that|how) (?:\w+ )?(?:loud|noisy)\b|\b(?:worr\w+|concern\w+"
        r"|care) about (?:the )?noise\b|\btoo (?:loud|noisy)\b|\b(?:loud|noise|noisy)\b.{0,40}\b(?:neighbor|baby|sleep"
        r"|bedroom|window|complain\w*)\b",
    ),
    _kind(
        "Mess and dust",
        r"\b(?:dust|mess|dirt|nails|debris|cleanup|clean up)\b.{0,60}\b(?:worr\w+|concern\w+|asthma|allerg\w+"
        r"|everywhere|don't want|hate|can't have|not an option|baby|kids?|dog|tires?|yard|nightmare|my (?:big|biggest"
        r"|main|only))\b"
        r"|\b(?:worr\w+|concern\w+|afraid|nervous|don't want|hate|can't have|my (?:big|biggest|main"
        r"|only) (?:\w+ )?(?:is|thing))\b.{0,40}\b(?:dust|mess|dirt|nails|debris)\b",
    ),
    _kind(
        "Damage to {}",
        r"\b(?:crack\w*|damag\w*|ruin\w*|scratch\w*|trampl\w*|tear(?:ing)? up|tore up|wreck\w*|kill\w*|mess(?:ing)? up"
        r"|hurt\w*)\b.{0,25}\b(?:my|our|the) (?P<what>driveway|lawn|grass|yard|roses|garden|flower ?beds?|flowers"
        r"|plants|floors?|hardwoods?|landscaping|bushes|hydrangeas|trees?|pool|deck|ceiling|sprinklers?|shrubs"
        r"|koi pond|patio)\b"
        r"|\b(?:my|our|the) (?P<what2>driveway|lawn|grass|yard|roses|garden|flower ?beds?|flowers|plants|floors?"
        r"|hardwoods?|landscaping|bushes|hydrangeas|trees?|pool|deck|ceiling|sprinklers?|shrubs|koi pond"
        r"|patio)\b.{0,60}\b(?:crack\w*|damag\w*|ruin\w*|scratch\w*|trampl\w*|torn up|tear up|wreck\w*|kill\w*|dead"
        r"|careful|protect\w*)\b",
    ),
    _kind(
        "Sales pressure or a promotion that ends",
        r"\b(?:don't|do not|hate|can't stand) (?:\w+ ){0,2}(?:like "  # words: said
        r"|want |being |to be |the )*(?:pressure\w*|rushed"
        r"|pushed|hard sell|today only|high[- ]pressure|gimmicks?|tonight only)\b|\b(?:pressur\w+|hard sell"
        r"|high[- ]pressure)\b|\beverybody's got something till\b|\b(?:price|offer|deal|discount)\b.{0,30}\b(?:only"
        r"|just) (?:good )?(?:today|tonight)\b.{0,30}\b(?:don't like|hate|pressure)\b",
        excludes=r"\b(?:water|air|blood|tire|high) pressure\b|\bpressure (?:wash\w*|treated|tank|valve|gauge|test)\b"
        r"|\bno pressure\b",
    ),
    _kind(
        "Warranty",
        r"\bwarrant\w+\b.{0,60}\b(?:out of business|worth|actually|really|worr\w+|concern\w+|read the fine|fine print"
        r"|paper|void\w*|cover\w*\?|who)\b|\b(?:what if|what happens (?:if|when)) you(?:'re| guys| all"
        r"|r company)? (?:\w+ )?(?:go|goes|are|went|out) (?:\w+ )?(?:out of business|under|gone|around|business)\b"
        r"|\bstill be (?:around|here|in business)\b",
    ),
    _kind(
        "Deposit",
        r"\b(?:don't|never|won't|not|no) (?:\w+ ){0,4}(?:deposits?|money down|(?:hand|give|giving|handing|pay"
        r"|paying) (?:you )?(?:\w+ ){0,4}(?:up ?front|down|on a|today))\b|\bdeposits?\b.{0,40}\b(?:never|don't"
        r"|too much|a lot|third|half)\b|\bnot handing you\b",
    ),
    _kind(
        "The company may go out of business",
        r"\bwhat if (?:you|you guys|your company) (?:go|goes|went|are|quit|close)\b|\byou(?:'re| are| will be"
        r"|'ll be)? (?:go|gone|going|still) (?:\w+ )?(?:out of business|around in)\b",
    ),
    _kind(
        "Credit",
        r"\b(?:my|our) credit(?:'s| is| was)? (?:\w+ ){0,3}(?:bad|toilet|shot|terrible|low|not good|wrecked|awful"
        r"|ruined)\b",
    ),
    _kind(
        "Looks",
        r"\b(?:it's|it is|they're|that's|finds? (?:it|them|that)|is|are|looks?) (?:\w+ )?(?:ugly|hideous|an eyesore)\b"
        r"|\blooks? like (?:a|an|the) (?:\w+ )?(?:prison|office|hospital|jail|motel|factory|warehouse|garage|trailer"
        r"|robot|gas station|dump|plastic|toy|bus station|airport|school)\w*|\bi hate (?:the )?(?:look|looks|vinyl"
        r"|white|beige|brown|plastic|laminate|carpet)\b",
        excludes=r"\b(?:not|isn't|aren't) (?:ugly|hideous)|\bmy (?:brother|cousin|neighbor|first|old) ",
    ),
    _kind(
        "Health",
        r"\b(?:allergic|asthma|migraines?|pregnant|oxygen|chemo|walker|wheelchair)\b.{0,80}\b(?:safe|smell|fumes|dust"
        r"|paint|chemical|bees|can't|without)\b|\b(?:safe|smell|fumes|dust|paint|chemicals?|bees|can't"
        r"|without)\b.{0,80}\b(?:allergic|asthma|migraines?|pregnant|oxygen|chemo|walker|wheelchair|baby)\b|\bis (?:it"
        r"|that|this|the stuff) safe\b|\bfumes\b",
    ),
    _kind(
        "Timing",
        r"\b(?:not (?:a good|the right|a great) time|bad time|not (?:right )?now\b.{0,20}\b(?:maybe|until|with)"
        r"|too soon|can't (?:do it|have|be torn up|be without)\b.{0,40}\b(?:right now|then|during|christmas"
        r"|thanksgiving|holidays?|summer|week|guests|wedding|party)\b|takes? (?:too|that|so) long|that long\b"
        r"|how long (?:are|would|will) (?:we|i) be without)",
        excludes=r"\btime to call\b|\bbeen (?:here|married|doing)\b",
    ),
)
_WORRY = re.compile(
    r"\b(?:i'm|i am|we're|we are|i was|she's|he's|my wife is|my husband is|i get) (?:\w+ ){0,2}?(?:worried|concerned"
    r"|nervous|afraid|scared|leery|skeptical|uneasy) (?:about |of |that |with )?(?P<what>[^.?!;]{3,90})"
    r"|\b(?:my|our|the|his|her) (?:\w+ )?(?:worry|concern|hesitation|fear|hang-?up|problem with it"
    r"|reservation)(?: there)? (?:is|was|would be|'s) (?:just |really |that |about |with )*(?P<topic>[^.?!;]{3,90})"
    r"|\bwhat (?:worries|bothers|scares|concerns|bugs) (?:me|us)(?: is|'s| about)?(?: that"
    r"| the most)? (?P<thing>[^.?!;]{3,90})|\bi (?:worry|'d worry) about (?P<it>[^.?!;]{3,90})"
)
_REJECTS = re.compile(
    r"\bi(?:'m| am)? (?:really )?(?:don't|do not|won't|would not|wouldn't|not) (?:finance|sign|borrow|paying|be paying"
    r"|having|going to pay|gonna pay) (?P<what>[^.?!;]{4,80})"
    r"|\bi (?:can't be without|never sign|never buy) (?P<hate>[^.?!;]{3,80})|^(?:please )?(?:don't"
    r"|do not) (?P<verb>(?:kill|ruin|hurt|break|scratch|step on|rush) [^.?!;]{2,60})"
    r"|^(?:(?:and|so|but|ok|okay|well|now|one thing|one more thing|um|uh)[,. ]+)*what about (?:the |my |our |all the "
    r"|those |that )?(?P<about>(?:noise|dust|smell|mess|dogs?|cats?|kids|baby|neighbors?|gutters?|lawn|grass|plants"
    r"|roses|driveway|floors?|furniture|fumes|nails|warranty|leaks?)\b[^.?!;]{0,70})"
    r"|\b(?:and|so|but) you (?P<you>(?:tear|rip|dig|cut|drill) (?:up |out |off |down |into )?(?:the|my|our"
    r"|all) [^.?!;]{3,60})\?|\bwho(?:'s| is) (?P<hook>(?:on the hook|responsible|liable)[^.?!;]{0,60})"
    r"|\bhow many (?P<holes>(?:holes|cuts) [^.?!;]{3,50})|\bdo(?:es)? (?:it|they|that) (?P<does>(?:waste|leak|freeze"
    r"|clog|crack|rust|warp|fade|rot|scratch|stain|smell|chip|peel)[^.?!;]{0,50})\?"
)
_SMALL_TALK = re.compile(
    r"\b(?:coffee|cookie|lunch|dinner|movie|game|team|football|baseball|church|choir|vacation|candle|spam|phone|school"
    r"|grandson|granddaughter|flag|truck|boots|covers|politics|traffic|gps|parking|rude|interrupt|brag)\b"
)
_VAGUE = re.compile(
    r"^(?:it|that|this|them|things|everything|anything|you|all that|what|how|nothing|a thing|him|her|to)\b\W*$"
)
_UNWORRIED = re.compile(
    r"\b(?:not|isn't|wasn't|aren't|don't|never|no longer|wouldn't be) (?:\w+ ){0,2}(?:worried|concerned|nervous|afraid"
    r"|worry|scared|bother\w*)\b|\bno (?:worries|concerns?|problem)\b|\bdon't worry\b"
)
_CHEAPER = re.compile(
    r"\b(?:paid|had|was|were|wanted|said|asked|quoted|offered|charged|did (?:it|hers|his|that|one)|saw (?:one|it|them)"
    r"|it's|it was|for|does|could|put)\b"
)
_ELSEWHERE = re.compile(
    r"\b(?:neighbor\w*|friend\w*|sister\w*|brother\w*|cousin\w*|nephew|buddy|coworker|son|son-in-law|brother-in-law"
    r"|guy|fella|man|company|people|outfit|lady|girl on the phone|ones|place) \b|\b(?:online|on the internet|menards"
    r"|lowe'?s|home depot|costco|amazon|the store|craigslist|facebook)\b"
    r"|\bfrom [A-Z]\w+|\bthe other (?:guy|company|one|fella|quote)\b"
)
_PRICE_MEMORY = 8


def find_objections(talk: Talk, _: TurnScores) -> Extraction | None:
    """All reasons in the order in which they were said, one of a kind; None where there were none."""
    found: dict[str, Extraction] = {}
    for label, option in objection_options(talk):
        one = likeliest("Objections", talk, [option])
        if one is not None and (label not in found or found[label].confidence < one.confidence):
            found[label] = one
    if not found:
        return None
    # A sentence that fits two kinds is given once, as the likelier.
    likelier = sorted(found.values(), key=lambda one: -one.confidence)
    by_quote = {one.value.partition('"')[2]: one for one in reversed(likelier)}
    kept = sorted(by_quote.values(), key=lambda one: one.quotes[0].index)[:_MOST]
    quotes = {quote.index: quote for one in kept for quote in one.quotes}
    value = "; ".join(dict.fromkeys(one.value for one in kept))
    certainty = min(one.confidence for one in kept)
    return Extraction("Objections", value, tuple(quotes[index] for index in sorted(quotes)), certainty)


def objection_options(talk: Talk) -> list[tuple[str, Option]]:
    """Every sentence of a customer that states a reason, with its kind. Each is judged by itself."""
    found: list[tuple[str, Option]] = []
    for sentence in talk.sentences:
        if sentence.by_rep or _UNWORRIED.search(sentence.folded):
            continue
        labels = _labels(talk, sentence)
        values = [(label, value) for label in labels if (value := _worded(label, sentence))]
        if not values and (one := _rejection(talk, sentence)):
            values = [one]
        for label, value in values:
            kind = label.partition(":")[0].removesuffix(" too high")
            found.append((kind, Option(value, (sentence,), _features(talk, sentence, label))))
    return found


def _features(talk: Talk, sentence: Sentence, label: str) -> dict[str, float]:
    folded, index = sentence.folded, sentence.turn.index
    share = sentence.place / max(1, len(talk.sentences))
    count = len(folded.split())
    reply = " ".join(turn.folded for turn in talk.turns[index + 1 : index + 2] if turn.by_rep)
    kind = next((known.label for known in _KINDS if known.label.partition(" {")[0] in label), "")
    known = [
        f"as {kind or label.partition(':')[0]}" if kind or label[:1].isupper() else "as a refusal",
        "asks" * (sentence.asks or INTERROGATIVE.search(folded) is not None),
        "short" * (count <= 4),
        "long" * (count > 18),
        "third party" * of_a_third_party(folded),
        "hypothetical" * is_hypothetical(sentence),
        "small talk" * bool(_SMALL_TALK.search(sentence.turn.folded)),
        "of the sale" * _of_the_sale(talk, sentence),
        "near the sale" * is_near_the_sale(talk, sentence),
        "in a short talk" * is_short(talk),
        "after a price" * _priced(talk, sentence),
        "names an amount" * bool(sentence.amounts),
        "past" * bool(_PAST.search(folded)),
        "early" * (share < 0.25),
        "late" * (share > 0.6),
        "accepts" * bool(_ACCEPTS.search(folded)),
        "the rep explains" * bool(_EXPLAINS.search(reply)),
        "the rep jokes" * bool(_JOKES.search(reply)),
    ]
    return {name: 1.0 for name in known if name}


_PAST = re.compile(r"\b(?:was|were|had|did|said|used to)\b")  # words: said
_ACCEPTS = re.compile(r"\b(?:ok|okay|fine|good|fair|deal|reasonable|not bad|let's)\b")
_EXPLAINS = re.compile(
    r"\b(?:i (?:know|hear|understand|get)|i can|i could|we can|let me|if (?:we|i|you)|without|take (?:out|off)"
    r"|financ\w+|a month|monthly|save|because|reason|includes?|difference|cheaper|down to|instead|smaller"
    r"|we(?:'ll| will| don't| do)|i(?:'ll| will)|it(?:'ll| will|'s)|warranty|covered)\b"
)
_JOKES = re.compile(r"^(?:ha|oh no|oh yeah|i bet|no kidding|that's funny|right)\b")


def _labels(talk: Talk, sentence: Sentence) -> list[str]:
    folded = sentence.folded
    found = []
    for kind in _KINDS:
        match = kind.said.search(folded)
        if match is None or (kind.excludes and kind.excludes.search(folded)):
            continue
        if kind.after_price and (not _priced(talk, sentence) or (of_a_third_party(folded) and not sentence.amounts)):
            continue
        what = next((value for value in match.groupdict().values() if value), "")
        found.append(kind.label.format(f"the {what}" if kind.label.startswith("Damage") else what))
    if not found and _compares(talk, sentence):
        found.append("Price: others are cheaper")
    if not found and (match := _WORRY.search(folded)) and not of_a_third_party(folded[: match.start() + 1]):
        what = next((value for value in match.groupdict().values() if value), "").strip()
        if what and not _VAGUE.match(what):
            found.append("Worried")
    return found


def _compares(talk: Talk, sentence: Sentence) -> bool:
    """Whether the customer names a lower price of somebody else, after the rep named one."""
    if not sentence.amounts or not _ELSEWHERE.search(sentence.text) or not _CHEAPER.search(sentence.folded):
        return False
    near = talk.turns[max(0, sentence.turn.index - 12) : sentence.turn.index]
    prices = [
        money.high
        for turn in near
        if turn.by_rep
        for one in turn.sentences
        for money in one.amounts
        if money.certain and money.high >= 500
    ]
    own = max(
        money.high * (1000 if money.high < 200 and not money.sized and prices and max(prices) > 2000 else 1)
        for money in sentence.amounts
    )
    return bool(prices) and max(prices) * 0.05 <= own < max(prices)


def _rejection(talk: Talk, sentence: Sentence) -> tuple[str, str] | None:
    """A thing that the customer does not want, will not do, or asks about with a doubt."""
    match = _REJECTS.search(sentence.folded)
    if match is None or _SMALL_TALK.search(sentence.turn.folded) or of_a_third_party(sentence.folded):
        return None
    what = next((value for value in match.groupdict().values() if value), "").strip()
    content = [word for word in words(what) if word not in STOP_WORDS]
    if not content or _VAGUE.match(what) or not _of_the_sale(talk, sentence):
        return None
    return " ".join(content[:3]), quoted(sentence.text, _LONGEST_QUOTE)


def _of_the_sale(talk: Talk, sentence: Sentence) -> bool:
    """Whether the turns around speak of the work or its price, and are no small talk."""
    near = talk.turns[max(0, sentence.turn.index - 3) : sentence.turn.index + 2]
    return any(
        _SALE.search(turn.folded) or any(m.certain and m.high >= 500 for one in turn.sentences for m in one.amounts)
        for turn in near
        if turn.by_rep
    )


_SALE = re.compile(
    r"\b(?:install\w*|price|cost|crew|crews|permit|warranty"  # words: said
    r"|deposit|financing|payment|quote|estimate|contract|paint"
    r"|roof|shingle\w*|window\w*|siding|panel\w*|unit|system|tank|pipe\w*|wall\w*|floor\w*|tile|deck|fence|gutter\w*"
    r"|concrete|drill|tear|treat\w*|pump|duct\w*|insulation|schedule\w*|weeks?|drawing|loan|percent)\b"
)


def _priced(talk: Talk, sentence: Sentence) -> bool:
    """Whether the rep named a price a few turns before."""
    index = sentence.turn.index
    turns = talk.turns[max(0, index - _PRICE_MEMORY) : index + 1]
    return any(
        money.certain and money.high >= 100
        for turn in turns
        if turn.by_rep
        for one in turn.sentences
        for money in one.amounts
    )


def _worded(label: str, sentence: Sentence) -> str:
    """The label with the customer's words; empty where the evidence does not support it."""
    value = f"{label}: {quoted(sentence.text, _LONGEST_QUOTE)}"
    supported = check(OBJECTIONS, value, [Utterance(sentence.turn.speaker, sentence.turn.text)]).supported
    return value if supported else ""
