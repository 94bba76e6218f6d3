"""What a row costs at 100, 1,000 and 10,000 rows: linear, or not."""

from _measuring import Row, family_cpu_s, folder, options, peak_mb, show
from tests.support.processes import Place, serving

from takes import run


def measure(count: int) -> Row:
    """Measure one batch in a fresh place."""
    home = folder()
    place = Place(home, settings={"CALLSHEET_LOG_LEVEL": "WARNING"})
    with serving(place) as server:
        run(server, 100)  # warm
        before = family_cpu_s(server.process.pid)
        speed = run(server, count)
        cpu = family_cpu_s(server.process.pid) - before
        return {
            "rows": count,
            "CPU ms/row": cpu / count * 1_000,
            "rows/s": speed,
            "peak MB": peak_mb(server.process.pid),
        }


def main() -> None:
    """Measure three sizes, a power of ten apart."""
    chosen = options(__doc__ or "")
    sizes = (10, 100) if chosen.quick else (100, 1_000, 10_000)
    rows = [measure(size) for size in sizes]
    for row in rows:
        row["of the smallest"] = row["CPU ms/row"] / rows[0]["CPU ms/row"]
    show("cost per row (local/dot, SQLite)", rows, as_json=chosen.json)


if __name__ == "__main__":
    main()
