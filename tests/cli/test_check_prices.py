"""Prices compared with a provider's own list, taken over from it, and given back."""

import json
from pathlib import Path
from typing import Any

from tests.support.hosted import simulating
from tests.support.processes import Place

CARD = "fal/flux-schnell"
DEARER = {"fal-ai/flux/schnell": "0.004", "fal-ai/nano-banana-2": "0.09"}


def test_a_price_is_taken_over_and_given_back(tmp_path: Path) -> None:
    """What differs ends with 1, and once it is applied it is quoted as told.

    A card with several prices stays as it is.
    """
    with simulating(tmp_path, provider="fal") as sim:
        prefix = "CALLSHEET_PROVIDER_FAL"
        settings = {
            f"{prefix}_BASE_URL": str(sim.http.base_url).rstrip("/"),
            f"{prefix}_KEY": "key-of-the-tests",
        }
        place = Place(tmp_path, f"sqlite:///{tmp_path}/cs.db", settings)

        def checked(*options: str) -> tuple[int, dict[str, dict[str, Any]]]:
            ran = place.run("models", "check-prices", "fal", "--json", *options)
            return ran.returncode, {each["model"]: each for each in json.loads(ran.stdout)}

        def asked() -> str:
            told = json.loads(place.run("models", "price", CARD, "--json").stdout)
            return str(told["price"])

        code, before = checked()
        assert code == 0, [each for each in before.values() if each["differs"]]
        assert before[CARD]["here"] == ["0.003000"]
        sim.http.post("/_admin/conditions", json={"list_prices": DEARER}).raise_for_status()
        code, after = checked("--apply")
        assert code == 1  # one of the two is for a person to mend
        assert {name for name, each in after.items() if each["differs"]} == {
            CARD,
            "fal/nano-banana-2",
        }
        assert {name for name, each in after.items() if each["applied"]} == {CARD}
        assert asked() == "0.004000"
        [override] = json.loads(place.run("models", "overrides", "--json").stdout)
        assert (override["model"], override["told"], override["in_force"]) == (
            CARD,
            "0.004000",
            True,
        )
        assert place.run("models", "revert-price", CARD).returncode == 0
        assert asked() == "0.003000"
        assert json.loads(place.run("models", "overrides", "--json").stdout) == []
