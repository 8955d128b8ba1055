/** A report as the pages use it. Pure. */

import type { Schema } from "../api";
import { isDay } from "../calendar";

export type Report = Schema<"ConductReport">;
export type Tally = Schema<"Tally">;

/** Below this share of observed duty time a figure is marked: little seen is not little done. */
export const LOW_COVERAGE = 0.8;
/** Below this share a day of the calendar shows that it could not be told. */
export const BLIND = 0.5;

/** What a period of the report page is called in the address. */
export interface Period {
  from: string;
  to: string;
}

function iso(day: Date): string {
  const two = (n: number) => String(n).padStart(2, "0");
  return `${day.getFullYear()}-${two(day.getMonth() + 1)}-${two(day.getDate())}`;
}

/** The month that lies `back` months before the one of `today`. */
export function month(today: Date, back: number): Period {
  const [year, number] = [today.getFullYear(), today.getMonth() - back];
  return { from: iso(new Date(year, number, 1)), to: iso(new Date(year, number + 1, 0)) };
}

/** The last `days` days, today included. */
export function last(today: Date, days: number): Period {
  return { from: iso(new Date(today.getFullYear(), today.getMonth(), today.getDate() - days + 1)), to: iso(today) };
}

/** The period of an address; `usual` where it says none, or one that is no period. */
export function period(query: URLSearchParams, usual: Period): Period {
  const [from, to] = [query.get("from"), query.get("to")];
  return isDay(from) && isDay(to) && from <= to ? { from, to } : usual;
}

/** Rules with events that count, most first, and the share of all that they make up together with those before. */
export function pareto(rules: Report["rules"]): { rule: Report["rules"][number]; cumulated: number }[] {
  const counting = rules.filter((rule) => rule.counted > 0).sort((a, b) => b.counted - a.counted);
  const all = counting.reduce((sum, rule) => sum + rule.counted, 0);
  let sum = 0;
  return counting.map((rule) => ({ rule, cumulated: (sum += rule.counted) / all }));
}

/** Days with duty or events: what a trend is drawn of. */
export function worked(days: Report["days"]): Report["days"] {
  return days.filter((day) => day.coverage !== null || day.counted + day.waiting + day.contested + day.void > 0);
}

/** Duty time of a tally in hours, seen or not. */
export function due(tally: Tally): number {
  return tally.observed_h + tally.unknown_h + tally.unreported_h;
}
