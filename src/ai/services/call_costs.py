"""What a generation's calls cost: each by what its service said, all together, and what counts against the budgets."""

from collections.abc import Sequence
from dataclasses import dataclass

from src.ai.costs import real_cost_micros
from src.ai.models import Charged, CostSource
from src.ai.providers.contract import CallResult
from src.ai.services.received_pictures import KeptPicture
from src.ai.services.tickets import Ticket
from src.ai.specs import split_size


@dataclass(frozen=True)
class Cost:
    """`micros` is None where nobody can tell; `charged` unknown where not even that money was taken is certain."""

    micros: int | None
    source: str
    charged: str


def cost_of_call(ticket: Ticket, call: CallResult, kept: list[KeptPicture]) -> Cost:
    """What the service says it took; else its token count or pictures by the price table; else unknown."""
    if call.error is not None:
        return _cost_of_failure(ticket, call, call.error.charged)
    if call.cost_micros is not None:
        charged = Charged.NO if call.cost_micros == 0 else Charged.YES
        return Cost(call.cost_micros, CostSource.PROVIDER_REPORTED, charged)
    whole = [(picture.facts.width, picture.facts.height) for picture in kept]
    # A broken picture is paid for too: the size that was asked stands in for the one it does not tell.
    broken = [split_size(ticket.request.size)] * (len(call.images) - len(whole))
    micros = real_cost_micros(
        ticket.pricing,
        usage=call.usage,
        sizes=[*whole, *broken],
        quality=ticket.request.quality,
        resolution=ticket.request.resolution,
    )
    return Cost(micros, CostSource.CATALOGUE, Charged.NO if micros == 0 else Charged.YES)


def _cost_of_failure(ticket: Ticket, call: CallResult, charged: str) -> Cost:
    """Nothing, unknown, or the tokens that the service counts though no picture came."""
    if charged == Charged.NO:
        return Cost(0, CostSource.PROVIDER_REPORTED, charged)
    if charged == Charged.YES and call.usage:
        micros = real_cost_micros(ticket.pricing, usage=call.usage, sizes=[], quality=None)
        return Cost(micros, CostSource.CATALOGUE, charged)
    return Cost(None, CostSource.UNKNOWN, charged)


def total_of(costs: Sequence[Cost]) -> Cost:
    """Of several calls: one that is unclear leaves the whole unclear, one of unknown cost the whole cost."""
    charges = {cost.charged for cost in costs}
    charged = next(each for each in (Charged.UNKNOWN, Charged.YES, Charged.NO) if each in charges)
    amounts = [cost.micros for cost in costs if cost.micros is not None]
    if len(amounts) < len(costs):
        return Cost(None, CostSource.UNKNOWN, charged)
    sources = {cost.source for cost in costs}
    source = CostSource.CATALOGUE if CostSource.CATALOGUE in sources else CostSource.PROVIDER_REPORTED
    return Cost(sum(amounts), source, charged)


def booked_micros(held: int | None, asked: Sequence[int], costs: Sequence[Cost]) -> int | None:
    """What counts against the budgets: a call of unknown cost at the share that was held for it, so that no call of
    unknown cost gives away what is known of the others. None where nothing is known and nothing was held.

    `asked`: how many pictures each call was asked for.
    """
    amounts = [
        cost.micros if cost.micros is not None or held is None else held * n // sum(asked)
        for n, cost in zip(asked, costs, strict=True)
    ]
    if None in amounts and not any(amounts):
        return None
    return sum(amount or 0 for amount in amounts)


def share_of(micros: int | None, count: int, position: int) -> int | None:
    """One picture's part of a call's cost; the parts add up to it."""
    if micros is None:
        return None
    return micros // count + (1 if position < micros % count else 0)
