"""What the server answers, and what it refuses."""

import http.client
import json
import socket
import struct
import threading
import time
from collections import namedtuple
from pathlib import Path

import pytest
import torch

from fca2_plugin.apps.serve import handler, open_server
from fca2_plugin.apps.serve.guard import safe_name
from fca2_plugin.apps.serve.handler import parse_range
from fca2_plugin.apps.upscale import Upscaler
from fca2_plugin.codec import probe
from fca2_plugin.nets import NetSpec
from tests.apps.serve.conftest import FAST, serving
from tests.apps.upscale.films import Enlarge, film, packets, times


class Held(Enlarge):
    """Waits until it may go on."""

    def __init__(self):
        super().__init__(2)
        self.is_asked, self.may_go = threading.Event(), threading.Event()

    def forward(self, lq):
        self.is_asked.set()
        assert self.may_go.wait(30)
        return super().forward(lq)


def test_from_an_upload_to_a_result(client, tmp_path):
    source = film(tmp_path / "in.mp4", languages=["deu"])
    name = client.upload(source, "Ein Film ü.mp4")
    job = client.wait(name, "done")
    assert job["name"] == "Ein Film ü.mp4"
    assert job["error"] is None
    assert "BT.601 was taken" in job["notes"][0]
    made = job["result"]
    assert (made["width"], made["height"], made["frames"]) == (256, 192, 12)
    assert job["comparison"].keys() == {"width", "height", "pitch", "is_whole", "is_smaller"}
    status, headers, content = client.ask("GET", f"/jobs/{name}/result")
    assert (status, headers["Content-Type"]) == (200, "video/mp4")
    assert (
        headers["Content-Disposition"] == "attachment; filename*=UTF-8''Ein%20Film%20%C3%BC_x4.mp4"
    )
    assert len(content) == made["bytes"] == int(headers["Content-Length"])
    out = tmp_path / "out.mp4"
    out.write_bytes(content)
    assert times(out) == times(source)
    assert packets(out, "audio") == packets(source, "audio")
    assert probe(out).num_frames == 12
    began = client.json("GET", f"/api/jobs/{name}/times")[1]["times"]
    assert began == pytest.approx([n / 30 for n in range(13)], abs=1e-3)
    assert client.json("DELETE", f"/api/jobs/{name}")[0] == 200
    assert client.jobs() == []
    assert client.json("GET", f"/jobs/{name}/result")[0] == 404
    assert not list((tmp_path / "work").iterdir())


def test_progress_queue_and_stop(tmp_path):
    network = Held()
    with serving(network=network) as client:
        sources = [film(tmp_path / f"{n}.mp4", 8) for n in range(3)]
        first, second, third = map(client.upload, sources)
        assert network.is_asked.wait(30)
        assert [job["before"] for job in client.jobs()] == [0, 1, 2]
        assert [job["state"] for job in client.jobs()] == ["running", "queued", "queued"]
        assert client.json("POST", f"/api/jobs/{second}/stop")[0] == 200
        assert client.job(second)["state"] == "stopped"
        assert client.job(third)["before"] == 1
        progress = client.job(first)["progress"]
        assert (progress["stage"], progress["done"], progress["total"]) == ("scan", 8, 8)
        assert progress["fps"] > 0
        client.json("POST", f"/api/jobs/{first}/stop")
        assert client.job(first)["is_stopping"]
        network.may_go.set()
        assert client.wait(first, "stopped")["result"] is None
        job = client.server.jobs.get(first)
        assert [p.name for p in job.folder.iterdir() if p.is_dir() and any(p.iterdir())] == ["in"]
        assert client.wait(third, "done")["result"]["frames"] == 8
        assert client.json("POST", "/api/jobs/0123456789abcdef/stop")[0] == 404


def test_a_running_job_can_be_removed(tmp_path):
    network = Held()
    with serving(network=network) as client:
        name = client.upload(film(tmp_path / "in.mp4", 3))
        folder = client.server.jobs.get(name).folder
        assert network.is_asked.wait(30)
        client.json("DELETE", f"/api/jobs/{name}")
        network.may_go.set()
        end = time.monotonic() + 30
        while client.jobs():
            assert time.monotonic() < end
            time.sleep(0.02)
        assert not folder.exists()


def test_progress_of_the_network(tmp_path):
    seen = []

    class Looks(Enlarge):
        def forward(self, lq):
            seen.extend(job["progress"] for job in client.jobs())
            return super().forward(lq)

    with serving(network=Looks(2)) as client:
        client.wait(client.upload(film(tmp_path / "in.mp4", 12)), "done")
    last = seen[-1]
    assert (last["stage"], last["total"]) == ("upscale", 12)
    assert 0 < last["done"] <= 8
    assert last["seconds_left"] > 0


