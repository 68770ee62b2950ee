"""The recipes of docs/service.md, as they stand there: a real uvicorn, its limits, and a pool of processes."""

import asyncio
import io
import json
import runpy
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import httpx
import numpy as np
import pytest
from PIL import Image

from handgrad import pretrained
from handgrad.photos import read_page

import house

BENCHMARK = runpy.run_path(str(house.ROOT / "benchmarks" / "service.py"))
pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    served = BENCHMARK["served"](tmp_path_factory.mktemp("service"))
    with served as (port, _), httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
        yield client


@pytest.fixture(scope="module")
def pictures(mnist):
    """PNG files, each of a line of four digits."""
    _, (images, _) = mnist
    lines = [np.hstack([np.pad(image, 6) for image in images[i : i + 4]]) for i in range(0, 12, 4)]
    return [file_of(Image.fromarray(255 - np.kron(line, np.ones((4, 4), np.uint8)))) for line in lines]


def file_of(image):
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def test_16_clients_at_once_are_answered_as_one_is(service, pictures, mnist):
    """One model, many threads: each answer is that of the library."""
    _, (images, _) = mnist
    model = pretrained.load()
    pages = [read_page(model, picture) for picture in pictures]
    confidence = model.confidence(model.scores(images[:16]))

    def ask(i):
        read = service.post("/picture", content=pictures[i % 3]).raise_for_status().json()
        return read, service.post("/digit", content=images[i].tobytes()).raise_for_status().json()

    with ThreadPoolExecutor(16) as clients:
        answers = list(clients.map(ask, range(16)))
    for i, (read, one) in enumerate(answers):
        page = pages[i % 3]
        assert (read["text"], read["doubtful"]) == (page.text, page.doubtful)
        assert [tuple(digit["box"]) for digit in read["lines"][0]] == [digit.box for digit in page.digits]
        assert one["digit"] == model.predict(images[i])[0]
        assert one["confidence"] == pytest.approx(confidence[i], abs=1e-4)


def test_what_is_wrong_is_a_4xx_in_one_line(service, pictures):
    large = file_of(Image.new("1", (4001, 4000), 1))
    wrong = {
        ("/picture", b"\0" * 10_000_001): (413, "expected at most 10,000,000 bytes; got more"),
        ("/picture", large): (413, "expected at most 16,000,000 pixels; reduce the picture"),
        ("/picture", b"Dear Ann,"): (415, "expected a picture: PNG, JPEG, WEBP"),
        ("/picture", b""): (415, "expected a picture: PNG, JPEG, WEBP"),
        ("/picture", b"%PDF-1.4"): (415, "expected a picture: PNG, JPEG, WEBP"),
        ("/picture", pictures[0][:-300]): (422, "picture: "),
        ("/digit", b"\0" * 783): (422, "expected 784 bytes, an image of 28 x 28; got 783"),
    }
    assert len(large) < 10_000, "few bytes, many pixels"
    for (path, body), (code, told) in wrong.items():
        answer = service.post(path, content=body)
        detail = answer.json()["detail"]
        assert (answer.status_code, detail[: len(told)], "\n" in detail) == (code, told, False)
    assert service.post("/picture", content=pictures[0]).status_code == 200, "it goes on"


def test_time_is_limited_and_so_is_the_queue(pictures):
    """The recipe within this process: a reading that waits for this test, a body that never ends."""
    names, text = {}, BENCHMARK["recipe"]("service.py")
    for here, there in {
        "SECONDS = 10.0": "SECONDS = 0.2", "WAITING = 32": "WAITING = 0", "available_cores()": "1",
        "cv2.setNumThreads(1)": "", "threadpool_limits(1)": "",  # they would outlast this test
    }.items():  # fmt: skip
        assert here in text
        text = text.replace(here, there)
    exec(text, names)
    go_on, read = threading.Event(), names["read"]

    def slow(data):
        assert go_on.wait(60)
        return read(data)

    names["read"] = slow

    async def never():
        yield b"\x89PNG"
        await asyncio.Event().wait()

    async def ask():
        async with httpx.AsyncClient(transport=httpx.ASGITransport(names["app"]), base_url="http://x") as client:  # fmt: skip
            slow_answer = await client.post("/picture", content=pictures[0])
            busy = await client.post("/picture", content=pictures[0])
            go_on.set()
            names["SECONDS"] = 60.0
            while names["places"].locked():
                await asyncio.sleep(0.01)
            again = await client.post("/picture", content=pictures[0])
            names["SECONDS"] = 0.2
            return slow_answer, busy, again, await client.post("/picture", content=never())

    late, busy, again, unsent = asyncio.run(ask())
    assert (late.status_code, late.json()["detail"]) == (413, "not read within 0.2 s; send a smaller picture")
    assert (busy.status_code, busy.headers["retry-after"]) == (503, "1")
    assert again.status_code == 200
    assert (unsent.status_code, unsent.json()["detail"]) == (408, "not sent within 0.2 s")


def test_a_forked_pool_answers_and_stops_what_takes_too_long(tmp_path, pictures):
    """Spawn is what the page itself runs: tests/test_docs.py."""
    (tmp_path / "pool.py").write_text(BENCHMARK["recipe"]("pool.py"), "utf-8")
    for i, picture in enumerate(pictures):
        (tmp_path / f"{i}.png").write_bytes(picture)
    program = (
        "import json, pool; paths = ['0.png', '1.png', 'none.png', '2.png']\n"
        "print(json.dumps(list(pool.answers(paths, 'fork'))))\n"
        "pool.SECONDS = 1e-6\n"
        "print(json.dumps(list(pool.answers(paths[:1], 'fork', 1))))"
    )
    words = [sys.executable, "-c", program]
    out = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    answers, late = map(json.loads, out.splitlines())
    model = pretrained.load()
    assert [text for _, text, _ in answers if text] == [
        read_page(model, picture).text for picture in pictures
    ]
    assert answers[2][:2] == ["none.png", None]
    assert answers[2][2].startswith("cannot be read as a picture: ")
    assert late == [["0.png", None, "not read within 1e-06 s"]]


def test_the_benchmark_measures(service, mnist):
    """Some answers of a real service; the table is for a quiet machine."""
    _, (images, _) = mnist
    asked = BENCHMARK["asked"](service.base_url.port, "/digit", images[0].tobytes(), 4, 0.0)
    times = asyncio.run(asked)
    assert len(times) == 4
    assert BENCHMARK["row"]("`/digit`", 4, times, 2.0, 0.01).startswith("| `/digit` | 4 | 2.0 | ")
    assert BENCHMARK["row"]("`/digit`", 4, times, 2.0, 0.01).endswith(" ms | 2.50 ms |")
