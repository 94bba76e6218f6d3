"""Packages as people get them: checked by others, resumed, refused by name, released."""

import io
import itertools
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from urllib.parse import quote

import bagit
import httpx2
import pytest

from callsheet.blobs.opening import open_store
from tests.support.processes import Server, until

NAMES = ["S-001sh001_1", "S-001sh001_2", "S-002sh002_1"]


def mhl_accepts(folder: Path) -> bool:
    """Ask the reference implementation of ASC MHL, which ends with 0 if all is well."""
    judge = [str(Path(sys.executable).with_name("ascmhl-debug")), "verify", str(folder)]
    return subprocess.run(judge, capture_output=True, check=False).returncode == 0


def bag_accepts(folder: Path) -> bool:
    """Ask the reference implementation of BagIt."""
    return bool(bagit.Bag(str(folder)).is_valid())


def test_judges_accept_a_package_and_refuse_one_changed_byte(
    server: Server, job: str, tmp_path: Path
) -> None:
    """Both accept the folder; with one byte changed, in a picture or in the page, both refuse."""
    folder = tmp_path / "handed"
    done = server.place.run("package", job, "--out", str(folder))
    assert done.returncode == 0, done.stderr
    masters = sorted(path.name for path in (folder / "data/masters").iterdir())
    assert masters == [f"Spring-launch_{name}_v1_256x256.png" for name in NAMES]
    assert bag_accepts(folder)
    assert mhl_accepts(folder)
    for changed in (folder / "data/masters" / masters[0], folder / "README.html"):
        whole = changed.read_bytes()
        changed.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
        assert not bag_accepts(folder)
        assert not mhl_accepts(folder)
        changed.write_bytes(whole)
    assert bag_accepts(folder)

    table = (folder / "data/results.csv").read_text(encoding="utf-8-sig")
    assert f"masters/{masters[0]}" in table
    page = (folder / "README.html").read_text()
    assert "http" not in page
    assert "<script" not in page
    for path in ("data/masters", "data/proxies"):
        assert all(f"{path}/{each.name}" in page for each in (folder / path).iterdir())

    (folder / "data/own.txt").write_text("x")
    stray = server.place.run("package", job, "--out", str(folder))
    assert (stray.returncode, "data/own.txt" in stray.stderr) == (1, True), stray.stderr


def test_a_download_goes_on_where_it_broke_off(server: Server, job: str, tmp_path: Path) -> None:
    """Its size is known, parts joined are the whole, and every program for archives opens it."""
    path = f"/api/jobs/{job}/package.zip"
    whole = server.http.get(path)
    assert whole.status_code == 200, whole.text
    content, etag = whole.content, whole.headers["etag"]
    assert int(whole.headers["content-length"]) == len(content)
    assert 'filename="Spring-launch.zip"' in whole.headers["content-disposition"]
    head = server.http.head(path)
    assert (head.headers["content-length"], head.content) == (str(len(content)), b"")
    assert server.http.get(path, headers={"If-None-Match": etag}).status_code == 304

    cuts = [0, 1, 40, len(content) // 3, len(content) - 30, len(content)]
    parts = []
    for first, end in itertools.pairwise(cuts):
        asked = {"Range": f"bytes={first}-{end - 1}", "If-Range": etag}
        part = server.http.get(path, headers=asked)
        assert part.status_code == 206
        assert part.headers["content-range"] == f"bytes {first}-{end - 1}/{len(content)}"
        parts.append(part.content)
    assert b"".join(parts) == content
    late = {"Range": f"bytes={len(content)}-"}
    assert server.http.get(path, headers=late).status_code == 416
    other = {"Range": "bytes=10-", "If-Range": '"another"'}
    assert server.http.get(path, headers=other).content == content

    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        assert all(name.startswith("Spring-launch/") for name in archive.namelist())
        archive.extractall(tmp_path)
    assert bag_accepts(tmp_path / "Spring-launch")
    assert mhl_accepts(tmp_path / "Spring-launch")
    (tmp_path / "got.zip").write_bytes(content)
    for program in (["unzip", "-tq"], ["7z", "t"]):
        if shutil.which(program[0]):
            subprocess.run([*program, tmp_path / "got.zip"], check=True, capture_output=True)


def test_made_anew_a_package_is_the_same(server: Server, job: str, tmp_path: Path) -> None:
    """Without the list that was kept of it, it is built again, byte for byte; on disk as well."""
    path = f"/api/jobs/{job}/package.zip"
    before = server.http.get(path).content
    shutil.rmtree(server.place.folder / f"data/store/jobs/{job}/packages")
    assert server.http.get(path).content == before
    done = server.place.run("package", job, "--out", str(tmp_path / "p.zip"), "--json")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "p.zip").read_bytes() == before


