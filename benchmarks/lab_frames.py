"""How long the page is busy at a time while its worker trains: no frame may wait for more than 50 ms.

    python benchmarks/lab_frames.py [UNITS ...]

Opens the Train room in chromium, presses Start, and has the browser record every task of the page's thread
for some seconds. What counts is the processor's time: on a busy machine a task also waits for others.
"""

import json
import shutil
import subprocess
import sys

from playwright.sync_api import sync_playwright

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
SECONDS, BOUND = 6, 50  # milliseconds
CATEGORIES = ["toplevel", "disabled-by-default-devtools.timeline", "__metadata"]


def tasks(events):
    """The processor's milliseconds of each task of the page's thread, the longest first."""
    threads = {(e["pid"], e["tid"]): e["args"]["name"] for e in events if e["name"] == "thread_name"}
    by_process = {}
    for e in events:
        whose = threads.get((e["pid"], e["tid"]))
        if e.get("ph") == "X" and e["name"].endswith("RunTask") and whose == "CrRendererMain":
            by_process.setdefault(e["pid"], []).append(e.get("tdur", 0) / 1000)
    return sorted(max(by_process.values(), key=sum), reverse=True)


def main(units):
    """Print the longest tasks for each number of hidden units; fail where one is beyond the bound."""
    found = next(filter(None, map(shutil.which, BROWSERS)))
    command = [sys.executable, "-m", "handgrad", "lab", "--no-open", "--quiet"]
    longest = 0.0
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server,
        sync_playwright() as playwright,
    ):
        address = server.stdout.readline().strip()
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        for hidden in units:
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.goto(f"{address}#room=train&hidden={hidden}&epochs=100")
            start = page.get_by_role("button", name="Start", exact=True)
            start.wait_for()
            page.wait_for_timeout(3000)
            browser.start_tracing(page=page, categories=CATEGORIES)
            start.click()
            page.wait_for_timeout(1000 * SECONDS)
            times = tasks(json.loads(browser.stop_tracing())["traceEvents"])
            page.close()
            most = ", ".join(f"{time:.0f}" for time in times[:5])
            share = sum(times) / SECONDS / 1000
            print(f"{hidden} units: the longest tasks {most} ms; busy {share:.0%} of {SECONDS} s", flush=True)
            longest = max(longest, times[0])
        browser.close()
        server.terminate()
    return 0 if longest <= BOUND else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or ["64", "256"]))
