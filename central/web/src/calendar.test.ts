import { describe, expect, test } from "vitest";
import { addDays, addMonths, dayOf, isDay, monday, sheet, span, weekday } from "./calendar";

describe("days of the calendar", () => {
  test("weeks begin on Monday, over months, years and leap days", () => {
    expect(monday("2026-11-29")).toBe("2026-11-23");
    expect(monday("2026-11-23")).toBe("2026-11-23");
    expect(monday("2027-01-02")).toBe("2026-12-28");
    expect(weekday("2026-11-28")).toBe(5);
    expect(addDays("2028-02-28", 1)).toBe("2028-02-29");
    expect(span("2026-12-30", "2027-01-02")).toEqual(["2026-12-30", "2026-12-31", "2027-01-01", "2027-01-02"]);
  });

  test("a month's sheet is made of whole weeks", () => {
    expect(sheet("2026-11-15")).toEqual({ from: "2026-10-26", to: "2026-12-06" });
    expect(sheet("2027-02-01")).toEqual({ from: "2027-02-01", to: "2027-02-28" });
    expect(addMonths("2026-12-31", 1)).toBe("2027-01-01");
    expect(addMonths("2026-03-31", -1)).toBe("2026-02-01");
  });

  test("what is no day is told", () => {
    for (const wrong of ["2026-02-30", "2026-1-1", "", "yesterday", null]) expect(isDay(wrong), String(wrong)).toBe(false);
    expect(isDay("2028-02-29")).toBe(true);
    expect(dayOf(new Date(2026, 0, 1, 0, 5))).toBe("2026-01-01");
  });
});
