"""`callsheet jobs quality`: what the quality gates of a job did."""

from typing import Any

from callsheet.cli.jobs import AsJson, JobName
from callsheet.cli.output import facts, out_json, out_table
from callsheet.cli.session import run_command
from callsheet.kernel.ids import LOCAL_WORKSPACE
from callsheet.wiring import Callsheet


def quality(job: JobName, json: AsJson = False) -> None:
    """Show what the quality gates of a job did, and what its good takes cost."""

    async def work(cs: Callsheet) -> dict[str, Any]:
        return await cs.views.gates.of_job(await cs.views.jobs.find(LOCAL_WORKSPACE, job))

    told = run_command(work)
    if json:
        out_json(told)
        return
    names = ("judged", "passed", "warned", "retakes", "to_people", "not_ordered")
    rows = [[gate, *(str(found[name]) for name in names)] for gate, found in told["gates"].items()]
    out_table("Gates", ["gate", *(name.replace("_", " ") for name in names)], rows)
    reasons = {
        f"{gate}: {reason}": f"{count} made again"
        for gate, found in told["gates"].items()
        for reason, count in found["retakes_by_reason"].items()
    }
    saved = {
        f"{gate}: not ordered": f"${found['not_ordered_cost']} ({', '.join(because)})"
        for gate, found in told["gates"].items()
        if (because := found["not_ordered_because"])
    }
    spent = told["spent"]
    facts(
        {
            **reasons,
            **saved,
            "charged": f"${spent['charged']}, ${spent['on_what_is_not_used']} for what is not used",
            "good takes": str(spent["good"]),
            "each good take": f"${spent['per_good_take']}" if spent["good"] else "-",
            "each good second": f"${spent['per_good_second']}" if spent["good_seconds"] else "-",
        }
    )
