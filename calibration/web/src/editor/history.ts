/** Undo and redo over immutable values. Pure. */

export interface History<T> {
  past: readonly T[];
  present: T;
  future: readonly T[];
  /** What the newest step was called: steps of the same name join, so that one drag is one step. */
  step: string | null;
}

/** Steps that are kept; the oldest go first. */
export const MOST_STEPS = 200;

export function begin<T>(present: T): History<T> {
  return { past: [], present, future: [], step: null };
}

/** Takes a step. A step with the name of the newest replaces it. */
export function take<T>(history: History<T>, next: T, step: string | null = null): History<T> {
  if (next === history.present) return history;
  const joins = step !== null && step === history.step;
  const past = joins ? history.past : [...history.past, history.present].slice(-MOST_STEPS);
  return { past, present: next, future: [], step };
}

/** Ends a run of steps of one name: the next one is a step of its own. */
export function settle<T>(history: History<T>): History<T> {
  return history.step === null ? history : { ...history, step: null };
}

export function undo<T>(history: History<T>): History<T> {
  const before = history.past.at(-1);
  if (before === undefined) return history;
  return { past: history.past.slice(0, -1), present: before, future: [history.present, ...history.future], step: null };
}

export function redo<T>(history: History<T>): History<T> {
  const [after, ...future] = history.future;
  if (after === undefined) return history;
  return { past: [...history.past, history.present], present: after, future, step: null };
}
