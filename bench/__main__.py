"""Runs every measurement and prints a report in Markdown."""

from bench.adapters import AT_ONCE, measure_holding, measure_reading
from bench.generating import PICTURE_BYTES, WAITING, measure_calls, measure_waiting
from bench.library import ASSETS, measure_both
from bench.listing import MODELS, measure_listing
from bench.thumbnails import COUNT, PROCESSES, measure_thumbnails
from bench.zipping import measure_zip


def main() -> None:
    print(f"## A page of image models out of {MODELS:,}, SQLite, whole request in process\n")
    for name, milliseconds in measure_listing().items():
        print(f"- {name}: {milliseconds:.1f} ms (median)")
    print(f"\n## One generate call with a {PICTURE_BYTES / 1e6:.1f} MB picture\n")
    costs = measure_calls()
    print("| target | p50 latency | beside straight | server CPU per call |\n| --- | --- | --- | --- |")
    for name, cost in costs.items():
        ratio = cost.p50_ms / costs["straight"].p50_ms
        cpu = f"{cost.cpu_ms:.1f} ms" if cost.cpu_ms is not None else "-"
        print(f"| {name} | {cost.p50_ms:.1f} ms | {ratio:.1f}x | {cpu} |")
    print(f"\n## An adapter's own work per {PICTURE_BYTES / 1e6:.1f} MB picture: parse, decode, check\n")
    for name, cpu_ms in measure_reading().items():
        print(f"- {name}: {cpu_ms:.2f} ms CPU (median)")
    held = measure_holding()
    print(
        f"- {AT_ONCE} at once over sockets: RSS {held.idle_mb:.0f} MB idle, {held.peak_mb:.0f} MB at its peak, "
        f"{held.peak_mb - held.idle_mb:.0f} MB above"
    )
    print(f"\n## {WAITING} generations in flight at 2 s each, one process, saved\n")
    for label, size in (("1 kB", 1_000), ("1.7 MB", PICTURE_BYTES)):
        found = measure_waiting(size)
        print(
            f"- pictures of {label}: {found.succeeded} of {WAITING} succeeded in {found.wall_s:.1f} s; "
            f"threads {found.threads_idle} idle, {found.threads_peak} at most; "
            f"RSS {found.rss_idle_mb:.0f} MB idle, {found.rss_waiting_mb:.0f} MB while all wait "
            f"({found.growth_kb_each:.0f} kB per waiting request), {found.rss_peak_mb:.0f} MB at its peak"
        )
    print(f"\n## {COUNT:,} thumbnails of 320 px on {PROCESSES} processes\n")
    for format, speed in measure_thumbnails().items():
        print(f"- {format} of {speed.picture_kb:.0f} kB: {speed.per_second:.0f} pictures per second")
    zipped = measure_zip()
    print(
        f"\n## A zip of {zipped.megabytes:.0f} MB\n\n- in {zipped.wall_s:.1f} s; RSS {zipped.rss_idle_mb:.0f} MB "
        f"before, {zipped.rss_peak_mb:.0f} MB at its peak"
    )
    print(f"\n## The library of {ASSETS:,} pictures, whole request in process\n")
    print("| request | rows | database | median | slowest | queries |\n| --- | --- | --- | --- | --- | --- |")
    for database, figures in measure_both().items():
        for name, figure in figures.items():
            times = f"{figure['ms']:.0f} ms | {figure['slowest_ms']:.0f} ms"
            print(f"| {name} | {figure['rows']:.0f} | {database} | {times} | {figure['queries']:.0f} |")


if __name__ == "__main__":
    main()
