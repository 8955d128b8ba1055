import fc from "fast-check";
import { expect, test } from "vitest";
import { MOST_STEPS, begin, redo, settle, take, undo } from "./history";

test("one drag is one step, the next drag another", () => {
  let history = begin(0);
  for (const x of [1, 2, 3]) history = take(history, x, "corner 1");
  history = settle(history);
  for (const x of [4, 5]) history = take(history, x, "corner 1");
  expect(undo(history).present).toBe(3);
  expect(undo(undo(history)).present).toBe(0);
  expect(redo(undo(history)).present).toBe(5);
});

test("undoing everything and redoing everything ends where it was", () => {
  fc.assert(
    fc.property(fc.array(fc.integer(), { minLength: 1, maxLength: 40 }), (values) => {
      const done = values.reduce((history, value) => take(history, value), begin(NaN));
      const back = values.reduce((history) => undo(history), done);
      expect(back.present).toBeNaN();
      expect(values.reduce((history) => redo(history), back).present).toBe(values.at(-1));
    }),
  );
});

test("a step after an undo forgets what was undone", () => {
  const history = take(undo(take(take(begin("a"), "b"), "c")), "d");
  expect(redo(history)).toBe(history);
  expect(undo(history).present).toBe("b");
});

test("the stack is bounded", () => {
  let history = begin(-1);
  for (let i = 0; i < MOST_STEPS + 50; i++) history = take(history, i);
  expect(history.past).toHaveLength(MOST_STEPS);
});
