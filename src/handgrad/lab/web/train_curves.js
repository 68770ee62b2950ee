/** The two charts of a run, with those of the run before as thin lines behind. */

import { LineChart } from "./charts.js";
import { make, panel, written } from "./dom.js";
import { percent } from "./train_progress.js";

/** @typedef {import("./train_course.js").Course} Course */

export function curvesPanels() {
  const loss = new LineChart({ name: "Loss", scale: "log", show: (value) => written(value, 4) });
  const accuracy = new LineChart({ name: "Accuracy", scale: "share", show: percent });
  const lossPanel = panel(
    {
      name: "loss",
      title: "Loss",
      what: [
        make("p", {}, "What the training makes small: the mean over each batch, before its step."),
        make("p", {}, "The arrow keys move a cursor along the curve. The run before stands behind, in grey."),
      ],
    },
    loss.el,
  );
  const accuracyPanel = panel(
    {
      name: "accuracy",
      title: "Accuracy",
      what: [
        make("p", {}, "The share of images that are read rightly, after each epoch."),
        make(
          "p",
          {},
          "Training: images it learns from. Validation: images that were held back. Where the first goes on ",
          "to rise and the second does not, the network learns its images by heart.",
        ),
      ],
    },
    accuracy.el,
  );

  /** @param {Course} record @param {Course | null} before @param {number} epochs */
  function draw(record, before, epochs) {
    const grey = (/** @type {{ xs: number[], ys: number[] }} */ { xs, ys }) => ({
      ...{ name: "run before", colour: "--strong-line", xs, ys, thin: true },
    });
    const how = { end: epochs, marks: record.marks };
    loss.draw(
      [
        ...(before ? [grey(before.loss)] : []),
        { name: "training", colour: "--training", xs: record.loss.xs, ys: record.loss.ys },
      ],
      how,
    );
    accuracy.draw(
      [
        ...(before ? [grey(before.validation)] : []),
        { name: "training", colour: "--training", ...record.train },
        { name: "validation", colour: "--validation", ...record.validation },
      ],
      how,
    );
  }

  return {
    loss: lossPanel,
    accuracy: accuracyPanel,
    draw,
    /** The colours changed. */
    repaint: () => {
      loss.redraw();
      accuracy.redraw();
    },
    end: () => {
      loss.stop();
      accuracy.stop();
    },
  };
}
