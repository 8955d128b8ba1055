import { describe, expect, test } from "vitest";
import { type Cell, copied, elsewhere, gaps, posted, spansOf } from "./roster";

const cell = (day: string, window: string, ...staff: string[]): Cell => ({ day, window, shift: "am", staff });
const days = (...worked: [string, boolean][]) => worked.map(([day, is]) => ({ day, kind: "workday", holiday: null, worked: is }));
const staff = ["li", "wang"].map((id) => ({ id, name: id, display_name: "" }));
const shifts = [{ id: "am", name: "上午班", hours: ["08:30-12:00"], breaks: [] }];

describe("the roster", () => {
  test("who is where", () => {
    const cells = [cell("2026-11-23", "1", "li"), cell("2026-11-23", "2")];
    expect(posted(cells, "2026-11-23", "1", "am")).toEqual(["li"]);
    expect(posted(cells, "2026-11-24", "1", "am")).toEqual([]);
    expect(elsewhere(cells, "li", cell("2026-11-23", "2"))).toBe("1");
    expect(elsewhere(cells, "li", cell("2026-11-23", "1"))).toBeNull();
  });

  test("posts with nobody are counted on worked days alone", () => {
    const duty = { cells: [cell("2026-11-23", "1", "li"), cell("2026-11-23", "2")], days: days(["2026-11-23", true], ["2026-11-24", true], ["2026-11-28", false]), shifts };
    expect(gaps(duty, ["1", "2"])).toEqual({ posts: 4, empty: 3 });
  });

  test("copying a week fills what is empty and overwrites nothing", () => {
    const before = [cell("2026-11-23", "1", "li"), cell("2026-11-23", "2", "gone"), cell("2026-11-24", "1", "wang"), cell("2026-11-25", "1", "li", "gone"), cell("2026-11-26", "1", "li")];
    const week = { cells: [cell("2026-12-01", "1", "li")], days: days(["2026-11-30", true], ["2026-12-01", true], ["2026-12-02", true], ["2026-12-03", false]), staff };
    expect(copied(before, week)).toEqual([cell("2026-11-30", "1", "li"), cell("2026-12-02", "1", "li")]);
  });

  test("spans as people type them", () => {
    expect(spansOf("8:30-12:00，13:30–17:30")).toEqual(["08:30-12:00", "13:30-17:30"]);
    expect(spansOf(" 08：30至9:00 ")).toEqual(["08:30-09:00"]);
    expect(spansOf("")).toEqual([]);
  });
});