def test_a_bad_file_is_its_sentence(client, tmp_path):
    (tmp_path / "text.mp4").write_text("no video")
    job = client.wait(client.upload(tmp_path / "text.mp4"), "failed")
    assert job["error"].startswith("text.mp4 is not a video that can be read")
    assert "\n" not in job["error"]
    good = client.upload(film(tmp_path / "in.webm", 3, codec="libvpx-vp9"))
    assert client.wait(good, "done")["result"]["name"] == "in_x4.mkv"


def test_a_fault_ends_the_job_and_not_the_server(tmp_path, capsys):
    class Broken(Enlarge):
        def forward(self, lq):
            raise ZeroDivisionError("one over nothing")

    with serving(network=Broken(2)) as client:
        job = client.wait(client.upload(film(tmp_path / "in.mp4", 2)), "failed")
        assert (
            job["error"] == "this is a fault of fca2 (one over nothing); the terminal shows where"
        )
        assert client.json("GET", "/api/jobs")[0] == 200
    assert "ZeroDivisionError" in capsys.readouterr().err


def test_without_a_comparison_there_is_a_result(client, tmp_path, monkeypatch):
    def refuse(*args):
        raise ValueError("no encoder")

    monkeypatch.setattr("fca2_plugin.apps.serve.jobs.write_comparison", refuse)
    name = client.upload(film(tmp_path / "in.mp4", 2))
    job = client.wait(name, "done")
    assert job["notes"][-1] == "there is no comparison: no encoder"
    assert client.json("GET", f"/jobs/{name}/comparison")[0] == 404
    assert client.json("GET", f"/api/jobs/{name}/times")[1] == {"times": []}


def test_parts_of_a_video(client, tmp_path):
    name = client.upload(film(tmp_path / "in.mp4", 3))
    client.wait(name, "done")
    path = f"/jobs/{name}/comparison"
    status, headers, whole = client.ask("GET", path)
    assert (status, headers["Accept-Ranges"]) == (200, "bytes")
    assert "Content-Disposition" not in headers
    size = len(whole)
    for text, start, stop in (("0-9", 0, 10), ("5-", 5, size), ("-7", size - 7, size)):
        status, headers, content = client.ask("GET", path, Range=f"bytes={text}")
        assert (status, content) == (206, whole[start:stop])
        assert headers["Content-Range"] == f"bytes {start}-{stop - 1}/{size}"
    status, headers, content = client.ask("GET", path, Range=f"bytes={size}-")
    assert (status, headers["Content-Range"], content) == (416, f"bytes */{size}", b"")
    status, headers, content = client.ask("HEAD", path)
    assert (status, int(headers["Content-Length"]), content) == (200, size, b"")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", None),
        ("bytes=-", None),
        ("bytes=2-1", None),
        ("bytes=0-" + "9" * 5000, None),
        ("bytes=0-1,4-5", None),
        ("lines=0-1", None),
        ("bytes=0-", (0, 10)),
        ("bytes=3-99", (3, 10)),
        ("bytes=-99", (0, 10)),
    ],
)
def test_ranges(text, expected):
    assert parse_range(text, 10) == expected


@pytest.mark.parametrize(("text", "size"), [("bytes=10-", 10), ("bytes=-0", 10), ("bytes=0-", 0)])
def test_ranges_of_nothing(text, size):
    with pytest.raises(ValueError, match="no bytes"):
        parse_range(text, size)


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("film.mp4", "film.mp4"),
        ("../../etc/passwd", "passwd"),
        ("C:\\films\\a b.mov", "a b.mov"),
        ("..hidden.mkv", "hidden.mkv"),
        ('a"<b>\n\u202egpj.mp4', "a__b___gpj.mp4"),
        ("ü" * 200 + ".mp4", "ü" * 75 + ".mp4"),
        ("film", "film"),
        (".mp4", "mp4"),
    ],
)
def test_names_are_made_safe(name, safe):
    assert safe_name(name) == safe


@pytest.mark.parametrize("name", ["", "..", "a/", "/", ". ."])
def test_names_of_nothing(client, name):
    with pytest.raises(ValueError, match="is no name of a file"):
        safe_name(name)
    status, content = client.json("PUT", f"/api/jobs?name={name.replace(' ', '%20')}", b"x")
    assert status == 400
    assert "is no name of a file" in content["error"]


