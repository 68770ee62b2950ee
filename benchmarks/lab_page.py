"""How soon the lab is there, how soon it answers, and how large it is.

    python benchmarks/lab_page.py

First paint: from the start of a new process of `handgrad lab` to the first content in a chromium that runs
already, as a person's browser does. Stroke to answer: from the pointer's event to the outputs it changes,
while a digit is drawn with the mouse. Frames: how far apart they are while drawing. The exported page: its
bytes. Medians, and what is near the worst; several rounds, since these machines are noisy.
"""

import shutil
import subprocess
import sys
import time
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory

from playwright.sync_api import sync_playwright

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
ROUNDS, STROKES = 5, 12
COMMAND = [sys.executable, "-m", "handgrad", "lab", "--no-open", "--quiet"]
PAINT = """new Promise((resolve) => {
  const look = () => {
    const paint = performance.getEntriesByName("first-contentful-paint")[0];
    if (paint) resolve(performance.timeOrigin + paint.startTime);
    else setTimeout(look, 5);
  };
  look();
})"""
FRAMES = """(() => {
  globalThis.gaps = [];
  let last = performance.now();
  const frame = () => {
    const now = performance.now();
    globalThis.gaps.push(now - last);
    last = now;
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
})()"""
ANSWERS = "performance.getEntriesByName('stroke to answer').map((each) => each.duration)"


def first_paint(browser):
    """Milliseconds from the start of a process of the lab to its first content."""
    began = 1000 * time.time()
    with subprocess.Popen(COMMAND, stdout=subprocess.PIPE, text=True) as server:
        address = server.stdout.readline().strip()
        page = browser.new_page()
        page.goto(address, wait_until="commit")
        painted = page.evaluate(PAINT)
        page.close()
        server.terminate()
    return painted - began


def drawing(browser, address):
    """Milliseconds from strokes to answers, and between frames meanwhile."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(address)
    pad = page.locator(".pad-canvas")
    pad.wait_for()
    page.wait_for_timeout(2000)
    box = pad.bounding_box()
    page.evaluate(FRAMES)
    for number in range(STROKES):
        x, y = box["x"] + box["width"] * (0.3 + 0.03 * number), box["y"] + box["height"] * 0.2
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x + box["width"] * 0.15, y + box["height"] * 0.6, steps=40)
        page.mouse.up()
    answers, gaps = page.evaluate(ANSWERS), page.evaluate("globalThis.gaps")
    page.close()
    return answers, gaps


def line(what, values):
    """One line: the median and the worst twentieth."""
    print(f"{what}: median {median(values):.1f} ms, 95 % below {quantiles(values, n=20)[-1]:.1f} ms")


def main():
    """Print all figures."""
    from handgrad.lab import export_page

    found = next(filter(None, map(shutil.which, BROWSERS)))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        paints = [first_paint(browser) for _ in range(ROUNDS)]
        print(f"first paint from a cold start: median {median(paints):.0f} ms, worst {max(paints):.0f} ms")
        with subprocess.Popen(COMMAND, stdout=subprocess.PIPE, text=True) as server:
            answers, gaps = drawing(browser, server.stdout.readline().strip())
            server.terminate()
        line("stroke to answer", answers)
        line("between frames while drawing", gaps)
        browser.close()
    with TemporaryDirectory() as folder:
        page = Path(folder) / "lab.html"
        export_page(None, page)
        print(f"the exported page with the network in the box: {page.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
