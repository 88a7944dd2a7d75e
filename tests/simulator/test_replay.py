"""Tests of a recorded gateway, served again."""

import json
from pathlib import Path
from typing import Any

import pytest

from custom_components.tesla_gateway.gateway.proto import vitals_pb2
from simulator.replay import load
from simulator.wire import Answer

from .conftest import Connect, Simulate


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with two answers, a refusal, and something else."""
    (tmp_path / "status.json").write_bytes(b'{"version": "21.44"}\n')
    (tmp_path / "system.update.status.json").write_bytes(b"{}")
    (tmp_path / "system_status.soe.err").write_bytes(
        b"HTTP/2 502 \r\ncache-control: no-cache, no-store\r\n"
        b"content-length: 0\r\ndate: Sun, 26 Dec 2021 20:09:36 GMT\r\n\r\n"
    )
    (tmp_path / "README.md").write_text("not an answer")
    return tmp_path


def test_load(folder: Path) -> None:
    """Test file names become paths, and refusals stay what they were."""
    answers = load(folder)
    assert set(answers) == {
        "/api/status",
        "/api/system/update/status",
        "/api/system_status/soe",
    }
    assert answers["/api/status"].body == b'{"version": "21.44"}\n'
    assert answers["/api/system_status/soe"] == Answer(
        status=502, headers={"cache-control": "no-cache, no-store"}
    )


def test_refusal_with_a_body(tmp_path: Path) -> None:
    """Test what follows the headers is the body."""
    (tmp_path / "a.err").write_bytes(b"HTTP/1.1 500 Oops\nx: y\n\n{}\n")
    assert load(tmp_path)["/api/a"] == Answer(
        status=500, headers={"x": "y"}, body=b"{}\n"
    )


@pytest.mark.parametrize("name", ["", "missing", "empty", "README.md"])
def test_no_such_folder(folder: Path, name: str) -> None:
    """Test a folder without answers is none, nor is a file."""
    (folder / "empty").mkdir()
    (folder / "status.json").unlink()
    (folder / "system.update.status.json").unlink()
    (folder / "system_status.soe.err").unlink()
    with pytest.raises(ValueError, match="not a folder of recorded answers"):
        load(folder / name)


async def test_serve(simulate: Simulate, connect: Connect, folder: Path) -> None:
    """Test recorded answers need a login as ever, and nothing else is there."""
    client = connect(simulate(replay=folder))
    assert (await client.get("/api/status")).body == b'{"version": "21.44"}\n'
    assert (await client.get("/api/system/update/status")).status == 403
    await client.log_in()
    assert (await client.get("/api/system/update/status")).status == 200
    silence = await client.get("/api/system_status/soe")
    assert (silence.status, silence.body) == (502, b"")
    assert "Content-Type" not in silence.headers
    for path in ("/api/operation", "/tedapi/din", "/api/config/completed"):
        assert (await client.get(path)).status == 404


DOWNLOAD: dict[str, Any] = {
    "settings": {},
    "endpoints": {
        "/api/status": {"status": 200, "bytes": 1, "body": {"version": "21.44"}},
        "/api/networks": {"status": 200, "bytes": 4, "body": None},
        "/api/solars": {"status": 404, "bytes": 9, "body": {"code": 404}},
        "/api/operation": {"status": 403, "bytes": 2, "body": "text1"},
        "/api/system_status/soe": {"status": 502, "bytes": 0, "body": None},
        "/api/system_status/grid_faults": {
            "status": 200,
            "bytes": 1,
            "body": [{"decoded_alert": '[{"name": "a"}]', "alert_raw": 2**59 + 1}],
        },
        "/api/devices/vitals": {
            "status": 200,
            "bytes": 1,
            "body": {"devices": [{"alerts": ["a"], "vitals": [{"name": "b"}]}]},
        },
        "/tedapi/din": {"status": 200, "bytes": 1, "body": "1-2-3--serial1"},
        "/api/powerwalls": {"status": 200, "bytes": 70_000},
        "/api/login/Basic": {"outcome": "200", "counts": {"200": 1}},
    },
}


@pytest.fixture(params=["download", "data"])
def download(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Return diagnostics, as downloaded or without what Home Assistant adds."""
    whole = {"home_assistant": {"version": "2026.9.0"}, "data": DOWNLOAD}
    file = tmp_path / "a.json"
    file.write_text(json.dumps(whole if request.param == "download" else DOWNLOAD))
    return file


def test_load_diagnostics(download: Path) -> None:
    """Test each answer that was kept is as it was, and no other one is there."""
    answers = load(download)
    kept = {path for path, told in DOWNLOAD["endpoints"].items() if "body" in told}
    assert set(answers) == kept
    assert answers["/api/status"].body == b'{"version":"21.44"}'
    assert answers["/api/networks"].body == b"null"
    assert answers["/api/solars"].status == 404
    assert answers["/api/solars"].body == b'{"code":404}'
    assert answers["/api/operation"].status == 403
    assert answers["/api/operation"].body == b"text1"
    assert answers["/api/system_status/soe"] == Answer(status=502)
    assert answers["/tedapi/din"].body == b"1-2-3--serial1"
    (fault,) = json.loads(answers["/api/system_status/grid_faults"].body)
    assert fault == {"decoded_alert": '[{"name": "a"}]', "alert_raw": 2**59 + 1}
    vitals = vitals_pb2.DevicesWithVitals.FromString(
        answers["/api/devices/vitals"].body
    )
    assert vitals.devices[0].alerts == ["a"]
    assert vitals.devices[0].vitals[0].name == "b"


async def test_serve_diagnostics(
    simulate: Simulate, connect: Connect, download: Path
) -> None:
    """Test the usual password lets in, and refusals are the ones that were told."""
    client = connect(simulate(replay=download))
    await client.log_in()
    told = {
        path: (await client.get(path)).status
        for path in ("/api/status", "/api/operation", "/api/system_status/soe")
    }
    assert list(told.values()) == [200, 403, 502]
    assert (await client.get("/api/powerwalls")).status == 404


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"data": {}}', '{"endpoints": {}}', '{"endpoints": 1}']
)
def test_no_diagnostics(tmp_path: Path, content: str) -> None:
    """Test a file of something else is refused."""
    file = tmp_path / "a.json"
    file.write_text(content)
    with pytest.raises(ValueError, match="nor a file of diagnostics"):
        load(file)


@pytest.mark.parametrize("body", [{"a": 1}, {"devices": 1}, None, 1])
def test_broken_vitals(tmp_path: Path, body: object) -> None:
    """Test vitals that are none are refused, not served."""
    file = tmp_path / "a.json"
    vitals = {"status": 200, "bytes": 1, "body": body}
    file.write_text(json.dumps({"endpoints": {"/api/devices/vitals": vitals}}))
    with pytest.raises(ValueError, match="no vitals"):
        load(file)


@pytest.mark.parametrize("state", ["running", "stopped"])
async def test_real_recordings(
    simulate: Simulate, connect: Connect, recordings: Path, state: str
) -> None:
    """Test a recorded gateway is served byte for byte."""
    client = connect(simulate(replay=recordings / state))
    await client.log_in()
    files = list((recordings / state).iterdir())
    for file in files:
        answer = await client.get(f"/api/{file.stem.replace('.', '/')}")
        is_refusal = file.suffix == ".err"
        assert answer.status == (502 if is_refusal else 200)
        assert answer.body == (b"" if is_refusal else file.read_bytes())
    assert len(files) == 25
