"""The lexicon of ``intent``: the ways in which people put things, as patterns."""

import re
from collections.abc import Iterable


def _whole_message(*ways: str) -> re.Pattern[str]:
    """A whole message in one of these ways."""
    return re.compile(rf"^(?:{'|'.join(ways)})[\s?!.]*$", re.IGNORECASE)


def _opening(*ways: str, then: str = r"\b\s*") -> re.Pattern[str]:
    """A message that begins in one of these ways."""
    return re.compile(rf"^(?:{'|'.join(ways)}){then}", re.IGNORECASE)


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_SET = r"data\s?sets?"
_HERE = r"(?:here|locally|already|on disk|on this machine|in (?:my|the|our) library)"

#: What results can be sorted by, in people's words.
_ORDERED = (
    r"newest|latest|freshest|most recent(?:ly updated)?|recent|date|age|updated?|last updated?"
    r"|most (?:downloaded|popular|used)|popular(?:ity)?|downloads|largest|biggest|size"
    r"|smallest|oldest|licen[cs]e|name|title"
)

GREETING = _whole_message(
    r"(?:hi+|hello+|hey+|yo|howdy|hallo|hola|bonjour|greetings|good (?:morning|afternoon|evening|day))"
    r"(?: there| dataferry| everyone| again)?[\s!,.]*"
)
THANKS = _whole_message(
    r"(?:(?:thanks?(?: you)?|thank u|thx|ty|cheers|great|perfect|nice|cool|awesome|excellent|ok(?:ay)?"
    r"|got it|good|very good|bye|goodbye|see you|a lot|so much|very much|yes|yeah|yep|sure|no|nope"
    r"|well done)[\s!.,]*)+"
)
HELP = _whole_message(
    r"help(?: me)?(?: please)?",
    r"what can (?:you|i) (?:do|ask|say)\b.{0,30}",
    r"how (?:do|does|can|should) (?:this|it|i|we|you) "
    r"(?:work|use|start|begin|get started|download|search|cancel)\b.{0,40}",
    r"who are you",
    r"what (?:are you|is this)",
    r"commands|usage|instructions|\?+",
)
STATUS = _whole_message(
    r"(?:(?:what'?s|what is|show(?: me)?|check|give me|tell me) )?(?:the |my )?(?:download )?"
    r"(?:status|progress)(?: (?:please|now|so far|update|report))*",
    r"(?:(?:what'?s|what is|show(?: me)?|check|give me|tell me) )?(?:the |my )?(?:download )?"
    r"(?:status|progress) (?:of|on|for) (?:it|this|that|them|all|my\b.{0,50}"
    r"|(?:the )?(?:.{0,40}\b)?downloads?\b.{0,20}|the (?:first|second|third|last)\b.{0,20})",
    r"how (?:far|long|much longer)\b.{0,60}",
    r"eta",
    r"how(?:'s| is| are| did)\b.{0,40}\b(?:downloads?|downloading|going|doing|coming along)\b.{0,20}",
    r"(?:is|are|has|have|did)\b.{0,40}\b(?:done|finished|ready|completed?|there yet|arrived|through"
    r"|still (?:running|downloading))\b.{0,20}",
    r"what(?:'s| is| are)(?: being| you| currently| still)* (?:download(?:ing|ed)|running)"
    r"(?: right)?(?: now)?",
    r"(?:show(?: me)?|list) (?:the |my |all |current |running )*downloads",
    r"when (?:will|is)\b.{0,40}\b(?:done|finish(?:ed)?|ready|here|complete)\b.{0,20}",
    r"(?:any )?(?:news|updates?)(?: on| about| of)?(?: the| my)? downloads?",
    r"downloads?(?: (?:status|progress))|downloads",
)
LIBRARY = _whole_message(
    rf"what(?: {_SET}| data)? (?:do|did|have) (?:i|we)(?: already| currently)?"
    rf"(?: have| got| own| download(?:ed)?)?(?: {_HERE})*",
    rf"what(?:'s| is| are)(?: the {_SET})?(?: already| stored)* (?:{_HERE}|stored)",
    rf"which (?:{_SET}|ones?) (?:do (?:i|we) (?:already )?have|are (?:downloaded|local|{_HERE})"
    r"|have (?:i|we) (?:already )?(?:got|downloaded))(?: already)?",
    rf"(?:show|list|open|see|view)(?: me)?(?: all)?(?: of)?(?: my| the| our)? "
    rf"(?:library|collection|(?:local|downloaded|my) {_SET}|{_SET} (?:i|we) (?:already )?have)",
    rf"(?:list|show)(?: me)?(?: all)? my {_SET}",
    rf"(?:my|the|our) (?:library|{_SET}|collection)",
    r"library",
)
MORE = _whole_message(
    r"(?:(?:show|give|list|see|load|find|get)\s+)?(?:me\s+)?(?:some |the |a few |any )?"
    r"(?:more|next|further|other|others|additional|another)"
    rf"(?: (?:results?|{_SET}|ones?|hits|pages?|of (?:them|these)|please|few|options?"
    r"|like (?:this|that|these)))*",
    r"(?:what|anything) else(?: is there| do you have)?",
)
DECLINED = _opening(
    r"(?:no,? )?(?:don'?t|do not|never|no need to|not)\s+(?:start |begin )?"
    r"(?:download|get|fetch|start|cancel|stop|delete)"
)

