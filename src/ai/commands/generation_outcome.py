"""The end of a generation on the command line: exit codes, and what is said of pictures and cost."""

from decimal import Decimal
from typing import Any

from src.ai.providers.errors import ProviderError, ProviderTimeout, Unreachable
from src.core.errors import AppError, InvalidFields, Misconfigured
from src.core.messages import text_for

ALL, UNEXPECTED, REFUSED, PROVIDER_FAILED, UNCLEAR, SOME_MISSING, NOT_WRITTEN = range(7)

EXIT_CODES = """exit codes:
  0  every picture was made and written
  1  wrong usage, or something unexpected
  2  refused here: access, a limit, a budget, or a value that the model does not take
  3  the service refused or failed
  4  the service was not reached or did not answer in time, or how it ended is not known
  5  some pictures are missing
  6  pictures were made, but --out was not written
With --estimate: 0 if it would begin, else 2.
"""
# What the API calls otherwise.
OPTIONS = {"references": "reference", "reference_assets": "reference-asset", "model_id": "model"}


def exit_code_of(error: AppError) -> int:
    if isinstance(error, Unreachable | ProviderTimeout):
        return UNCLEAR
    if isinstance(error, ProviderError):
        return UNCLEAR if error.charged == "unknown" else PROVIDER_FAILED
    return UNEXPECTED if isinstance(error, Misconfigured) else REFUSED


def describe_error(error: AppError) -> str:
    """In words, with the fields that are wrong, what would help, and whether it cost money."""
    lines = [text_for(error.code, **error.params)]
    if isinstance(error, InvalidFields):
        lines += [
            f"{_option(name)}: {text_for(problem.code, **problem.params)}"
            for name, problems in error.fields.items()
            for problem in problems
        ]
    facts = error.facts
    lines += _facts_in_words(facts)
    if "generation_id" in facts:
        lines.append(f"generation {facts['generation_id']}, charged: {facts['charged']}")
    return "\n".join(lines)


def _facts_in_words(facts: dict[str, Any]) -> list[str]:
    told = [str(facts[name]) for name in ("remedy_message", "provider_message") if facts.get(name)]
    if facts.get("field"):
        told.append(f"the service names {_option(facts['field'])}")
    if facts.get("categories"):
        told.append(f"categories: {', '.join(facts['categories'])}")
    if facts.get("replacement"):
        told.append(f"replacement: {facts['replacement']}")
    return told


def _option(name: str) -> str:
    return f"--{OPTIONS.get(name, name.replace('_', '-'))}"


def describe_answer(answer: dict[str, Any]) -> list[str]:
    """What was made, with which key, in what time, for how much."""
    seconds = (answer["generation_time_ms"] or 0) / 1000
    lines = [
        f"{answer['delivered']} of {answer['requested']} made by {answer['provider']}/{answer['model']} "
        f"with the {answer['key_source']} key in {seconds:.1f} s",
        f"cost: {_cost(answer)}",
    ]
    for failure in answer["failures"]:
        told = " ".join([failure["message"], *_facts_in_words(failure)])
        lines.append(f"picture {failure['index'] + 1} failed: {told} (charged: {failure['charged']})")
    return lines


def describe_estimate(estimate: dict[str, Any]) -> list[str]:
    """What would be sent, for how much, with which key, and what the month leaves."""
    sent = ", ".join(f"{name} {value}" for name, value in estimate["params_sent"].items())
    lines = [f"{estimate['model']}: {sent}", f"cost: {_expected_cost(estimate)}"]
    lines += [f"not in it: {extra['message']}" for extra in estimate["not_included"]]
    lines.append(f"key: {estimate['reason_message']}")
    if estimate["key_source"]:
        lines.append(f"left this month: {_left(estimate)}")
    return lines


def _expected_cost(estimate: dict[str, Any]) -> str:
    lowest, highest = estimate["lowest_micros"], estimate["highest_micros"]
    if highest is None:
        return "unknown"
    amount = _dollars(highest) if lowest == highest else f"{_dollars(lowest)} to {_dollars(highest)}"
    return f"{amount} US dollars, by the price table"


def _left(estimate: dict[str, Any]) -> str:
    images, micros = estimate["images_left"], estimate["micros_left"]
    found = [] if images is None else [f"{images} pictures"]
    found += [] if micros is None else [f"{_dollars(micros)} US dollars"]
    return ", ".join(found) or "no limit"


def _cost(answer: dict[str, Any]) -> str:
    if answer["cost_micros"] is None:
        return "unknown"
    source = {"provider_reported": "reported by the service", "catalogue": "by the price table"}
    return f"{_dollars(answer['cost_micros'])} US dollars, {source[answer['cost_source']]}"


def _dollars(micros: int) -> str:
    return f"{Decimal(micros).scaleb(-6).normalize():f}"