async def test_a_package_in_the_store(server: Server, job: str, tmp_path: Path) -> None:
    """It lies below `deliveries/`, whole; every object as the type that it is."""
    done = server.place.run("package", job, "--out", "store:spring")
    assert done.returncode == 0, done.stderr
    store = open_store(str(server.place.folder / "data/store"), secret=bytes(32), options={})
    under = "deliveries/spring/Spring-launch/"
    async for info in store.list(under):
        path = tmp_path / info.key.removeprefix(under)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(await store.get(info.key))
    assert bag_accepts(tmp_path)
    assert mhl_accepts(tmp_path)
    assert (await store.head(f"{under}README.html")).content_type.startswith("text/html")


def test_names_that_collide_are_told_before_anything_is_written(
    server: Server, job: str, tmp_path: Path
) -> None:
    """A preview lists them; a package is refused with every file that asks for the name."""
    names = {"names": "{scene}.{ext}"}
    preview = server.http.get(f"/api/jobs/{job}/package", params=names).json()
    asked = {"S-001.png": ["row 1 (S-001), variant 1", "row 1 (S-001), variant 2"]}
    assert preview["collisions"] == asked
    assert preview["total"] == 3
    refused = server.http.get(f"/api/jobs/{job}/package.zip", params=names)
    assert (refused.status_code, refused.json()["code"]) == (409, "names_collide")
    assert refused.json()["errors"][0]["field"] == "S-001.png"
    out = tmp_path / "none"
    done = server.place.run("package", job, "--out", str(out), "--names", names["names"])
    assert done.returncode == 1
    assert "variant 2" in done.stderr
    assert not out.exists()
    odd = server.http.get(f"/api/jobs/{job}/package.zip", params={"names": "{colour}"})
    assert (odd.status_code, odd.json()["code"]) == (422, "invalid_template")


def waits_for_review(server: Server) -> str:
    """Make a batch that waits for a person who lets it leave; its id."""
    items = [{"prompt": "a red mug", "model": "local/dot", "size": "256x256"}]
    body = {"items": items, "gates": {"review": "person"}, "name": "Mugs"}
    batch = str(server.http.post("/batch/images", json=body).json()["batchId"])
    until(lambda: (server.state(batch, rows=0)["problem"] or {}).get("gate") == "review")
    return batch


