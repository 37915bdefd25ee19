"""How judges write scores down: what is a number, who is meant, which words speak of a score.

Names of the two assistants become two marks of one character each, so that the digits that are left
in a text are numbers.
"""

import re
from typing import Literal

from backend.judge.markup import FIRST, SECOND, strip_markup
from backend.judge.records import MAX_SCORE

Who = Literal[1, 2]
MARK = f"[{FIRST}{SECOND}]"

HALVES = {"½": ".5", "¼": ".25", "¾": ".75", "1/2": ".5", "1/4": ".25", "3/4": ".75"}
MIXED = re.compile(r"(?<![\d./])(\d{1,3})(?:\s?([½¼¾])|[ \t]+(1/2|1/4|3/4)(?!/))(?!\d)")

NAMES = (
    r"(?i:(?:the )?(?:AI )?(?:assistant|response|model|chatbot)s?)[ \t_]*[#№]?[ \t]*"
    r"(?P<a>1|2|A|B)(?![\w.]*\d|\w)",
    r"(?i:(?:the )?(?:AI )?assistant) (?P<g>[Oo]ne|[Tt]wo)\b",
    r"(?im:(?:^[^\w\n]*|(?<=[,;|] )|(?<=\band ))answer)[ \t]*[#№]?[ \t]*"
    r"(?P<b>[12AB])(?=[ \t]*(?:'s\b|[:(=|–—→-]|(?i:gets|is|receives|deserves|score|rating)\b))",
    r"(?i:\b(?:the )?(?P<c>first|second) (?:AI )?(?:assistant|response|answer|model))\b",
    r"(?i:(?<=for )the (?P<i>first|second)\b)(?=[ \t]*(?:[.,;]|$|and\b))",
    r"(?:AI|智能)?(?:助手|助理|模型|回答|答案)[ \t]*[#№]?[ \t]*(?P<d>[12AB甲乙])(?!\d|\.\d)",
    r"(?:AI|智能)?(?:助手|助理|模型)[ \t]*(?P<e>[一二])(?![样致般些起直定])",
    r"(?:回答|答案)[ \t]*(?P<h>[一二])(?=[ \t]*[:(得的])",
    r"第[ \t]*(?P<f>[一二12])[ \t]*[个位份名]?(?:AI|智能)?(?:助手|助理|回答|答案|模型)",
)
NAME = re.compile(f"(?:{'|'.join(NAMES)})(?:'s?\\b|的(?:回答|答案)?)?")
SECONDS = frozenset({"2", "B", "second", "Second", "two", "Two", "乙", "二"})
# "Score 1: 8": a number that belongs to the word before it.
NUMBERED = re.compile(r"((?i:\bscore|\brating)|评分|得分|分数)[ \t_]*#?[ \t]*([12])(?=[ \t]*[:=])")
AND = r"(?:\band\b|&|,|/|和|与|、)"
ALSO_SECOND = re.compile(rf"({FIRST}\s*{AND}\s*)(?:2|B|二|乙)(?![\w.]*\d|\w)")
BEFORE_NAME = re.compile(rf"^[ \t]*[12][.)][ \t]+(?={MARK})", re.MULTILINE)
ARROW = re.compile(
    rf"(?<=[A-Za-z\u4e00-\u9fff{FIRST}{SECOND}])[ \t]?(?:->|=>|→|⇒|➜)(?=[ \t]?[0-9])"
)

