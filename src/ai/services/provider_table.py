"""The table of providers for the README, made from the registry and the catalogue."""

from src.ai.catalogue import read_catalogue
from src.ai.providers import get_adapter

HEAD = "| provider | adapter | pictures | models in the catalogue |\n| --- | --- | --- | --- |"


def provider_table() -> str:
    """Markdown: one row per provider of the catalogue, and one for any OpenAI-compatible server."""
    catalogue = read_catalogue()
    rows = [
        _row(
            entry["name"],
            entry["adapter"],
            [model for model in catalogue["models"] if model["provider"] == entry["slug"]],
        )
        for entry in catalogue["providers"]
    ]
    return "\n".join([HEAD, *rows, _row("Any OpenAI-compatible server", "openai_compatible", [])])


def _row(name: str, slug: str, models: list[dict]) -> str:
    adapter = get_adapter(slug)
    image_models = sum(1 for model in models if "image" in model["capabilities"])
    makes = "yes" if adapter and adapter.makes_images else "not yet" if image_models else "no"
    built = f"`{slug}`" if adapter else "not built yet"
    listed = f"{len(models)}, {image_models} of them for pictures" if models else "entered by hand"
    return f"| {name} | {built} | {makes} | {listed} |"