def test_what_is_not_approved_leaves_only_against_a_reason(server: Server, tmp_path: Path) -> None:
    """A job that waits is refused by name, unapproved files too; an admin's reason is printed."""
    batch = waits_for_review(server)
    path = f"/api/jobs/{batch}/package.zip"
    early = server.http.get(path)
    assert (early.status_code, early.json()["code"]) == (409, "package_not_ready")
    part = {"partial": "true"}
    refused = server.http.get(path, params=part)
    assert (refused.status_code, refused.json()["code"]) == (409, "release_refused")
    assert "unapproved" in refused.json()["errors"][0]["field"]

    blank = server.http.post(f"/api/jobs/{batch}/release", json={"reason": " "})
    assert blank.status_code == 422
    said = {"reason": "the client <b>saw</b> it on the call"}
    released = server.http.post(f"/api/jobs/{batch}/release", json=said)
    assert released.status_code == 200, released.text
    assert len(released.json()["overridden"]) == 1
    again = server.http.post(f"/api/jobs/{batch}/release", json=said)
    assert (again.status_code, again.json()["code"]) == (409, "nothing_to_release")
    deeds = server.http.get("/api/admin/audit").json()["items"]
    assert [each["outcome"] for each in deeds if each["action"] == "package.release"] == [
        "1 unapproved"
    ]

    answer = server.http.get(path, params=part)
    assert answer.status_code == 200, answer.text
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        page = archive.read("Mugs/README.html").decode()
    assert "Released by the local admin" in page
    assert "the client &lt;b&gt;saw&lt;/b&gt; it on the call" in page
    assert "approval was asked for and nobody gave it" in page


def test_a_review_that_was_passed_and_a_take_that_was_rejected(server: Server) -> None:
    """Once somebody let the job pass, it leaves; a take that was rejected stays behind."""
    batch = waits_for_review(server)
    server.http.post(f"/api/jobs/{batch}/gates/review", json={"decision": "approve"})
    server.wait_for(batch, ["succeeded"])
    assert server.http.get(f"/api/jobs/{batch}/package.zip").status_code == 200
    preview = server.http.get(f"/api/jobs/{batch}/package").json()
    assert (preview["ready"], preview["refused"], preview["total"]) == (True, [], 1)


def test_a_damaged_file_goes_out_in_no_package(server: Server, tmp_path: Path) -> None:
    """A file in the store that is not what its name says is named, and never sent as if it were."""
    items = [{"prompt": "a lighthouse at dusk", "size": "320x256"}]
    batch = str(server.http.post("/batch/images", json={"items": items}).json()["batchId"])
    [row] = server.wait_for(batch, ["succeeded"])["rows"]
    sha256 = row["variants"][0]["sha256"]
    path = server.place.folder / f"data/store/assets/{sha256[:2]}/{sha256}.blob"
    path.chmod(0o600)
    whole, archive = path.read_bytes(), f"/api/jobs/{batch}/package.zip"
    middle = len(whole) // 2
    damaged = whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :]
    path.write_bytes(damaged)
    refused = server.http.get(archive)
    assert (refused.status_code, refused.json()["code"]) == (409, "asset_damaged")
    assert sha256 in refused.json()["detail"]
    path.write_bytes(whole)
    assert server.http.get(archive).status_code == 200

    path.write_bytes(damaged)  # now that its checksums are known
    with pytest.raises(httpx2.RemoteProtocolError):
        server.http.get(archive)
    done = server.place.run("package", batch, "--out", str(tmp_path / "p"))
    assert done.returncode == 1
    assert "asset_damaged" in done.stderr


@pytest.mark.parametrize("way", ["package", "package.zip"])
def test_a_job_that_is_not_there(server: Server, way: str) -> None:
    """It is 404, as everywhere."""
    answer = server.http.get(f"/api/jobs/job_00000000000000000000/{way}")
    assert (answer.status_code, answer.json()["code"]) == (404, "job_not_found")


def test_a_download_carries_its_name(server: Server) -> None:
    """A picture is saved under project, scene, variant and version, in its own letters as well."""
    items = [{"scene_id": "灯台", "prompt": "a red boat", "size": "288x256"}]
    body = {"items": items, "name": "Frühling"}
    batch = str(server.http.post("/batch/images", json=body).json()["batchId"])
    [row] = server.wait_for(batch, ["succeeded"])["rows"]
    sha256 = row["variants"][0]["sha256"]
    named = server.http.get(f"/assets/{sha256}").headers["content-disposition"]
    plain, own = (f"{name}sh001_1_v1_288x256.png" for name in ("Fr_hling___", "Frühling_灯台"))
    assert named == f"inline; filename=\"{plain}\"; filename*=UTF-8''{quote(own)}"
