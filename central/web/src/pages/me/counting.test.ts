import { describe, expect, test } from "vitest";
import { apart, mayContest, shares } from "./counting";

const event = (standing: string) => ({ standing }) as Parameters<typeof apart>[0][number];

describe("what a summary says", () => {
  test("what does not count is told by why, what counts is not among it", () => {
    const events = ["counts", "void", "unconfirmed", "unconfirmed", "counts", "contested"].map(event);
    expect(apart(events)).toEqual([{ standing: "unconfirmed", n: 2 }, { standing: "contested", n: 1 }, { standing: "void", n: 1 }]);
    expect(apart([event("counts")])).toEqual([]);
  });

  test("an event is contested once, and not where it counts for nobody anyway", () => {
    expect(mayContest({ standing: "counts", appeal: null })).toBe(true);
    expect(mayContest({ standing: "unconfirmed", appeal: null })).toBe(true);
    for (const standing of ["void", "suspended", "shared"]) expect(mayContest({ standing, appeal: null }), standing).toBe(false);
    expect(mayContest({ standing: "contested", appeal: {} as never })).toBe(false);
  });

  test("parts of the time, and none where nobody was posted", () => {
    expect(shares({ observed_h: 6, unknown_h: 1, unreported_h: 1 })).toEqual({ observed: 0.75, unknown: 0.125, unreported: 0.125 });
    expect(shares({ observed_h: 0, unknown_h: 0, unreported_h: 0 })).toBeNull();
  });
});
