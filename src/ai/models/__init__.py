"""The rows of providers, models, keys and generations."""

from src.ai.models.generation import (
    UNFINISHED,
    Charged,
    CostSource,
    GenerationOutput,
    GenerationStatus,
    ImageGeneration,
    ProviderCall,
    ProviderCallStatus,
)
from src.ai.models.job import JobEvent, JobEventKind, JobFeed, ProviderCircuit, QueueGate
from src.ai.models.model import AIModel, Capability, Origin
from src.ai.models.provider import AIProvider, KeyStatus, UnknownPricePolicy
from src.ai.models.settings import AdminProviderSettings

__all__ = [
    "UNFINISHED",
    "AIModel",
    "AIProvider",
    "AdminProviderSettings",
    "Capability",
    "Charged",
    "CostSource",
    "GenerationOutput",
    "GenerationStatus",
    "ImageGeneration",
    "JobEvent",
    "JobEventKind",
    "JobFeed",
    "KeyStatus",
    "Origin",
    "ProviderCall",
    "ProviderCallStatus",
    "ProviderCircuit",
    "QueueGate",
    "UnknownPricePolicy",
]
