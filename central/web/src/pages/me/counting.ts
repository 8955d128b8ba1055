/** What a summary says of its events, in numbers. No score, no order of people. */

import type { Schema } from "../../api";

export type Summary = Schema<"OwnSummary">;
export type OwnEvent = Schema<"OwnEvent">;

/** Why an event does not count, in the order in which it is told. */
const APART = ["unconfirmed", "contested", "shared", "suspended", "void"] as const;

/** How many events do not count, by why. What never was is left out. */
export function apart(events: readonly Pick<OwnEvent, "standing">[]): { standing: (typeof APART)[number]; n: number }[] {
  const counts = APART.map((standing) => ({ standing, n: events.filter((event) => event.standing === standing).length }));
  return counts.filter(({ n }) => n > 0);
}

/** Whether an event may still come to count, and nothing was said against it yet. */
export function mayContest(event: Pick<OwnEvent, "standing" | "appeal">): boolean {
  return event.appeal === null && ["counts", "unconfirmed", "contested"].includes(event.standing);
}

/** The share of each part of the posted time; null where there was none. */
export function shares({ observed_h, unknown_h, unreported_h }: Pick<Summary, "observed_h" | "unknown_h" | "unreported_h">) {
  const all = observed_h + unknown_h + unreported_h;
  return all > 0 ? { observed: observed_h / all, unknown: unknown_h / all, unreported: unreported_h / all } : null;
}
