"""The page's handle on training, in chromium with its real worker: what is asked for is done, in its order."""

import pytest

PREPARED = """const at = (name) => import(new URL("/" + name, location).href);
const [{ Trainer, DEFAULTS }, { RECIPES }, { firstOf, loadTrain, loadTest }] = await Promise.all(
  [at("trainer.js"), at("recipes.js"), Promise.all([at("idx.js"), at("digits.js")]).then((two) => Object.assign({}, ...two))]);
const trainer = new Trainer();
const states = [], progresses = [], errors = [];
trainer.on("state", (state) => states.push(state));
trainer.on("progress", (progress) => progresses.push(progress));
trainer.on("error", (error) => errors.push(error));
const CHOICES = { ...RECIPES.lesson.recipe, ...DEFAULTS, hidden: 32, epochs: 2 };
const until = (name, fits) => new Promise((resolve) => {
  const look = (value) => {
    if (!fits(value)) return;
    trainer.off(name, look);
    resolve(value);
  };
  trainer.on(name, look);
});
const failed = () => until("error", () => true).then((error) => Promise.reject(new Error(error)));
const ended = () =>
  Promise.race([until("state", (state) => !["running", "ready", "empty"].includes(state)), failed()]);
const load = async (images) => trainer.load(firstOf(await loadTrain(), images), firstOf(await loadTest(), 500));
"""


@pytest.fixture
def told(page, lab_server):
    """told(program): what it returns, with a trainer at hand."""
    page.route("**/favicon.ico", lambda route: route.fulfill(status=204))  # asked for, since this is no HTML
    page.goto(f"{lab_server.rstrip('/')}/icon.svg")  # a page of the lab without a room
    return lambda program: page.evaluate(f"async () => {{ {PREPARED} {program} }}")


def test_a_run_from_its_start_to_its_end(told):
    found = told("""
      await load(3000);
      await trainer.configure(CHOICES);
      const end = ended();
      await trainer.start();
      await end;
      const { step, steps, epoch, loss, history, params, losses, dead } = trainer.progress;
      const evaluation = await trainer.evaluate();
      trainer.end();
      return { states, step, steps, epoch, loss, history, W1: params.W1.length, errors,
        points: progresses.flatMap((each) => each.losses).map(([at]) => at),
        sum: evaluation.confusion.reduce((a, b) => a + b, 0), accuracy: evaluation.accuracy,
        trace: Array.from({ length: 10 }, (_, c) => evaluation.confusion[11 * c]).reduce((a, b) => a + b, 0),
        mistakes: evaluation.mistakes.length };""")
    assert found["states"] == ["ready", "running", "finished"]
    assert found["errors"] == []
    assert found["step"] == found["steps"] == 2 * 169  # 2,700 images, a tenth held back
    assert (found["epoch"], found["W1"], found["sum"]) == (2, 32 * 784, 500)
    assert found["loss"] == found["history"][-1]["loss"] < found["history"][0]["loss"]
    assert found["points"] == sorted(set(found["points"]))
    assert found["points"][-1] == found["step"]
    assert found["trace"] == 500 * found["accuracy"] == 500 - found["mistakes"] > 350


def test_rewind_is_the_same_run_and_another_seed_another(told):
    losses = told("""
      await load(2000);
      await trainer.configure({ ...CHOICES, seed: 5 });
      const losses = [];
      for (const again of ["rewind", "newSeed", ""]) {
        const end = ended();
        await trainer.start();
        await end;
        losses.push(trainer.progress.loss);
        if (again) await trainer[again](6);
      }
      trainer.end();
      return [...losses, trainer.progress.seed];""")
    first, again, other, seed = losses
    assert first == again != other
    assert seed == 6


