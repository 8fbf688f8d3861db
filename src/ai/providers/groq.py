"""Groq: text and speech only; the key's check and the models list.

Source: groq 1.7.0, types/model.py and _exceptions.py, and the fields served beyond them as in tests/upstream/fixtures;
console.groq.com/docs/errors. Read 2026-11-24.
"""

from src.ai.providers.answers import retry_after_s
from src.ai.providers.contract import ListedModel, ProviderConnection
from src.ai.providers.errors import Overloaded, ProviderError
from src.ai.providers.json_values import token_limit
from src.ai.providers.model_lists import entries_of, read_page
from src.ai.providers.openai_text import OpenAIText
from src.core.outbound import Answer

FLEX_CAPACITY_EXCEEDED = 498


class Groq(OpenAIText):
    slug = "groq"
    label = "Groq"
    base_url = "https://api.groq.com/openai/v1"

    async def list_models(self, conn: ProviderConnection) -> tuple[ListedModel, ...]:
        """What a model does (chat, transcription, speech) the list does not say."""
        page = read_page(await self.call(conn, "GET", "/models"))
        return tuple(
            ListedModel(
                model_id=item["id"],
                context_window=token_limit(item.get("context_window")),
                max_output_tokens=token_limit(item.get("max_completion_tokens")),
            )
            for item in entries_of(page)
            if item.get("active") is not False
        )

    def class_error(self, answer: Answer, conn: ProviderConnection) -> ProviderError:
        if answer.status == FLEX_CAPACITY_EXCEEDED:
            # The request was not processed and may be sent again.
            return Overloaded(retry_after_s=retry_after_s(answer))
        return super().class_error(answer, conn)
