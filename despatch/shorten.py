"""Cutting text to a length. Pure."""


def shorten(text: str, most: int) -> str:
    """Return a text of at most so many characters: cut between words, and ended by `…`.

    `shorten("one two, three", 10) == "one two…"`. A word that takes more than half of the room is
    cut itself.
    """
    if len(text) <= most:
        return text
    if most < 1:
        return ""
    kept = text[: most - 1]
    between_words = text[most - 1].isspace() or kept[-1:].isspace()
    head, space, _word = kept.rpartition(" ")
    if not between_words and space and len(head) > most // 2:
        kept = head
    return kept.rstrip(" \n,;:–—-") + "…"
