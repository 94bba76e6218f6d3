"""A provider that says when an order has ended: heard at once, and not missed when it is silent."""

from datetime import datetime
from pathlib import Path

import sqlalchemy as sa
from tests.support.hosted import Simulator, check_money, rows_of, simulating, submit_live
from tests.support.processes import Place, Server, serving

from callsheet.database.connections import parse_url, sync_engine
from callsheet.takes.tables import TAKES

MODEL = "comfyui/text-to-image"  # looked at 3.3 s after its order, for the first time
RUN_S = 0.3


def lateness_s(server: Server, sim: Simulator, mark: str = "") -> float:
    """Order one picture; answers for how long it was made before its take knew."""
    rows = rows_of(1, MODEL, f"[[sim: {mark}]]" if mark else "")
    job = submit_live(server.http, rows)
    assert server.wait_for(job, ["succeeded", "failed"])["status"] == "succeeded"
    engine = sync_engine(parse_url(server.place.database_url))
    with engine.connect() as connection:
        take = connection.execute(sa.select(TAKES).where(TAKES.c.job == job)).mappings().one()
    engine.dispose()
    [order] = [each for each in sim.orders() if each["id"] == take["ticket"]]
    return float(
        (take["adopting_at"] - datetime.fromisoformat(order["completed_at"])).total_seconds()
    )


def test_end_is_heard_and_silence_costs_only_time(tmp_path: Path) -> None:
    """A take ends when its server says so; after a break the line stands again, or it is polled."""
    with simulating(tmp_path, run_s=RUN_S, provider="comfyui") as sim:
        base = {"CALLSHEET_PROVIDER_COMFYUI_BASE_URL": f"http://127.0.0.1:{sim.port}"}
        with serving(Place(tmp_path, f"sqlite:///{tmp_path}/callsheet.db", base)) as server:
            assert lateness_s(server, sim) < 1.5
            assert lateness_s(server, sim, "run=0.01") < 1.5  # over before its ticket is written

            lateness_s(server, sim, "socket=drop")  # opened anew, and looked at what was missed
            said = server.place.log("up")
            assert said.count("listening.opened") == 2
            assert said.count("listening.lost") == 1

            refused = {"route": "socket", "faults": {"fail": 503}, "count": 1_000}
            sim.faults(next=[refused])
            assert lateness_s(server, sim, "socket=drop") > 1.5  # by its next look
            said = server.place.log("up")
            assert said.count("listening.lost") == 1  # said once until the line holds
            assert "listening.failed" not in said
        check_money(server.place, sim, 4)
