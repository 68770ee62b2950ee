"""How fast the page trains in a browser, beside one native thread.

    python benchmarks/lab_speed.py [--rounds N] [--browser PROGRAM]

Needs Playwright and a chromium. It prints

- images a second in training, for three sizes: the worker's own time in the page, and the fast engine's here.
  Both train an epoch of the same 55,000 images in turn: medians, the fastest rounds, and their quotients;
- a cold page: from the start of its loading to a finished run of recipe "fast", and its share of right test
  images, for several seeds.

How long the page itself is busy at a time meanwhile: benchmarks/lab_frames.py.
"""

import argparse
import shutil
import subprocess
import sys
from dataclasses import replace
from statistics import median
from typing import Any

import numpy as np
from playwright.sync_api import Page, sync_playwright

from handgrad import digits, runs
from handgrad.engines.ink.engine import InkEngine
from handgrad.recipes import RECIPES
from handgrad.training import train

SIZES = ((64, 16), (128, 64), (256, 32))  # hidden units, images in a batch
SEEDS = range(1, 6)

TRAINED = """async ({ name, changes, test }) => {
  const [{ Trainer, DEFAULTS }, { RECIPES }, { loadTrain, loadTest }] = await Promise.all(
    ["trainer.js", "recipes.js", "digits.js"].map((each) => import(new URL("/" + each, location).href)));
  const trainer = (window.trainer ??= new Trainer());
  window.loaded ??= trainer.load(...(await Promise.all([loadTrain(), loadTest()])));
  await window.loaded;
  await trainer.configure({ ...RECIPES[name].recipe, ...DEFAULTS, ...changes });
  const ended = new Promise((resolve) => {
    const look = (state) => {
      if (state !== "finished" && state !== "diverged") return;
      trainer.off("state", look);
      resolve();
    };
    trainer.on("state", look);
  });
  await trainer.start();
  await ended;
  const { seconds, epoch, loss } = trainer.progress;
  const images = epoch * 55_000;
  return { rate: images / seconds, loss, accuracy: test ? (await trainer.evaluate()).accuracy : null,
    since: performance.now() / 1000 };
}"""


def native(hidden: int, batch: int, data: Any) -> float:
    """Images a second of one native thread, in an epoch."""
    recipe = replace(RECIPES["lesson"], hidden=hidden, batch_size=batch, epochs=1)
    rng = np.random.default_rng(0)
    params = runs.initial_params(data, recipe, rng)
    (epoch,) = train(params, data.images, data.labels, rng, recipe, None, InkEngine(1).run_epoch)
    return len(data.images) / epoch.seconds


def speeds(page: Page, rounds: int) -> None:
    """Prints the first table."""
    data = runs.split(*digits.load_mnist()[0])
    print("               medians                        fastest")
    print("hidden, batch     page   native  quotient      page   native  quotient")
    for hidden, batch in SIZES:
        changes = {"hidden": hidden, "batch_size": batch, "epochs": 1}
        pairs = []
        for number in range(rounds + 1):
            asked = {"name": "lesson", "changes": changes, "test": False}
            pair = page.evaluate(TRAINED, asked)["rate"], native(hidden, batch, data)
            pairs += [pair] if number else []  # the first compiles
        text = f"{hidden:6}, {batch:5}"
        for of in (median, max):
            here, there = (of(rates) for rates in zip(*pairs, strict=True))
            text += f" {here:8,.0f} {there:8,.0f} {here / there:9.2f}"
        print(text, flush=True)


def cold(opened: Any, address: str) -> None:
    """Prints what a cold page reaches, and when."""
    for seed in SEEDS:
        page = opened()
        page.goto(f"{address}icon.svg")
        done = page.evaluate(TRAINED, {"name": "fast", "changes": {"seed": seed}, "test": True})
        page.close()
        print(
            f"cold page, seed {seed}: {100 * done['accuracy']:.2f} % after {done['since']:.1f} s", flush=True
        )


def main() -> None:
    """Start the lab and a browser, and measure."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--browser", default=shutil.which("chromium"))
    asked = parser.parse_args()
    command = [sys.executable, "-m", "handgrad", "lab", "--no-open", "--quiet"]
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server,
        sync_playwright() as playwright,
    ):
        assert server.stdout is not None
        address = server.stdout.readline().strip()
        flags = ["--no-sandbox", "--disable-dev-shm-usage"]
        browser = playwright.chromium.launch(executable_path=asked.browser, args=flags)
        print("chromium", browser.version)

        def opened() -> Page:
            page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
            page.set_default_timeout(120_000)
            return page

        page = opened()
        page.goto(f"{address}icon.svg")
        speeds(page, asked.rounds)
        page.close()
        cold(opened, address)
        browser.close()
        server.terminate()


if __name__ == "__main__":
    main()