# A number that can be a score. What is no score: -4, 1e3, 9/20, 90 %, 7-8, 7 to 8, 10 - 2 = 8.
SCORE = (
    r"(?<![A-Za-z0-9_./+^\\-])([0-9]+(?:\.[0-9]+)?)"
    r"(?:[ \t]*/[ \t]*10(?:\.0+)?(?![0-9.]*[0-9])"
    r"|(?:[ \t]+points?)?[ \t]+(?:out[ \t]+)?of[ \t]+(?:10|ten)\b)?"
    r"(?:[ \t]*(?:points?|pts)\b|[ \t]*分)?"
    r"(?![ \t]*[/^%]|[ \t]*\(\s*(?:out )?of\b|[0-9A-Za-z_]|\.[0-9]|[ \t]*[-–—~+*=×→][ \t]*[0-9]"
    r"|[ \t]*(?:\bto\b|\bor\b|至|到|或)[ \t]*[0-9]|[ \t]+of\b"
    r"|[ \t]*(?:points?[ \t]+)?(?:higher|lower|more|less|fewer|better|worse|above|below|ahead)\b)"
)
SCALED = r"(?=[0-9.]+[ \t]*(?:/[ \t]*10|out[ \t]+of|分))"
IN_SCALE = re.compile(r"/\s*10(?:\.0+)?(?![0-9])|of\s+(?:10|ten)\b|分", re.I)
WORD = r"(?i:scor(?:es|ed|e)|ratings?|rated|grades?|评分|得分|分数|打分|总分)"
LINK = (
    r"(?:\s*(?i::|=|\||(?<=\s)[-–—](?=\s)|\b(?:is|was|as|at|of|be|an?|to|are|gets?|receives?"
    r"|earns?|deserves?|with|given|awarded|(?:would|should|will) be)\b"
    r"|分别|为|是|得到?|获得?)){0,4}\s*"
)
GAP = rf"[^0-9\n.;!?。{FIRST}{SECOND}]"
JOIN = r"(?:\s*(?:\band\b|\bvs\b\.?|[,;&|、和与]|(?<=\s):(?=\s))\s*|\s+)"
SPEAKS = re.compile(
    r"scor|\brating|\brate[sd]?\b|\boutput\b|\btuple\b|\bgrade|评分|得分|分数|打分|总分|输出|元组",
    re.IGNORECASE,
)
# Words that announce a verdict as well as "score" does, but in front of it only.
ANNOUNCES = re.compile(
    r"verdict|evaluat|assess|judge?ment|feedback|\boverall\b|\bfinal\b|conclu|summar"
    r"|评价|评估|评判|结论|总体|综合|最终",
    re.IGNORECASE,
)
LAST_WORD = re.compile(
    r"(?:final|overall|total)\s+(?:scor|rating|grade|verdict|output)|总分"
    r"|(?:\bfinal|\boverall|最终|综合|总体)\s*[:|]"
    r"|(?:最终|最后|总体|综合)的?(?:得分|评分|分数|打分)",
    re.IGNORECASE,
)
GIVES = re.compile(r"\b(?:give|gave|award|assign)|给", re.IGNORECASE)
# One of several things that are looked at; its score is not the score.
ASPECT = (
    r"\b(?:helpful(?:ness)?|relevan(?:ce|t)|accura(?:cy|te)|(?:level of )?details?|clarity|depth"
    r"|creativity|correctness|structure|readability|comments?|efficiency|completeness|approach"
    r"|style|tone|grammar|coherence|originality|conciseness|organi[sz]ation|format(?:ting)?"
    r"|logic|reasoning|engagement|humou?r|safety|quality|steps?|content)"
)
IN_ASPECT = re.compile(rf"\s+(?:on|in)\s+(?:the\s+|terms of\s+)?{ASPECT}", re.IGNORECASE)
ABOUT_ASPECT = re.compile(
    rf"\W*(?:for|in terms of|on|as for|regarding|concerning)\s+(?:the\s+)?{ASPECT}", re.IGNORECASE
)
CRITERION = re.compile(
    rf"{ASPECT}\s*"
    r"(?:scores?|ratings?)?\s*(?::|=|\||\b(?:is|of)\b(?=\s*[0-9])|[-–—]\s)"
    r"|(?:有用|帮助|相关|准确|正确|详细|清晰|完整|可读|创造)[性度]?\s*(?:程度)?"
    r"(?:评分|得分|分数)?\s*[:=|为是]",
    re.IGNORECASE,
)
# What is counted, found or compared, and is no score.
COUNTED = re.compile(
    r"\b(?:errors?|mistakes?|numbers?|counts?|rank(?:s|ed|ings?)?|places?|words?|steps?|lines?"
    r"|examples?|items?|answers?|solutions?|values?|votes?|length|points?|tests?"
    r"|results? of)\b"
    r"|错误|数量|个数|排名|字数|答案",
    re.IGNORECASE,
)
CHANCES = re.compile(r"confiden|probabilit|likelihood|\bchance", re.IGNORECASE)
# A number that a program writes, not the judge.
PROGRAM = re.compile(
    r"\b(?:program|code|function|method|script|snippet|expected|correct|sample|example|returns?"
    r"|prints?|input|should|credit)\b|程序|代码|函数|样例|预期",
    re.IGNORECASE,
)
# A verdict that is to be followed by another.
TENTATIVE = re.compile(r"\b(?:preliminary|initial|tentative|provisional)\b|初步", re.IGNORECASE)
JUDGES = re.compile(r"scor|rating|\brate|grade|verdict|评分|得分|分数|打分|总分", re.IGNORECASE)
# Somebody else's words, and what might have been, are not what the judge gives.
REPORTS = re.compile(
    r"\b(?:claim|demand|instruct|beg(?:s|ged|ging)?\b|plead|inject|writes|wrote|states? that|quot"
    r"|(?:tell|told|ask|request|urg|try|tries|tried)\w*\b|(?:would|could) have\b)"
    r"|(?:n't|\bnot|\bnever|\bcannot)\s+(?:\w+\s+){0,2}?"
    r"(?:give|rate|score|award|assign|deserve|merit|get|receive|earn)"
    r"|要求|声称|写道|宣称|请求|不(?:会|能|应|该|应该)?(?:给|打|得)",
    re.IGNORECASE,
)
SAYS = re.compile(r"\b(?:says?|said|tells?|reads|repeats?)\b|(?<![来话])说", re.IGNORECASE)
OF_TEN = re.compile(
    r"\(\s*(?:both\s+)?out of 10\s*\)|\(?满分[为是]?\s*10\s*分?\)?|\(\s*[01]\s*[-–]\s*10\s*\)"
    r"|\(?(?:\bon |\busing )?(?:\ba |\bthe )?\bscale (?:of|from) [01]\s?(?:to|-|–)\s?10\b\)?,?",
    re.IGNORECASE,
)
RESPECTIVELY = re.compile(r"(?:,[ \t]?|[ \t])?\brespectively\b", re.IGNORECASE)
SPACES = re.compile(r"[ \t]{2,}")
SENTENCE_END = re.compile(r"[.!?;](?=\s)|[。!?;]")


