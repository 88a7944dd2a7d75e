"""Tests of a recorded gateway, served again."""

from pathlib import Path

import pytest

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