def test_single_batches_pauses_and_slow_motion_change_no_bit(told):
    found = told("""
      await load(2000);
      await trainer.configure(CHOICES);
      let end = ended();
      await trainer.start();
      await end;
      const whole = trainer.progress.loss;
      await trainer.rewind();
      for (let i = 0; i < 3; i++) await trainer.oneBatch();
      const after = [trainer.progress.step, trainer.state];
      await trainer.slow(true);
      let next = until("progress", ({ step }) => step > 4);
      await trainer.start();
      await trainer.pause();
      await trainer.start();
      const steps = progresses.length;
      await next;
      const slow = progresses.slice(steps).map(({ step }) => step);
      await trainer.pause();
      await trainer.slow(false);
      end = ended();
      await trainer.oneEpoch();
      await end;
      const epoch = [trainer.progress.epoch, trainer.state];
      end = ended();
      await trainer.start();
      await end;
      trainer.end();
      return { whole, stepped: trainer.progress.loss, after, slow, epoch, state: trainer.state };""")
    assert found["whole"] == found["stepped"]
    assert found["after"] == [3, "paused"]
    assert found["epoch"] == [1, "paused"]
    assert found["slow"] == sorted(set(found["slow"])), "each batch is reported by itself"
    assert found["state"] == "finished"


def test_choices_change_while_it_trains(told):
    found = told("""
      await load(3000);
      await trainer.configure({ ...CHOICES, epochs: 1000 });
      await trainer.start();
      await until("progress", ({ epoch }) => epoch >= 2);
      await trainer.change({ learning_rate: 0.125, batch_size: 50, optimizer: "momentum", distortion: "shift" });
      const { epoch } = await until("progress", ({ learning_rate }) => learning_rate === 0.125);
      await trainer.change({ epochs: epoch + 3 });
      await ended();
      const { history, step } = trainer.progress;
      trainer.end();
      return { state: trainer.state, more: history.length - epoch, history,
        last: history[history.length - 1].step - history[history.length - 2].step };""")
    assert found["state"] == "finished"
    assert found["more"] == 3
    assert found["last"] == 54  # batches of 50
    assert found["history"][-1]["loss"] < found["history"][0]["loss"]


def test_a_rate_that_is_too_large_ends_the_run(told):
    found = told("""
      await load(2000);
      await trainer.configure({ ...CHOICES, loss: "cross_entropy", learning_rate: 1e30 });
      const end = ended();
      await trainer.start();
      await end;
      trainer.end();
      return [trainer.state, trainer.progress.diverged];""")
    assert found == ["diverged", "the loss is not finite"]


def test_what_cannot_be_is_said_in_a_line_and_the_worker_goes_on(told):
    found = told("""
      const said = async (asked) => asked.then(() => "", (error) => error.message);
      const answers = [await said(trainer.start()), await said(trainer.evaluate())];
      await load(2000);
      answers.push(await said(trainer.configure({ ...CHOICES, mistake: "none of them" })));
      answers.push(await said(trainer.configure({ ...CHOICES, batch_size: 10_000 })));
      await trainer.configure(CHOICES);
      await trainer.oneBatch();
      trainer.end();
      return { answers, errors, step: trainer.progress.step };""")
    assert found["answers"] == found["errors"]
    starts = [
        "expected data and choices",
        "expected data and choices",
        "expected a planted",
        "expected batches of",
    ]
    for text, start in zip(found["answers"], starts, strict=True):
        assert text.startswith(start)
    assert found["step"] == 1


def test_few_hidden_units_with_shifted_images(told):
    """Their slices have more images than there is room for shifted ones: they go through in pieces."""
    losses = told("""
      trainer.load(await loadTrain(), null);
      const losses = [];
      for (const engine of ["ink", "reference"]) {
        const choices = { hidden: 2, learning_rate: 0.1, batch_size: 500, epochs: 1, distortion: "shift", engine };
        await trainer.configure({ ...CHOICES, ...choices, share: 20_000 });
        const end = ended();
        await trainer.start();
        await end;
        losses.push(trainer.progress.loss);
      }
      trainer.end();
      return losses;""")
    assert losses[0] == pytest.approx(losses[1], abs=1e-5)