def clean_text(text: str) -> str:
    """Return a text with plain digits and without Markdown, and with marks for names."""
    text = MIXED.sub(lambda found: found[1] + HALVES[found[2] or found[3]], strip_markup(text))
    text = SPACES.sub(" ", RESPECTIVELY.sub("", OF_TEN.sub("", text)))
    text = NAME.sub(mark_name, text)
    text = NUMBERED.sub(lambda found: f"{SECOND if found[2] == '2' else FIRST} {found[1]}", text)
    text = ALSO_SECOND.sub(rf"\1{SECOND}", ARROW.sub(":", text))
    return SPACES.sub(" ", BEFORE_NAME.sub("", text))


def mark_name(found: re.Match[str]) -> str:
    """Return the mark of a name."""
    return SECOND if SECONDS & {text for text in found.groups() if text} else FIRST


def parse_score(number: str) -> float | None:
    """Return a score, or None for a number that can't be one."""
    value = float(number)
    return value if 0 <= value <= MAX_SCORE else None


def name_who(mark: str) -> Who:
    """Return which assistant a mark stands for."""
    return 1 if mark == FIRST else 2


def find_clause(line: str, start: int) -> str:
    """Return what a line says in the same sentence before a place."""
    ends = [end.end() for end in SENTENCE_END.finditer(line, 0, start)]
    return line[ends[-1] if ends else 0 : start]


def is_scaled(found: re.Match[str]) -> bool:
    """Say whether a match says what its numbers are out of."""
    return IN_SCALE.search(found[0]) is not None


def leads(words: str | None) -> bool:
    """Say whether the words before scores, if there are any, speak of the scores.

    Edge: where they name assistants, they have to name both, and in the order of the scores.
    """
    said = (words or "").strip(" |:=")
    if not said:
        return True
    judged = JUDGES.search(said) is not None
    if not (judged or SPEAKS.search(said) or ANNOUNCES.search(said)):
        return False
    if any(words.search(f"{said}:") for words in (CRITERION, REPORTS, SAYS, TENTATIVE)):
        return False
    if not judged and (PROGRAM.search(said) or COUNTED.search(said)):
        return False
    return "".join(re.findall(MARK, said)) in ("", FIRST + SECOND)