def test_no_path_leads_out(client, tmp_path):
    (tmp_path / "secret").write_text("secret")
    name = client.upload(film(tmp_path / "in.mp4", 2), "../../../out.mp4")
    client.wait(name, "done")
    folder = client.server.jobs.folder
    files = [path.relative_to(folder) for path in folder.rglob("*") if path.is_file()]
    assert {str(path.parent) for path in files} == {name, f"{name}/in", f"{name}/out"}
    for path in (
        "/../secret",
        "/jobs/../../secret",
        f"/jobs/{name}/../../../secret",
        f"/jobs/{name}/%2e%2e%2f%2e%2e%2fsecret",
        f"/jobs/{name}/in/out.mp4",
        "/jobs/../result",
        "/page.js",
    ):
        status, _, content = client.ask("GET", path)
        assert status == 404
        assert b"secret\n" not in content


def test_only_the_page_may_ask(client, tmp_path):
    port = client.server.server_port
    for host in (f"127.0.0.1:{port}", f"localhost:{port}", f"[::1]:{port}", "192.168.1.7:80"):
        assert client.ask("GET", "/", Host=host)[0] == 200
    for host in ("evil.example", f"evil.example:{port}", "127.0.0.1.evil.example", "", "[::1"):
        status, content = client.json("GET", "/api/jobs", Host=host or " ")
        assert (status, "is not this server" in content["error"]) == (403, True)
    ours = f"http://127.0.0.1:{port}"
    assert client.ask("GET", "/api/jobs", Origin=ours)[0] == 200
    for origin in ("http://evil.example", "null", "http://127.0.0.1:1", f"{ours}.evil.example"):
        status, content = client.json("PUT", "/api/jobs?name=a.mp4", b"x", Origin=origin)
        assert (status, "may not use this server" in content["error"]) == (403, True)
    for token in (None, "wrong", "ü"):
        for method, path in (("GET", "/api/jobs"), ("PUT", "/api/jobs?name=a.mp4"), ("GET", "/")):
            given = token.encode() if token else None
            status, content = client.json(method, path, b"x" * 1000, X_Token=given)
            assert (status, "the token is missing or wrong" in content["error"]) == (403, True)
    assert client.ask("GET", f"/?token={client.token}", X_Token=None)[0] == 200
    assert client.jobs() == []


def test_a_browser_without_the_token_reads_a_sentence(client):
    status, headers, content = client.ask("GET", "/", X_Token=None, Accept="text/html")
    assert (status, headers["Content-Type"]) == (403, "text/plain; charset=utf-8")
    assert content.startswith(b"fca2: the token is missing or wrong; open the whole address")


def test_the_page_needs_nothing_else(client):
    _, headers, content = client.ask("GET", "/")
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert client.token not in content.decode()
    assert "http" not in content.decode()


def test_uploads_that_are_refused(tmp_path, monkeypatch):
    with serving(max_gib=1000 / 2**30) as client:
        status, content = client.json("PUT", "/api/jobs?name=a.mp4", b"x" * 1001)
        assert status == 413
        assert "more than the" in content["error"] and "--max-size" in content["error"]
        usage = namedtuple("usage", "total used free")(0, 0, 1000)
        monkeypatch.setattr(handler.shutil, "disk_usage", lambda folder: usage)
        status, content = client.json("PUT", "/api/jobs?name=a.mp4", b"x" * 1000)
        assert status == 507
        assert "there is no room for a.mp4 in" in content["error"]
        monkeypatch.undo()
        status, content = client.json(
            "PUT", "/api/jobs?name=a.mp4", iter([b"x"]), Transfer_Encoding="chunked"
        )
        assert (status, content["error"]) == (411, "the upload does not say how long it is")

        def full(*args):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(client.server.jobs, "receive", full)
        status, content = client.json("PUT", "/api/jobs?name=a.mp4", b"x")
        assert (status, content["error"]) == (507, "no room for a.mp4: No space left on device")
        assert client.jobs() == []
        assert not list(client.server.jobs.folder.iterdir())


def test_an_upload_that_breaks_off_leaves_nothing(client):
    head = (
        f"PUT /api/jobs?name=a.mp4 HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Token: {client.token}\r\n"
        "Content-Length: 1000\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", client.server.server_port)) as connection:
        connection.sendall(head.encode() + b"x" * 10)
        folder = client.server.jobs.folder
        end = time.monotonic() + 10
        while not list(folder.iterdir()):
            assert time.monotonic() < end
            time.sleep(0.01)
    while list(folder.iterdir()):
        assert time.monotonic() < end
        time.sleep(0.01)
    assert client.jobs() == []


def test_a_connection_serves_many_requests(client):
    connection = http.client.HTTPConnection("127.0.0.1", client.server.server_port)
    for _ in range(3):
        connection.request("GET", "/api/jobs", headers={"X-Token": client.token})
        assert json.loads(connection.getresponse().read())["scale"] == 4
    connection.close()


