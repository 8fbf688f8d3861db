"""A filled database and a catalogue to change."""

import copy
from typing import Any

import pytest

from src.ai.catalogue import read_catalogue
from src.ai.services.catalogue import PopulateReport, populate_catalogue


@pytest.fixture
def populated(db) -> PopulateReport:
    return populate_catalogue()


@pytest.fixture
def catalogue() -> dict[str, list[dict[str, Any]]]:
    """The shipped one, to change."""
    return copy.deepcopy(read_catalogue())


def entry_of(catalogue: dict[str, list[dict[str, Any]]], model_id: str) -> dict[str, Any]:
    return next(entry for entry in catalogue["models"] if entry["model_id"] == model_id)


def provider_entry_of(catalogue: dict[str, list[dict[str, Any]]], slug: str) -> dict[str, Any]:
    return next(entry for entry in catalogue["providers"] if entry["slug"] == slug)
