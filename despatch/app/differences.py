"""What two versions of a theme make of the same documents."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from despatch.app.documents import Document
from despatch.app.wiring import App
from despatch.errors import UsageError
from despatch.toml import read
from processors.classify import classifier
from processors.explain import Explanation, explain
from processors.language import language_of_release
from processors.themes import Theme


@dataclass(frozen=True, slots=True)
class Difference:
    """A document that belongs by one version and not by the other."""

    document: Document
    before: Explanation
    after: Explanation

    @property
    def gained(self) -> bool:
        """Whether it belongs now and did not before."""
        return self.after.judgement.belongs


def theme_at(app: App, name: str) -> Theme:
    """Return the theme that a file's path or a theme's name stands for.

    A file's theme is named after the file. Raises SettingsError for a wrong file, UsageError if
    there is neither.
    """
    path = Path(name)
    if path.suffix == ".toml" or path.is_file():
        if not path.is_file():
            raise UsageError(f"{name} does not exist; give a theme's file or its name")
        return read(Theme, path, id=path.stem.split(".")[0])
    [theme] = app.chosen_themes([name])
    return theme


def compare(
    documents: Iterable[Document], before: Theme, after: Theme, counts: Counter[str]
) -> Iterator[Difference]:
    """Yield the documents whose theme changes; count `judged`, `both`, `gained` and `lost`."""
    first, second = classifier((before,)), classifier((after,))
    for document in documents:
        [old] = first.judge(document.title, document.text)
        [new] = second.judge(document.title, document.text)
        language = language_of_release(document.title, document.text, document.language)
        belonged = old.belongs and before.reads(language)
        belongs = new.belongs and after.reads(language)
        counts["judged"] += 1
        counts["both"] += belonged and belongs
        if belonged != belongs:
            counts["gained" if belongs else "lost"] += 1
            yield Difference(document, explain(old, before), explain(new, after))
