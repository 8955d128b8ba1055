import { expect, test } from "vitest";
import { type FleetAgent, byDay, condition, gibibytes, mean, step } from "./fleet";

const well = { online: true, revoked: null, problems: [], applied: { ok: true }, machine: { skew_s: 0.2 } } as unknown as FleetAgent;

test("the worst of an agent is what is shown", () => {
  for (const [change, expected] of [
    [{}, "well"],
    [{ machine: { skew_s: -30 } }, "troubled"],
    [{ problems: [{}] }, "troubled"],
    [{ applied: { ok: false } }, "troubled"],
    [{ online: false, problems: [{}] }, "offline"],
    [{ online: false, revoked: { at: "", by: "" } }, "revoked"],
    [{ machine: null }, "well"],
  ] as const) {
    expect(condition({ ...well, ...change } as unknown as FleetAgent), JSON.stringify(change)).toBe(expected);
  }
});

test("hours fall into days and keep their order", () => {
  const midnight = new Date(2026, 10, 23).toISOString();
  const days = byDay(midnight, Array.from({ length: 30 }, (_, i) => (i < 24 ? 1 : null)));
  expect(days.map((day) => day.hours.length)).toEqual([24, 6]);
  expect(days.map((day) => mean(day.hours))).toEqual([1, null]);
});

test("an hour without a count is no hour of darkness", () => {
  expect([null, 0, 0.3, 0.6, 0.9, 1].map(step)).toEqual(["none", "0", "1", "2", "3", "4"]);
});

test("space on a disk", () => {
  expect([gibibytes(1.5 * 1024 ** 3), gibibytes(250 * 1024 ** 3)]).toEqual(["1.5", "250"]);
});
