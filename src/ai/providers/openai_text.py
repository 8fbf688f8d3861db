"""Services that speak OpenAI's format and make no pictures."""

from src.ai.providers.base import Adapter, NeedsKey
from src.ai.providers.openai_compatible import OpenAICompatible


class OpenAIText(OpenAICompatible):
    """Takes back what the pictures of OpenAI's format brought."""

    needs_key: NeedsKey = "always"
    makes_images = False
    edits_images = False
    takes_mask = False
    max_references = 0
    streams_previews = False
    parameters = frozenset[str]()
    cost_source = ""
    generate = Adapter.generate
    edit = Adapter.edit
