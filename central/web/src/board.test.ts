import { describe, expect, test } from "vitest";
import type { HallAgent, ConductEvent, Hall, Problem } from "./api";
import { alerts, apply, isNews, worst } from "./board";

const text = { "zh-CN": "", en: "" };
const event = (id: string, change: Partial<ConductEvent> = {}): ConductEvent => ({
  id, hall: "tanggu", agent: "edge-01", window: "1", zone: null, rule: "slumped", article: "16.4", severity: "warning",
  opened_at: "2026-11-22T02:00:00Z", raised_at: "2026-11-22T02:01:00Z", updated_at: "2026-11-22T02:01:00Z", closed_at: null,
  close_reason: null, confidence: 0.9, evidence: { hit_ratio: 1, observed_s: 60, unknown_s: 0, items: [], people: null }, historical: false, suspended: null,
  acknowledged: null, verdict: null, note: null, snooze: null, title: text, reason: text, ...change,
});
const agent = (change: Partial<HallAgent> = {}): HallAgent => ({
  id: "edge-01", hall: "tanggu", online: true, version: "0.1.0", since: null, seen_at: "", applied: null, problems: [], ...change,
});
const halls: Hall[] = [
  {
    id: "tanggu", name: "塘沽", zones: [{ id: "lobby", agent: "edge-01", events: [] }], agents: [agent()],
    windows: ["1", "2"].map((id) => ({ id, name: `${id}号`, agent: "edge-01", state: "observed" as const, unknown_because: null, resting: null, place: null, events: [], problems: [] })),
  },
];
const ids = (state: Hall[]) => alerts(state, (z) => z).map((a) => a.event.id);
const opened = (e: ConductEvent) => ({ kind: "opened" as const, event: e, ring: true });

describe("the board", () => {
  test("an opened event shows once, however often it comes", () => {
    const once = apply(halls, opened(event("a")));
    expect(ids(once)).toEqual(["a"]);
    expect(ids(apply(once, opened(event("a"))))).toEqual(["a"]);
    expect(ids(halls)).toEqual([]);
  });

  test("a closed event goes, a historical one never comes", () => {
    const open = apply(halls, opened(event("a")));
    expect(ids(apply(open, { kind: "closed", event: event("a", { closed_at: "2026-11-22T02:02:00Z" }), ring: false }))).toEqual([]);
    expect(ids(apply(halls, opened(event("b", { historical: true }))))).toEqual([]);
    expect(ids(apply(halls, opened(event("c", { suspended: "away" }))))).toEqual([]);
    expect(ids(apply(open, { kind: "reviewed", event: event("a", { suspended: "pause" }), ring: false }))).toEqual([]);
  });

  test("the most urgent first, acknowledged last, newest before older", () => {
    const state = [
      event("old"),
      event("new", { opened_at: "2026-11-22T03:00:00Z" }),
      event("smoke", { severity: "critical", window: null, zone: "lobby" }),
      event("seen", { severity: "critical", window: "2", acknowledged: { by: "head", at: "" } }),
    ].reduce((s, e) => apply(s, opened(e)), halls);
    expect(ids(state)).toEqual(["smoke", "new", "old", "seen"]);
    expect(worst(state[0]!.windows[0]!.events!)).toBe("warning");
    expect(worst([])).toBeNull();
  });

  test("a problem marks its windows and its agent until it is cleared", () => {
    const problem: Problem = {
      id: "p", hall: "tanggu", agent: "edge-01", kind: "camera_offline", camera: "cam-1", windows: ["2"], raised_at: "", cleared_at: null, title: text,
    };
    const bad = apply(halls, { kind: "health", problem });
    expect(bad[0]!.windows.map((w) => w.problems.length)).toEqual([0, 1]);
    expect(bad[0]!.agents[0]!.problems).toHaveLength(1);
    const good = apply(bad, { kind: "health", problem: { ...problem, cleared_at: "x" } });
    expect(good[0]!.windows.map((w) => w.problems.length)).toEqual([0, 0]);
  });

  test("a new window or agent is news: the board must be fetched anew", () => {
    expect(isNews(halls, opened(event("a")))).toBe(false);
    expect(isNews(halls, opened(event("a", { window: "9" })))).toBe(true);
    expect(isNews(halls, opened(event("a", { hall: "hangu" })))).toBe(true);
    expect(isNews(halls, { kind: "status", agent: agent({ id: "edge-02" }) })).toBe(true);
    const offline = apply(halls, { kind: "status", agent: agent({ online: false }) });
    expect(offline[0]!.agents[0]!.online).toBe(false);
  });
});
