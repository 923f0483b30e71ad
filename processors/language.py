"""Which language a text is in: English, another, or not known. Pure.

A release in another language than a theme's is passed on unjudged, so the mistake that matters is
to take English for something else: then somebody is not told. A text counts as another language
only if no part of it that is looked at is English, and the evidence is strong; a few words, a
table, a list of names are not known, and are judged.

Letters other than Latin say their language by themselves; Latin ones by a language's commonest
small words. docs/adr/0017 has what other detectors were measured, and why none is used.
"""

import re
import tomllib
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable
from functools import cache
from pathlib import Path

ENGLISH = "en"

MAX_TAG_CHARS = 8
_WINDOW_CHARS = 1_000
"""A text is looked at where it begins, in its middle and where it ends."""
_SHORT_CHARS = 400
_LEAST_WORDS = 12
"""Of Latin letters; fewer words are not known."""
_LEAST_DIFFERENT = 3
"""Different small words; one that is repeated is a label."""
_LEAST_LETTERS = 12
"""Of other letters."""
_STRONG_SHARE = 0.10
"""A part is English at once if so many of its words are of the strong ones."""
_ENGLISH_SHARE = 0.22
"""… or so many are of all small words of English, and no other language has more."""
_OTHER_SHARE = 0.20
_OTHER_SHARE_OF_FEW = 0.34
_FEW_WORDS = 25
"""Another language has to have so many, more in a short text, and …"""
_LEAD = 1.4
"""… so many times those of English."""

_STRONG = frozenset(
    {"the", "and", "of", "to", "that", "with", "for", "from", "this", "which", "their", "will"}
    | {"has", "have", "been", "were", "would", "by", "its", "our", "are", "they", "not", "you"}
)
"""Words of English that hardly another language has."""
_WORD = re.compile(r"[^\W\d_]{2,}(?:['’-][^\W\d_]*)?|[^\W\d_](?:['’][^\W\d_]*)?(?![.\w])")
_ADDRESS = re.compile(r"\S*[/%@<>=\[\]]\S*")
_LETTERS = re.compile(r"[^\W\d_]")

# The first letters of Unicode's blocks for writings that are not Latin (Unicode 16, Blocks.txt).
_WRITINGS: tuple[tuple[int, int, str], ...] = (
    (0x0370, 0x03FF, "el"),
    (0x0400, 0x052F, "cyrillic"),
    (0x0530, 0x058F, "hy"),
    (0x0590, 0x05FF, "he"),
    (0x0600, 0x077F, "arabic"),
    (0x0900, 0x097F, "hi"),
    (0x0980, 0x09FF, "bn"),
    (0x0A00, 0x0A7F, "pa"),
    (0x0A80, 0x0AFF, "gu"),
    (0x0B00, 0x0B7F, "or"),
    (0x0B80, 0x0BFF, "ta"),
    (0x0C00, 0x0C7F, "te"),
    (0x0C80, 0x0CFF, "kn"),
    (0x0D00, 0x0D7F, "ml"),
    (0x0D80, 0x0DFF, "si"),
    (0x0E00, 0x0E7F, "th"),
    (0x0E80, 0x0EFF, "lo"),
    (0x0F00, 0x0FFF, "bo"),
    (0x1000, 0x109F, "my"),
    (0x10A0, 0x10FF, "ka"),
    (0x1200, 0x137F, "am"),
    (0x1780, 0x17FF, "km"),
    (0x3040, 0x30FF, "ja"),
    (0x3400, 0x9FFF, "zh"),
    (0xAC00, 0xD7AF, "ko"),
    (0x1100, 0x11FF, "ko"),
)
_BY_LETTERS = {
    "cyrillic": (("іїєґ", "uk"), ("ўў", "be"), ("ђћџјљњ", "sr"), ("ыэё", "ru"), ("ъ", "bg")),
    "arabic": (("ٹڈڑںےھ", "ur"), ("ټډړښځڅ", "ps"), ("پچژگ", "fa")),
}
_OTHERWISE = {"cyrillic": "ru", "arabic": "ar"}


