"""JSON Schema of what travels on every topic, written from the models."""

import json
from pathlib import Path

from despatch.topics import TopicSpec


def schema_texts(specs: tuple[TopicSpec, ...]) -> dict[str, str]:
    """Return file name -> JSON Schema (2020-12), one for each model that a topic carries.

    Theme topics carry what the classified topic does, so they have no file of their own.
    """
    texts: dict[str, str] = {}
    for spec in specs:
        if spec.name.startswith("despatch.theme."):
            continue
        schema = spec.model.model_json_schema(mode="serialization")
        named = {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$id": f"{spec.name}.schema.json",
        }
        texts[f"{spec.name}.schema.json"] = (
            json.dumps(named | schema, indent=2, ensure_ascii=False) + "\n"
        )
    return texts


def write_schemas(specs: tuple[TopicSpec, ...], folder: Path) -> list[Path]:
    """Write the schemas into a folder; return the files whose text changed."""
    folder.mkdir(parents=True, exist_ok=True)
    changed = []
    for name, text in schema_texts(specs).items():
        file = folder / name
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            file.write_text(text, encoding="utf-8")
            changed.append(file)
    return changed