#: What may stand before a command, and is taken off it.
POLITE = _opening(
    r"(?:(?:please|pls|plz|ok(?:ay)?|yes|yeah|yep|sure|now|then|and|so|well|hey|hi|hello|great|thanks"
    r"|thank you|cool|perfect|nice|just|also|kindly|(?:can|could|would|will) (?:you|u|we)"
    r"|i(?:'ll| will)|i(?:'d| would) (?:like|love)(?: you)? to|i (?:want|need)(?: you)? to|let'?s|let us"
    r"|go ahead(?: and)?|no(?=,))\b[\s,!.:]*)+",
    then="",
)
ASKED_POLITELY = re.compile(r"\b(?:can|could|would|will) (?:you|u|we)\b", re.IGNORECASE)
CONDITION = re.compile(
    r"\b(?:if|unless|when|once|after|before|provided|in case|later|tomorrow|tonight)\b", re.IGNORECASE
)
#: Taken back in a later sentence.
RETRACTION = re.compile(r"\b(?:no|not|don'?t|wait|actually|never ?mind|hold on|stop)\b", re.IGNORECASE)
#: What follows is left out of what the words refer to.
EXCEPT = re.compile(
    r"\b(?:except(?: for)?|but(?: not)?|not|instead of|rather than|other than|apart from|without"
    r"|excluding)\b(?!-)",
    re.IGNORECASE,
)
#: A part of a dataset, where whole ones are what can be had.
PARTIAL = re.compile(
    r"\b(?:readme|licen[cs]e|files?|subset|parts?|half|rows?|columns?|splits?|samples?)\b"
    r"|\b[\w-]+\.(?:csv|tsv|jsonl?|parquet|txt|zip|xlsx)\b",
    re.IGNORECASE,
)

START = _opening(
    r"download(?:ing)?",
    r"start(?: the| a| my)? download(?:ing)?",
    r"begin(?: the)? download(?:ing)?",
    r"queue(?: up)?",
    then=r"\b(?:\s+(?:of|for|me)\b)?\s*",
)
#: These ask for a download only when a known dataset follows: "get datasets on cats" is a search.
TAKE = _opening(r"get|fetch|grab|pull|save|take", then=r"\b(?:\s+me\b)?\s*")
ABOUT_DOWNLOADING = _opening(r"button|links?|speed|folder|path|location|history|rate|size|limit|page")
THEN_DOWNLOAD = re.compile(r"[,;]?\s*\b(?:and|then|and then)\s+(?:please\s+)?download\b.*$", re.IGNORECASE)
CANCEL = _opening(
    r"(?:cancel|abort|interrupt|halt)\b(?: the| my)?(?: downloads?(?:ing)?\b)?(?: of\b)?",
    r"(?:stop|kill)\b(?: the| my| all)?(?: downloads?(?:ing)?\b)(?: of\b)?",
    r"(?:stop|kill)(?=\s+(?:it|that|this|them|all|everything|the (?:first|second|third|last))\b)",
    r"stop(?=[.!]*$)",
    then=r"\s*",
)
DELETE = _opening(r"delete|remove|erase|uninstall")
DETAILS = _opening(
    r"tell me (?:a bit |something )?(?:more )?(?:about|on)",
    r"(?:show |give )?(?:me )?(?:some |the |more )*"
    r"(?:details?|info(?:rmation)?|description|readme|summary|facts)(?: (?:of|on|about|for))?",
    r"more (?:about|on)",
    r"describe|explain|compare|open|show(?: me)?|inspect|look at",
    r"what(?:'s| is| are| does| do)(?: (?:in|inside|the|with|about))*",
    r"how (?:big|large|old|many \w+)(?: (?:is|are|does|do|has|in))*",
    r"who (?:made|published|owns|wrote)",
    r"should (?:i|we) (?:download|get|take|use)",
    r"is|are|can (?:i|we) use|does|do|under what|which",
)
#: A command to look for something; what a later sentence refers to is not known yet.
LOOK_FOR = _opening(
    r"find|search|look for|show me|list|get me|i (?:need|want)|i'm looking for|recommend|suggest"
)
SEARCH = _opening(
    r"(?:i(?:'m| am)|we(?:'re| are)) (?:looking|searching|hunting) for",
    r"(?:i(?:'m| am)|we(?:'re| are)) (?:working on|building|training|doing)(?: an?)?",
    r"look(?:ing)? (?:for|up)|search(?:ing)?(?: for| up)?|find(?:ing)?|help me find|discover|browse|explore",
    r"show(?: me)?|list|give(?: me)?|get(?: me)?|fetch(?: me)?|recommend|suggest|tell me about",
    r"i(?:'d| would) (?:like|love)|(?:i|we) (?:need|want|require|could use)",
    r"do you (?:have|know)(?: of| about)?|(?:are|is) there|got|any(?:thing)?",
    r"where (?:can|do) (?:i|we) (?:find|get)|what|which|download(?:ing)?",
)

