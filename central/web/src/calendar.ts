/** Days of the calendar as `2026-11-23`: they have no clock and no time zone. Weeks begin on Monday. */

import { writtenAt } from "./format";

const DAY_MS = 24 * 3600 * 1000;

function number(day: string): number {
  return Date.parse(`${day}T00:00:00Z`);
}

function text(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

export function isDay(day: string | null): day is string {
  return day !== null && /^\d{4}-\d\d-\d\d$/.test(day) && !Number.isNaN(number(day)) && text(number(day)) === day;
}

/** The day of this browser's clock. */
export function dayOf(at: Date): string {
  return text(Date.UTC(at.getFullYear(), at.getMonth(), at.getDate()));
}

export function addDays(day: string, n: number): string {
  return text(number(day) + n * DAY_MS);
}

/** 0 is Monday. */
export function weekday(day: string): number {
  return (new Date(number(day)).getUTCDay() + 6) % 7;
}

export function monday(day: string): string {
  return addDays(day, -weekday(day));
}

/** The first day of the month that is `n` months away. */
export function addMonths(day: string, n: number): string {
  const at = new Date(number(day));
  return text(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + n, 1));
}

/** Every day from the first to the last. */
export function span(from: string, to: string): string[] {
  const days = [];
  for (let day = from; day <= to; day = addDays(day, 1)) days.push(day);
  return days;
}

/** The days of a month's sheet: whole weeks around it. */
export function sheet(day: string): { from: string; to: string } {
  const last = addDays(addMonths(day, 1), -1);
  return { from: monday(addMonths(day, 0)), to: addDays(monday(last), 6) };
}

/** A day as people of a language write it. */
export function written(day: string, lang: string, how: Intl.DateTimeFormatOptions = { month: "short", day: "numeric" }): string {
  return writtenAt(new Date(number(day)), lang, { ...how, timeZone: "UTC" });
}
