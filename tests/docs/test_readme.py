"""The README's few lines of curl work as they stand."""

from pathlib import Path

from tests.docs.console import Shell, steps
from tests.support.processes import Place, serving

README = Path(__file__).parents[2] / "README.md"


def test_the_lines_of_curl_make_pictures(tmp_path: Path) -> None:
    """Sent in order to a fresh server, they answer a batch, its progress and its state."""
    place = Place(tmp_path)
    page = README.read_text().partition("\n## The same over HTTP\n")[2]
    with serving(place) as server, Shell(tmp_path, place.environment()) as shell:
        page = page.replace("127.0.0.1:9090", f"127.0.0.1:{server.port}")
        _, accepted, _, progress, state, uploaded = [
            shell.type(step.command) for step in steps(page)
        ]

    assert '"runMode":"dry_run"' in accepted
    assert progress.rstrip().splitlines()[-2] == "event: done"
    assert '"status": "succeeded"' in state
    assert '"batchId":"job_' in uploaded
