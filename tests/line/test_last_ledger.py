"""What a process that ends leaves in the store."""

import json
from pathlib import Path

from tests.support.processes import Place


def test_a_finished_run_can_be_restored_at_once(tmp_path: Path) -> None:
    """The store knows all of a job by the time its command ends, however short it was."""
    (tmp_path / "one.csv").write_text("prompt,model,variants\na dot,local/dot,2\n")
    place = Place(tmp_path)
    assert place.run("run", "one.csv").returncode == 0
    for file in (tmp_path / "data").glob("callsheet.db*"):
        file.unlink()

    restored = json.loads(place.run("restore", "--json").stdout)

    assert [(each["pictures"], each["problem"]) for each in restored] == [(2, "")]
    jobs = json.loads(place.run("jobs", "list", "--json").stdout)
    assert [job["status"] for job in jobs] == ["succeeded"]