def language_of(text: str, tag: str | None = None) -> str:
    """Return a text's language as the first part of a BCP 47 tag, or "" where it is not known.

    `tag` is what the source says. It counts where the text says too little, and says which of
    two near ones it is (Danish, Norwegian); it doesn't make an English text another.
    """
    said = (tag or "").replace("_", "-").split("-")[0].strip().lower()[:MAX_TAG_CHARS]
    said = said if said.isalpha() and said.isascii() and 2 <= len(said) <= 3 else ""
    if _is_plainly_english(text[:_WINDOW_CHARS]):
        return ENGLISH  # nearly all there are, in a few microseconds
    found = [_of_part(part) for part in _parts(text)]
    if ENGLISH in found:
        return ENGLISH
    named = Counter(one for one in found if one)
    if not named:
        return said
    return said if said and said != ENGLISH else named.most_common(1)[0][0]


def language_of_release(title: str, text: str, tag: str | None = None) -> str:
    """Return a release's language: that of its text, and of its title too if the text is short."""
    return language_of(text if len(text) >= _SHORT_CHARS else f"{title}\n\n{text}", tag)


def why_unjudged(language: str, readers: Iterable[Collection[str]]) -> str:
    """Return why a text in a language has no theme, in words; empty if any of the readers reads it.

    `it is in cy, and no theme reads that: themes read en`
    """
    known = sorted({one for languages in readers for one in languages})
    if not language or language in known:
        return ""
    return f"it is in {language}, and no theme reads that: themes read {', '.join(known)}"


def _parts(text: str) -> list[str]:
    if len(text) <= 2 * _WINDOW_CHARS:
        return [text]
    middle = len(text) // 2
    return [
        text[:_WINDOW_CHARS],
        text[middle : middle + _WINDOW_CHARS],
        text[-_WINDOW_CHARS:],
    ]


def _is_plainly_english(part: str) -> bool:
    words = part.lower().split()
    strong = list(filter(_STRONG.__contains__, words))
    return (
        len(words) >= _LEAST_WORDS
        and len(strong) >= _STRONG_SHARE * len(words)
        and len(set(strong)) >= _LEAST_DIFFERENT
    )


def _of_part(part: str) -> str:
    if _is_plainly_english(part):
        return ENGLISH
    letters = _LETTERS.findall(part)
    writings = Counter(map(_writing, letters)) if not part.isascii() else Counter()
    foreign = sum(writings.values()) - writings.get("", 0)
    if foreign >= _LEAST_LETTERS and foreign > len(letters) // 2:
        return _of_writing(writings, part)
    return _of_words(part)


@cache
def _writing(letter: str) -> str:
    code = ord(letter)
    if code < 0x370:
        return ""
    return next((name for first, last, name in _WRITINGS if first <= code <= last), "")


def _of_writing(writings: Counter[str], part: str) -> str:
    name = max((name for name in writings if name), key=lambda one: writings[one])
    if name == "zh" and writings.get("ja", 0) > writings["zh"] // 10:
        return "ja"
    least = max(1, writings[name] // 250)
    for letters, language in _BY_LETTERS.get(name, ()):
        if sum(map(part.lower().count, letters)) >= least:
            return language
    return _OTHERWISE.get(name, name)


def _of_words(part: str) -> str:
    plain = unicodedata.normalize("NFC", _ADDRESS.sub(" ", part).lower())
    words = _WORD.findall(plain.replace("’", "'"))
    if len(words) < _LEAST_WORDS:
        return ""
    table = _small_words()
    votes: Counter[str] = Counter()
    different: Counter[str] = Counter()
    for word, times in Counter(words).items():
        for language in table.get(word, ()):
            votes[language] += times
            different[language] += 1
    best = max(votes, key=lambda one: (votes[one], one), default="")
    english = votes.get(ENGLISH, 0)
    if best == ENGLISH:
        return ENGLISH if english >= _ENGLISH_SHARE * len(words) else ""
    share = _OTHER_SHARE if len(words) >= _FEW_WORDS else _OTHER_SHARE_OF_FEW
    enough = votes[best] >= share * len(words) and different[best] >= _LEAST_DIFFERENT
    return best if enough and votes[best] >= _LEAD * english else ""


@cache
def _small_words() -> dict[str, tuple[str, ...]]:
    path = Path(__file__).with_name("languages.toml")
    lists = tomllib.loads(path.read_text(encoding="utf-8"))
    table: dict[str, list[str]] = {}
    for language, words in lists.items():
        for word in dict.fromkeys(words.split()):
            table.setdefault(word, []).append(language)
    return {word: tuple(languages) for word, languages in table.items()}
