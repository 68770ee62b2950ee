/** The tours, as data. */

/**
 * @typedef {{ text: string, answers: { text: string, right?: boolean, why: string }[] }} Question
 * @typedef {{ caption: string, state?: Record<string, any>, look?: string, question?: Question }} Stop
 * @type {Record<string, { title: string, what: string, steps: Stop[] }>}
 */
export const TOURS = {};