DATASET = re.compile(r"\b(?:data\s?sets?|data)\b", re.IGNORECASE)
#: One of those shown by how it compares with the others, each with the property that tells.
SUPERLATIVES: tuple[tuple[str, str], ...] = (
    (r"smallest|smaller|tiniest|lightest|shortest", "smallest"),
    (r"largest|larger|biggest|bigger|heaviest|longest", "largest"),
    (r"newest|newer|latest|freshest|most recent(?:ly updated)?", "newest"),
    (r"oldest|older", "oldest"),
    (r"most (?:downloaded|popular|used)|more popular", "popular"),
)
_SUPERLATIVE = "|".join(ways for ways, _name in SUPERLATIVES)
#: "the smaller one", "the newest of these", "the largest"; but not "the newest ones" or "largest first".
SUPERLATIVE_ONE = re.compile(
    rf"\b(?:the\s+)?(?:{_SUPERLATIVE})\s+(?:one|data\s?set|set)\b(?:\s+of\s+(?:these|those|them|the\w*))?"
    rf"|\bthe\s+(?:{_SUPERLATIVE})"
    r"(?:\s+of\s+(?:these|those|them|all)\b(?: \w+)?)?(?=[\s.!?]*(?:please[.!?]*)?$)",
    re.IGNORECASE,
)
#: In which order the results are to stand, as a whole message.
ORDER = _whole_message(
    r"(?:and |now |please )*(?:(?:put|show|list|sort|order|rank|give)(?: me)?(?: them| these| those| it"
    rf"| the (?:results?|list))? )?(?:by )?(?:the )?(?:{_ORDERED})(?: ones?| {_SET})?"
    r"(?: ?,? (?:come )?first| (?:at|on|to) (?:the )?top)(?: please)?",
    r"(?:and |now |please )*(?:(?:can|could) you )?(?:sort|order|rank)(?:ed)?(?: them| these| those| it"
    rf"| the (?:results?|list))? by (?:the )?(?:{_ORDERED})(?: please)?",
    rf"by (?:{_ORDERED})",
)
#: Words that refer to something that was shown.
REFERRING_WORDS = re.compile(
    SUPERLATIVE_ONE.pattern + r"|\b(?:(?:first|top) (?:\d{1,2}|two|three|four|five|six|seven|eight|nine|ten)"
    r"|it|this|that|them|these|those|all|both|everything|first|second|third|fourth|fifth|sixth|seventh"
    r"|eighth|ninth|tenth|last one|\d{1,2}(?:st|nd|rd|th)|number \w+)\b|#\s?\d"
    r"|^\s*(?:the )?\d{1,2}\b[\s\d,&+and]*$",
    re.IGNORECASE,
)
#: Questions about one fact of a dataset.
ABOUT_TERMS = re.compile(
    r"\b(?:gated|terms|restricted|access)\b|\bopen\b(?! (?:it|the|this|that)\b)", re.IGNORECASE
)
ABOUT_LICENSE = re.compile(
    r"\blicen[cs]|\bcommercial|\bcopyright|\bfree\b|\b(?:can|may) (?:i|we) use", re.IGNORECASE
)
ABOUT_FILES = re.compile(r"\bhow many files|\bnumber of files|\bfile count", re.IGNORECASE)
ABOUT_SIZE = re.compile(
    r"\bhow (?:big|large|heavy|much)\b|\bsize\b|\b(?:big|large)\?*$|\bbytes\b", re.IGNORECASE
)
ABOUT_DATE = re.compile(r"\bhow (?:old|new|recent)|\bwhen\b|\bupdated?\b|\bup to date\b", re.IGNORECASE)
#: What people ask about a dataset that they refer to.
PROPERTIES = words(
    """license licence licensed licenced commercial commercially size big large bytes columns column rows
    row files file format formats gated free contents inside downloads popular updated old new who made
    what how many contain contains have has describe details card result option number good top"""
)
#: Words that only hold a sentence up; a search is better without them.
QUERY_STOP_WORDS = words(
    """a about all also am an and any anything are around as at available be best by can contain
    containing contains could data database databases dataset datasets do does exist few find for from
    get good great have having help i in include includes including info information instead interesting into
    is it its just kind like list look looking maybe me my need nice of on one ones only or our
    out please pls public related regarding search set sets show so some something
    put sort stuff suitable that the their them there these they thing things this to topic
    us use used useful using want we which with within would you your"""
)


def first_match(patterns: Iterable[tuple[re.Pattern[str], str]], *texts: str) -> str | None:
    """The name of the first pattern that matches one of ``texts``."""
    for pattern, name in patterns:
        if any(pattern.match(text) for text in texts):
            return name
    return None
