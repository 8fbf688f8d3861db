"""A process that reserves generations straight through the service, from many threads at once.

Each line in: {"person", "model", "count"}. Each line out: {code: how often}; `reserved` where it passed, the name of
the exception where it was none of ours.
"""

import json
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import django

THREADS = 8


def main() -> None:
    django.setup(set_prefix=False)
    print("ready", flush=True)
    with ThreadPoolExecutor(THREADS) as threads:
        for line in sys.stdin:
            order = json.loads(line)
            outcomes = threads.map(lambda _: _reserve(order), range(order["count"]))  # noqa: B023
            print(json.dumps(Counter(outcomes)), flush=True)


def _reserve(wanted: dict[str, int]) -> str:
    from src.accounts.models import User
    from src.ai.providers.contract import ImageParams
    from src.ai.services.image_order import ImageOrder
    from src.ai.services.reservation import reserve_generation
    from src.core.errors import AppError

    try:
        order = ImageOrder(
            admin=User.objects.get(pk=wanted["person"]),
            model_id=wanted["model"],
            params=ImageParams(prompt="a red bicycle"),
        )
        reserve_generation(order=order)
    except AppError as exc:
        return exc.code
    except Exception as exc:  # noqa: BLE001 (the test names what may come)
        return f"{type(exc).__name__}: {exc}"
    return "reserved"


if __name__ == "__main__":
    main()
