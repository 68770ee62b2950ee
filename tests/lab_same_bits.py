"""Trains in a browser as the page does, and prints what came of it, to the last bit.

    python tests/lab_same_bits.py PROGRAM         # of chromium's or Firefox's kind

The browser is started without a window and gets a page of its own from a server here: the lab's modules, and a
script that has the worker train RUNS and sends back what it measured. in_node() does the same by Node, without
a worker. No driver of browsers is needed, so that it works with a Firefox as it is.
"""

import json
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread

from handgrad.lab import contents

from lab_node import ask

PATIENCE = 300  # seconds that a busy machine may take
# between them every rule, non-linearity, loss, start, schedule, and a change of slices
RUNS = [
    {},
    {"activation": "tanh", "optimizer": "nesterov", "learning_rate": 0.05, "init": "templates", "seed": 2**40},
    {"activation": "sigmoid", "loss": "cross_entropy", "optimizer": "adam", "learning_rate": 0.002,
     "schedule": "cosine", "warmup": 0.2, "output_bias": "prior", "distortion": "shift", "batch_size": 32},
    {"activation": "leaky_relu", "optimizer": "momentum", "learning_rate": 0.03, "schedule": "linear",
     "hidden": 40, "batch_size": 7, "seed": 3},
    {"activation": "none", "loss": "cross_entropy", "learning_rate": 0.1, "bias": False, "engine": "reference",
     "share": 300},
]  # fmt: skip
EACH = {"share": 3000, "epochs": 3}
CHOICES = "{ ...RECIPES.lesson.recipe, ...DEFAULTS, ...each, ...changes }"
FACTS = """const digest = async (numbers) => {
  const bytes = await crypto.subtle.digest("SHA-256", numbers);
  return Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, "0")).join("");
};
const facts = async ({ W1, W2, b1, b2 }, history) => ({ W1: await digest(W1), W2: await digest(W2),
  b1: b1 && (await digest(b1)), b2: b2 && (await digest(b2)), losses: history.map(({ loss }) => loss),
  accuracies: history.map((epoch) => epoch.validation_accuracy) });
"""
PAGE = f"""<!doctype html><meta charset="utf-8"><title>Runs</title><script type="module">
import {{ loadTest, loadTrain }} from "./digits.js";
import {{ RECIPES }} from "./recipes.js";
import {{ DEFAULTS, Trainer }} from "./trainer.js";
{FACTS}
async function trained(trainer, each, changes) {{
  await trainer.configure({CHOICES});
  const ended = new Promise((resolve) => {{
    trainer.on("state", (state) => (state === "finished" || state === "diverged") && resolve());
  }});
  await trainer.start();
  await ended;
  return facts(trainer.progress.params, trainer.progress.history);
}}
let answer;
try {{
  const {{ runs, each }} = await (await fetch("runs.json")).json();
  const trainer = new Trainer();
  await trainer.load(await loadTrain(), await loadTest());
  answer = [];
  for (const changes of runs) answer.push(await trained(trainer, each, changes));
}} catch (error) {{
  answer = {{ error: String(error) }};
}}
await fetch("answer", {{ method: "POST", body: JSON.stringify(answer) }});
</script>"""
IN_NODE = f"""async ({{ runs, each }}) => {{
{FACTS}
  const [train, test] = [await loadTrain(), await loadTest()];
  const module = await WebAssembly.compile(await asset("kernel.wasm"));
  const answer = [];
  for (const changes of runs) {{
    const choices = {CHOICES};
    const made = choices.engine === "ink" ? new InkEngine(module, train, test) : new ReferenceEngine(train, test);
    const run = new Run(made, train, choices);
    while (!run.finished) run.slice(1 + (run.step % 5));
    answer.push(await facts(made.params(), run.history));
  }}
  return answer;
}}"""
IN_NODES_MODULES = {
    "assets.js": "asset", "digits.js": "loadTest, loadTrain", "engines.js": "InkEngine, ReferenceEngine",
    "recipes.js": "RECIPES", "trainer.js": "DEFAULTS", "training.js": "Run",
}  # fmt: skip


def in_node():
    """The facts of each run, by Node."""
    return ask(IN_NODES_MODULES, IN_NODE, {"runs": RUNS, "each": EACH})


def in_a_browser(program):
    """The facts of each run, by a browser."""
    answered, answer = Event(), []
    files = {f"/{path}": body for path, body in contents.folder(contents.network(None)).items()}
    files |= {"/": PAGE.encode(), "/runs.json": json.dumps({"runs": RUNS, "each": EACH}).encode()}

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self):
            body = files.get(self.path)
            if body is None:
                self.send_error(404)
                return
            self._send(
                body if isinstance(body, bytes) else body.read_bytes(), Path(self.path).suffix or ".html"
            )

        def do_POST(self):
            answer.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self._send(b"", ".html")
            answered.set()

        def _send(self, body, suffix):
            self.send_response(200)
            self.send_header("Content-Type", contents.TYPES.get(suffix, "application/octet-stream"))
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server, TemporaryDirectory() as folder:
        Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/"
        own = ["--headless", "--no-remote", "--profile", folder]
        if "firefox" not in Path(program).name:
            own = ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--no-first-run"]
            own.append(f"--user-data-dir={folder}")
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        with subprocess.Popen([program, *own, address], **quiet) as browser:
            in_time = answered.wait(PATIENCE)
            browser.terminate()
        server.shutdown()
    assert in_time, f"{program} did not answer within {PATIENCE} s"
    return answer[0]


if __name__ == "__main__":
    print(json.dumps(in_node() if sys.argv[1] == "node" else in_a_browser(sys.argv[1])))
