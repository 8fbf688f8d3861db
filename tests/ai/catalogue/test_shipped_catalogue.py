"""The catalogue file as shipped: every entry can be stored, priced and asked for."""

from collections import Counter
from datetime import date

import pytest

from src.ai.catalogue import read_catalogue
from src.ai.costs import highest_cost_micros
from src.ai.models import Capability
from src.ai.models.generation import MAX_N
from src.ai.params import fit_to_spec
from src.ai.providers import get_adapter
from src.ai.providers.contract import ImageParams
from src.ai.services.catalogue import MODEL_FIELDS, PROVIDER_FIELDS
from src.ai.specs import read_image_spec, read_pricing, split_size
from src.media.inspection import MIME_BY_FORMAT

CATALOGUE = read_catalogue()
PROVIDERS, MODELS = CATALOGUE["providers"], CATALOGUE["models"]
KEPT_FORMATS = {name.lower() for name in MIME_BY_FORMAT}


def name_of(model: dict) -> str:
    return f"{model['provider']}/{model['model_id']}"


each_model = pytest.mark.parametrize("model", MODELS, ids=name_of)
each_image_model = pytest.mark.parametrize(
    "model", [model for model in MODELS if "image" in model["capabilities"]], ids=name_of
)


def test_it_has_seven_services_and_the_sandbox():
    assert [provider["slug"] for provider in PROVIDERS] == [
        "sandbox",
        "openai",
        "anthropic",
        "gemini",
        "openrouter",
        "deepseek",
        "groq",
        "huggingface",
    ]
    assert len(MODELS) == 59


def test_no_model_is_there_twice():
    assert [name for name, count in Counter(map(name_of, MODELS)).items() if count > 1] == []


@pytest.mark.parametrize("provider", PROVIDERS, ids=lambda provider: provider["slug"])
def test_a_provider_has_every_field_and_a_callable_address(provider):
    assert {"slug", *PROVIDER_FIELDS} == provider.keys() - {"start"}
    assert provider["api_base_url"].startswith("https://") or provider["slug"] == "sandbox"
    assert not provider["api_base_url"].endswith("/")


@each_model
def test_a_model_has_every_field_and_a_known_provider(model):
    assert {"provider", "model_id", *MODEL_FIELDS} <= model.keys()
    assert model["provider"] in {provider["slug"] for provider in PROVIDERS}


@each_model
def test_its_capabilities_are_known(model):
    assert model["capabilities"]
    assert set(model["capabilities"]) <= set(Capability.values)


@each_model
def test_its_dates_are_dates(model):
    assert model["shutdown_date"] is None or date.fromisoformat(model["shutdown_date"]).isoformat()


@each_model
def test_its_replacement_is_a_model_that_has_not_ended_before_it(model):
    known = {(other["provider"], other["model_id"]): other for other in MODELS}
    newer = known.get((model["provider"], model["replacement"]))

    assert not newer or newer["shutdown_date"] is None or newer["shutdown_date"] > model["shutdown_date"]


@each_model
def test_its_prices_are_prices(model):
    prices = read_pricing(model["pricing"])

    assert len({(price.unit, price.when) for price in prices}) == len(prices)


@each_image_model
def test_its_image_spec_is_one(model):
    spec = read_image_spec(model["image_spec"])

    assert 1 <= (spec.max_n or 1) <= MAX_N
    assert all(size == "auto" or split_size(size) for size in spec.sizes or ())


@each_image_model
def test_it_offers_no_format_that_is_not_kept(model):
    assert set(read_image_spec(model["image_spec"]).output_formats or ()) <= KEPT_FORMATS


@each_image_model
def test_a_price_by_quality_is_for_one_that_it_offers(model):
    offered = read_image_spec(model["image_spec"]).qualities or ()
    priced = {price.when.quality for price in read_pricing(model["pricing"]) if price.when}

    assert priced <= {None, *offered}


def test_only_the_sandbox_is_free():
    costs = {
        name_of(model): highest_cost_micros(read_pricing(model["pricing"]), size=None, quality=None, n=1)
        for model in MODELS
    }

    assert [name for name, micros in costs.items() if micros == 0] == ["sandbox/canvas"]


OFFERED_BY = {
    "size": ("sizes", "size_rule"),
    "aspect_ratio": ("aspect_ratios",),
    "resolution": ("resolutions",),
    "quality": ("qualities",),
    "style": ("styles",),
    "background": ("backgrounds",),
    "output_format": ("output_formats",),
    "output_compression": ("output_compression",),
    "seed": ("seed",),
    "negative_prompt": ("negative_prompt",),
    "partial_images": ("partial_images",),
}


@each_image_model
def test_what_a_model_offers_its_service_can_be_told(model):
    spec, adapter = read_image_spec(model["image_spec"]), get_adapter(model["provider"])

    offered = {name for name, fields in OFFERED_BY.items() if any(getattr(spec, field) for field in fields)}

    assert offered <= adapter.parameters
    assert not spec.edit or adapter.edits_images
    assert not spec.mask or adapter.takes_mask


@each_image_model
def test_a_size_that_has_a_price_can_be_asked_for(model):
    spec = read_image_spec(model["image_spec"])
    sizes = {price.when.size for price in read_pricing(model["pricing"]) if price.when and price.when.size}

    asked = [ImageParams(prompt="a", size=size) for size in sizes]

    assert all(fit_to_spec(params, spec) for params in asked)


@each_image_model
def test_every_named_size_has_a_price_where_sizes_have_prices(model):
    pricing = read_pricing(model["pricing"])
    if not any(price.when and price.when.size for price in pricing):
        return
    for size in read_image_spec(model["image_spec"]).sizes or ():
        assert highest_cost_micros(pricing, size=size, quality=None, n=1) is not None, size
