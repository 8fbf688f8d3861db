"""The tables of providers for the documents, made from the registry and the catalogue."""

from src.ai.catalogue import read_catalogue
from src.ai.providers import adapters, get_adapter
from src.ai.providers.base import Adapter

FEATURES = (
    *("adapter", "service", "pictures", "edits", "mask", "reference pictures", "previews", "paid calls", "key check"),
    *("cost of a picture", "parameters besides prompt and n"),
)
COSTS = {
    "cost": "the amount that the service names",
    "tokens": "tokens that the service counts, else the price table",
    "": "the price table",
}
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


def feature_matrix() -> str:
    """Markdown: what each adapter can do, one row per adapter."""
    rows = [_features(adapter) for _slug, adapter in sorted(adapters().items())]
    lines = [FEATURES, ("---",) * len(FEATURES), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _features(adapter: Adapter) -> tuple[str, ...]:
    key_check = f"`{adapter.key_check}`" if adapter.key_check else "no key"
    if not adapter.makes_images:
        return f"`{adapter.slug}`", adapter.label, "no", *("-",) * 5, key_check, "-", "-"
    return (
        f"`{adapter.slug}`",
        adapter.label,
        "yes",
        _yes_no(adapter.edits_images),
        _yes_no(adapter.takes_mask) if adapter.edits_images else "-",
        f"up to {adapter.max_references}" if adapter.edits_images else "-",
        _yes_no(adapter.streams_previews),
        "one per picture" if adapter.one_picture_per_call else "one",
        key_check,
        COSTS[adapter.cost_source],
        ", ".join(f"`{name}`" for name in sorted(adapter.parameters)),
    )


def _yes_no(has_it: bool) -> str:
    return "yes" if has_it else "no"
