"""The mark that says a picture was made by AI.

Source: IPTC Digital Source Type vocabulary, cv.iptc.org/newscodes/digitalsourcetype, read 2026-11-24.
"""

IPTC_TERMS = "http://cv.iptc.org/newscodes/digitalsourcetype/"
TRAINED_MODEL = f"{IPTC_TERMS}trainedAlgorithmicMedia"
ALGORITHM = f"{IPTC_TERMS}algorithmicMedia"


def made_by_ai(*, provider_label: str, model_id: str, is_trained_model: bool = True) -> dict[str, object]:
    """The provenance of a generated picture, for the asset's row and its answers."""
    return {
        "made_by_ai": True,
        "digital_source_type": TRAINED_MODEL if is_trained_model else ALGORITHM,
        "generator": f"{provider_label}: {model_id}",
    }
