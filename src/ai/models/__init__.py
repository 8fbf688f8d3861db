"""The rows of providers, models, keys and generations."""

from src.ai.models.generation import (
    Charged,
    CostSource,
    GenerationOutput,
    GenerationStatus,
    ImageGeneration,
    ProviderCall,
    ProviderCallStatus,
)
from src.ai.models.model import AIModel, Capability, Origin
from src.ai.models.provider import AIProvider, KeyStatus, UnknownPricePolicy
from src.ai.models.settings import AdminProviderSettings

__all__ = [
    "AIModel",
    "AIProvider",
    "AdminProviderSettings",
    "Capability",
    "Charged",
    "CostSource",
    "GenerationOutput",
    "GenerationStatus",
    "ImageGeneration",
    "KeyStatus",
    "Origin",
    "ProviderCall",
    "ProviderCallStatus",
    "UnknownPricePolicy",
]
