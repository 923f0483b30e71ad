"""Feeds of a few words, for tests that look at what becomes of them."""

OLD = ("old", "2026-02-20", "Old news")
FRESH = ("fresh", "2026-03-02", "Fresh news")


def feed(*items: tuple[str, str, str], updated: str = "") -> bytes:
    """Return an RSS feed of (id, date, words)."""
    entries = "".join(
        f"<item><guid isPermaLink='false'>{id_}</guid><title>{words}</title>"
        f"<link>https://example.gov/{id_}</link><pubDate>{date}</pubDate>"
        f"<description>{words} and more.</description></item>"
        for id_, date, words in items
    )
    head = f"<rss version='2.0'><channel><title>x</title><pubDate>{updated}</pubDate>"
    return f"{head}{entries}</channel></rss>".encode()