def test_a_server_that_starts_again_goes_on(tmp_path):
    work, network = tmp_path / "work", Held()
    upscaler = Upscaler(network, "held", "cpu")
    with serving(network=upscaler, work_dir=work) as client:
        network.may_go.set()
        done = client.upload(film(tmp_path / "a.mp4", 3))
        client.wait(done, "done")
        network.may_go.clear()
        network.is_asked.clear()
        running = client.upload(film(tmp_path / "b.mp4", 3))
        waiting = client.upload(film(tmp_path / "c.mp4", 3))
        assert network.is_asked.wait(30)
        threading.Timer(0.2, network.may_go.set).start()
    with serving(network=upscaler, work_dir=work) as client:
        assert [job["id"] for job in client.jobs()] == [done, running, waiting]
        assert client.job(done)["state"] == "done"
        for name in (done, running, waiting):
            assert client.wait(name, "done")["result"]["height"] == 96
            assert client.ask("GET", f"/jobs/{name}/comparison")[0] == 200


def test_of_an_upload_that_a_kill_broke_off_nothing_stays(tmp_path):
    broken, other = tmp_path / "0123456789abcdef", tmp_path / "fedcba9876543210"
    for folder in (broken / "in", broken / "out", other):
        folder.mkdir(parents=True)
    (broken / "in" / ".a.mp4.part").touch()
    with serving(work_dir=tmp_path) as client:
        assert client.jobs() == []
        assert not broken.exists()
        assert other.exists()  # somebody else's


def test_stopping_does_not_wait_for_a_whole_frame(tmp_path):
    network = torch.nn.Sequential(Enlarge(1), Held())
    network.spec = NetSpec(scale=2)
    with serving(network=network) as client:
        name = client.upload(film(tmp_path / "in.mp4", 3))
        assert network[1].is_asked.wait(30)
        client.json("POST", f"/api/jobs/{name}/stop")
        network[1].is_asked.clear()
        network[1].may_go.set()
        client.wait(name, "stopped")
        assert not network[1].is_asked.is_set()
    assert not network[1]._forward_pre_hooks


def test_a_temporary_folder_is_removed(tmp_path):
    with serving() as client:
        folder = client.server.jobs.folder
        client.upload(film(tmp_path / "in.mp4", 2))
        assert list(folder.iterdir())
    assert not folder.exists()


def test_servers_that_cannot_be(tmp_path):
    (tmp_path / "file").touch()
    with serving(work_dir=tmp_path / "work") as client:
        port = client.server.server_port
        for settings, message in (
            ({"port": port}, f"no server can listen at 127.0.0.1, port {port} .*; choose another"),
            ({"port": 99999}, "port 99999"),
            ({"host": "no.such.host.invalid"}, "no server can listen at no.such.host.invalid"),
            ({"work_dir": tmp_path / "work"}, "another process is writing to"),
            ({"work_dir": tmp_path / "file"}, "cannot be written"),
            ({"max_gib": 0}, "the largest upload must be above 0 GiB, got 0"),
            ({"preset": "bicubik"}, r"did you mean 'bicubic'\?"),
        ):
            with pytest.raises(ValueError, match=message):
                with open_server(**{"preset": "bicubic", "options": FAST, **settings}):
                    pass


def test_where_all_may_ask_the_address_has_a_name():
    with serving(host="0.0.0.0") as client:
        assert client.server.url.startswith(f"http://{socket.gethostname()}:")
        assert client.ask("GET", "/", Host=f"{socket.gethostname()}:80")[0] == 200
        assert client.ask("GET", "/", Host="evil.example")[0] == 403


def test_nobody_hears_of_those_who_hang_up(client, capsys):
    name = client.upload(film(Path(client.server.jobs.folder, "in.mp4"), 2))
    client.wait(name, "done")
    address = ("127.0.0.1", client.server.server_port)
    for line in (f"GET /jobs/{name}/result HTTP/1.1", "PUT /api/jobs?name=a.mp4 HTTP/1.1"):
        with socket.create_connection(address) as connection:
            linger = struct.pack("ii", 1, 0)  # closing is a reset
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            head = f"{line}\r\nHost: localhost\r\nX-Token: {client.token}\r\n"
            connection.sendall(f"{head}Content-Length: 9999\r\n\r\n".encode())
            time.sleep(0.1)
    time.sleep(0.1)
    assert client.ask("GET", "/api/jobs")[0] == 200
    assert capsys.readouterr().err == ""


def test_an_address_of_version_6():
    if not socket.has_ipv6:
        pytest.skip("no IPv6 here")
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError as error:
        pytest.skip(f"no IPv6 here: {error}")
    with open_server(preset="bicubic", options=FAST, host="::1") as server:
        assert server.url.startswith(f"http://[::1]:{server.server_port}/?token=")
