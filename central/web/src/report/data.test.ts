import { describe, expect, test } from "vitest";
import { type Report, last, month, pareto, period, worked } from "./data";

const tally = { counted: 0, waiting: 0, contested: 0, void: 0, observed_h: 0, unknown_h: 0, unreported_h: 0, coverage: null, rate: null };
const rule = (name: string, counted: number) => ({ ...tally, rule: name, title: { "zh-CN": name, en: name }, article: "1", counted }) as Report["rules"][number];

describe("a report", () => {
  test("months and days are whole, over a new year and a leap day too", () => {
    expect(month(new Date(2026, 10, 23), 0)).toEqual({ from: "2026-11-01", to: "2026-11-30" });
    expect(month(new Date(2026, 0, 31), 1)).toEqual({ from: "2025-12-01", to: "2025-12-31" });
    expect(month(new Date(2028, 2, 30), 1)).toEqual({ from: "2028-02-01", to: "2028-02-29" });
    expect(last(new Date(2026, 2, 3), 7)).toEqual({ from: "2026-02-25", to: "2026-03-03" });
  });

  test("an address that says no period means the usual one", () => {
    const usual = { from: "2026-11-01", to: "2026-11-30" };
    const check = (address: string, wanted: typeof usual) => expect(period(new URLSearchParams(address), usual), address).toEqual(wanted);
    check("", usual);
    check("from=2026-10-01&to=2026-10-31", { from: "2026-10-01", to: "2026-10-31" });
    for (const wrong of ["from=2026-10-01", "from=2026-10-01&to=soon", "from=2026-02-30&to=2026-03-01", "from=2026-10-02&to=2026-10-01"]) check(wrong, usual);
  });

  test("the Pareto is sorted, ends at all of it, and leaves out what never was", () => {
    const bars = pareto([rule("a", 1), rule("b", 0), rule("c", 3)]);
    expect(bars.map((bar) => [bar.rule.rule, bar.cumulated])).toEqual([["c", 0.75], ["a", 1]]);
    expect(pareto([])).toEqual([]);
  });

  test("a free day is left out, a day of duty that nobody saw is not", () => {
    const days = [{ ...tally, day: "2026-11-20" }, { ...tally, day: "2026-11-21", coverage: 0 }, { ...tally, day: "2026-11-22", waiting: 1 }];
    expect(worked(days).map((day) => day.day)).toEqual(["2026-11-21", "2026-11-22"]);
  });
});
