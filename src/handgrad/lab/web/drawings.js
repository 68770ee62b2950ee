/** Drawings for tours, as strokes.js writes them. */

export const DRAWINGS = Object.freeze({ three: "", five: "", seven: "", sevenWithBar: "" });
