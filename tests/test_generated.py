"""What is made from the code is as the code makes it now."""

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def generated() -> dict[Path, str]:
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    texts: dict[Path, str] = module.texts()
    return texts


@pytest.mark.parametrize("path", sorted(generated()), ids=lambda path: path.name)
def test_a_generated_page_is_current(path: Path) -> None:
    """Mend it with: make docs."""
    assert path.read_text(encoding="utf-8") == generated()[path]


def test_no_schema_is_left_of_a_topic_that_is_gone() -> None:
    made = {path for path in generated() if path.suffix == ".json"}
    assert set((ROOT / "docs" / "schemas").iterdir()) == made
