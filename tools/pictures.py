"""Takes the pictures of the README, docs/pictures/*.png, of the running program.

    python tools/pictures.py

Needs chromium, and the Python package playwright, which drives it.
"""

import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image

FOLDER = Path(__file__).parent.parent / "docs/pictures"
SEVEN = """
import("/drawings.js").then(({ DRAWINGS }) => {
  location.hash = `room=draw&drawing=${DRAWINGS.sevenWithBar}`; })
"""


def of_the_lab(path: Path) -> None:
    """The Draw room, with a seven."""
    from playwright.sync_api import sync_playwright

    command = [sys.executable, "-m", "handgrad", "lab", "--no-open"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server, sync_playwright() as driver:
        assert server.stdout is not None
        address = server.stdout.readline().strip()
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 820})
        page.goto(address)
        page.evaluate(SEVEN)
        page.get_by_text("The network reads 7").wait_for()
        page.mouse.move(10, 10)
        page.wait_for_timeout(1000)
        page.screenshot(path=path)
        browser.close()
        server.terminate()


def of_explain(path: Path) -> None:
    """What `handgrad explain` draws of a picture of a digit."""
    from handgrad import digits

    with TemporaryDirectory() as folder:
        photo = Path(folder) / "digit.png"
        Image.fromarray(digits.load_mnist()[1][0][247]).save(photo)  # a 4 that might be a 6
        command = [sys.executable, "-m", "handgrad", "explain", photo, "--out", path, "--quiet"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def smaller(source: Path, path: Path) -> None:
    """The picture, 1280 pixels wide at most, in 128 colours."""
    picture = Image.open(source).convert("RGB")
    picture.thumbnail((1280, 1280), Image.Resampling.LANCZOS)
    picture.quantize(128, dither=Image.Dither.NONE).save(path, optimize=True)


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    with TemporaryDirectory() as folder:
        for draw, name in ((of_the_lab, "lab.png"), (of_explain, "explain.png")):
            draw(Path(folder) / name)
            smaller(Path(folder) / name, FOLDER / name)
            print(f"{name}: {(FOLDER / name).stat().st_size:,} bytes")
