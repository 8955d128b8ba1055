import { expect, test } from "vitest";
import { type Document, change, hoursOf, listChange, numberOf, short } from "./document";

const document = { version: 1, schedule: null, items: { permitted: ["monitor"] }, rules: { absence: { raise_after_s: 600 } } } as unknown as Document;

test("a change touches its field and nothing else", () => {
  const next = change(document, "rules.absence.raise_after_s", 900);
  expect(next.rules["absence"]?.raise_after_s).toBe(900);
  expect(document.rules["absence"]?.raise_after_s).toBe(600);
  expect(change(document, "schedule.weekly.mon", ["08:00-09:00"]).schedule?.weekly["mon"]).toEqual(["08:00-09:00"]);
});

test("hours are read as people type them", () => {
  for (const [text, expected] of [
    ["08:30-12:00, 13:30-17:30", ["08:30-12:00", "13:30-17:30"]],
    ["08：30—12：00，13:30~17:30", ["08:30-12:00", "13:30-17:30"]],
    ["", []],
    ["8-9", ["8-9"]],
  ] as const) {
    expect(hoursOf(text), text).toEqual(expected);
  }
});

test("what is no number is left for the check to say", () => {
  expect([numberOf("12.5"), numberOf(""), numberOf("soon")]).toEqual([12.5, "", "soon"]);
});

test("lists tell what came and what went", () => {
  expect(listChange(["a", "b"], ["b", "c"])).toEqual({ added: ["c"], removed: ["a"] });
  expect(listChange(null, ["a"])).toEqual({ added: ["a"], removed: [] });
  expect(listChange(1, 2)).toBeNull();
  expect(listChange("warning", "info")).toBeNull();
});

test("a hash is shortened to what people compare", () => {
  expect(short("sha256:0123456789abcdef")).toBe("01234567");
});
