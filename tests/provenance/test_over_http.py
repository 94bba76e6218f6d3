"""Signing and evidence as people ask for them: over HTTP and on the command line."""

import json
from pathlib import Path

from tests.provenance.making import chain_in
from tests.support.processes import Place, serving

MUG = {"prompt": 'a <b>"red"</b> mug', "model": "local/storyboard", "size": "256x256"}


def test_a_batch_is_signed_and_its_evidence_shown(tmp_path: Path, sqlite_url: str) -> None:
    """Without a key it is refused with what to do; with one all of it is signed, and told."""
    place = Place(tmp_path, sqlite_url)
    with serving(place) as server:
        asked = {"items": [MUG], "sign": True}
        refused = server.http.post("/batch/images", json=asked)
        assert (refused.status_code, refused.json()["code"]) == (422, "signing_key_missing")
        assert "callsheet provenance init" in refused.json()["detail"]

        chain_in(tmp_path / "data" / "provenance")  # read anew: no server is started again
        job = server.http.post("/batch/images", json=asked).json()["batchId"]
        state = server.wait_for(job, ["succeeded"])

        (variant,) = state["rows"][0]["variants"]
        signed = variant["signed"]["sha256"]
        file = tmp_path / "mug.png"
        file.write_bytes(server.http.get(variant["url"]).content)
        verified = place.run("provenance", "verify", "--json", str(file))
        assert verified.returncode == 0, verified.stderr
        assert json.loads(verified.stdout)["verdict"] == "ours"

        told = server.http.get(f"/api/assets/{signed}/evidence", params={"format": "json"}).json()
        assert told["verdict"] == "ours"
        assert told["manifest"]["label"] == variant["signed"]["manifest"]
        assert told["takes"][0]["model"] == "local/storyboard"
        assert {each["madeFrom"] for each in told["chain"]} >= {
            variant["sha256"],
            variant["take"],
        }
        accepts = {"Accept": "application/json"}
        assert server.http.get(f"/api/assets/{signed}/evidence", headers=accepts).json() == told
        page = server.http.get(f"/api/assets/{signed}/evidence", headers={"Accept": "text/html"})
        assert page.headers["content-type"].startswith("text/html")
        assert "sandbox" in page.headers["content-security-policy"]
        assert "a &lt;b&gt;&quot;red&quot;&lt;/b&gt; mug" in page.text
        assert "data:image/" in page.text
        assert "http" not in page.text.replace("https://", "http://").split("<style>")[0]
        missing = server.http.get(f"/api/assets/{'0' * 64}/evidence")
        assert (missing.status_code, missing.json()["code"]) == (404, "asset_not_found")


def test_a_sheet_is_handed_over_signed(tmp_path: Path, sqlite_url: str) -> None:
    """Pictures carry their manifest, texts have it beside them; each file is verified as ours."""
    place = Place(tmp_path, sqlite_url)
    rows = "scene_id,prompt,model,size\nS1,a red mug,local/storyboard,256x256\n"
    (tmp_path / "s.csv").write_text(f"{rows}S2,a caption,local/text-preview,\n")
    assert place.run("provenance", "init", "--organisation", "Lantern Films").returncode == 0

    done = place.run("run", "s.csv", "--out", "out", "--sign")

    assert done.returncode == 0, done.stderr
    picture, text = tmp_path / "out" / "S1_v1.png", tmp_path / "out" / "S2_v1.txt"
    assert (tmp_path / "out" / "S2_v1.txt.c2pa").exists()
    verified = place.run("provenance", "verify", str(picture), str(text))
    assert verified.returncode == 0, verified.stdout
    assert verified.stdout.count("ours") == 2
    text.write_text("another caption")
    verified = place.run("provenance", "verify", str(picture), str(text))
    assert verified.returncode == 1
    assert "altered" in verified.stdout
    shown = place.run("provenance", "show", str(picture))
    assert "algorithmicMedia" in shown.stdout
    evidence = place.run("evidence", str(picture), "--out", str(tmp_path / "e.html"))
    assert evidence.returncode == 0, evidence.stderr
    assert "Lantern Films" in (tmp_path / "e.html").read_text()
