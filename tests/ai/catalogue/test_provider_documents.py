"""docs/providers.md says of each adapter what the registry says."""

from pathlib import Path

import pytest
from django.conf import settings

from src.ai.providers import adapters
from src.ai.services.provider_table import FEATURES, feature_matrix

DOCUMENT = Path(settings.BASE_DIR) / "docs" / "providers.md"


def test_the_matrix_of_the_document_is_the_registrys():
    assert feature_matrix() in DOCUMENT.read_text()


def test_it_has_a_row_for_every_adapter():
    rows = feature_matrix().splitlines()

    assert len(rows) == 2 + len(adapters())
    assert {row.count(" | ") for row in rows} == {len(FEATURES) - 1}


@pytest.mark.parametrize("slug", sorted(adapters()))
def test_the_document_tells_of_every_adapter(slug):
    assert f"\n## {adapters()[slug].label}\n" in DOCUMENT.read_text()
