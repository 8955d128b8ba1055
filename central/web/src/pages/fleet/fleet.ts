/** What the fleet's pages make of figures, apart from how they look. */

import type { Schema } from "../../api";

export type FleetAgent = Schema<"FleetAgent">;
export type AgentHours = Schema<"AgentHours">;
export type WindowHours = Schema<"WindowHours">;

/** Seconds by which an agent's clock may be off before somebody should look. */
export const SKEW_S = 5;
const GIB = 1024 ** 3;

/** How an agent is, worst first. */
export function condition(agent: FleetAgent): "revoked" | "offline" | "troubled" | "well" {
  if (agent.revoked) return "revoked";
  if (!agent.online) return "offline";
  const refused = agent.applied?.ok === false;
  return agent.problems.length > 0 || refused || isSkewed(agent) ? "troubled" : "well";
}

export const TONES = { revoked: "unknown", offline: "critical", troubled: "warning", well: "good" } as const;

export function isSkewed(agent: FleetAgent): boolean {
  return Math.abs(agent.machine?.skew_s ?? 0) > SKEW_S;
}

export function gibibytes(bytes: number): string {
  return (bytes / GIB).toFixed(bytes < 10 * GIB ? 1 : 0);
}

/** How much of an hour was observed, as a step of the picture's colours; null is an hour in which nothing was counted. */
export function step(share: number | null): "none" | "0" | "1" | "2" | "3" | "4" {
  if (share === null) return "none";
  if (share < 0.05) return "0";
  return share < 0.5 ? "1" : share < 0.8 ? "2" : share < 0.95 ? "3" : "4";
}

export interface Day {
  /** Midnight of the day where the page is read. */
  at: Date;
  hours: { at: Date; share: number | null }[];
}

/** A window's hours by day, as the wall clock of the page's reader has them. */
export function byDay(from: string, observed: readonly (number | null)[]): Day[] {
  const days: Day[] = [];
  observed.forEach((share, i) => {
    const at = new Date(Date.parse(from) + i * 3600_000);
    const midnight = new Date(at.getFullYear(), at.getMonth(), at.getDate());
    if (days.at(-1)?.at.getTime() !== midnight.getTime()) days.push({ at: midnight, hours: [] });
    days.at(-1)!.hours.push({ at, share });
  });
  return days;
}

/** The mean of the hours in which something was counted. */
export function mean(hours: readonly { share: number | null }[]): number | null {
  const known = hours.flatMap((hour) => (hour.share === null ? [] : [hour.share]));
  return known.length === 0 ? null : known.reduce((sum, share) => sum + share, 0) / known.length;
}
