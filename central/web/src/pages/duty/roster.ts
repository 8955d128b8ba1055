/** The roster as the page handles it; pure. */

import type { Schema } from "../../api";
import { addDays } from "../../calendar";

export type Duty = Schema<"Duty">;
export type Cell = Schema<"RosterCell">;
export type Day = Schema<"CalendarDay">;

/** Who is posted at a window in a shift of a day. */
export function posted(cells: readonly Cell[], day: string, window: string, shift: string): readonly string[] {
  return cells.find((cell) => cell.day === day && cell.window === window && cell.shift === shift)?.staff ?? [];
}

/** Where somebody else is posted in the same shift of a day. */
export function elsewhere(cells: readonly Cell[], who: string, { day, window, shift }: Cell): string | null {
  return cells.find((cell) => cell.day === day && cell.shift === shift && cell.window !== window && cell.staff.includes(who))?.window ?? null;
}

/** Posts of worked days, and how many of them have nobody. */
export function gaps(duty: Pick<Duty, "cells" | "days" | "shifts">, windows: readonly string[]): { posts: number; empty: number } {
  const worked = duty.days.filter((day) => day.worked);
  const posts = worked.flatMap(({ day }) => windows.flatMap((window) => duty.shifts.map((shift) => posted(duty.cells, day, window, shift.id))));
  return { posts: posts.length, empty: posts.filter((staff) => staff.length === 0).length };
}

/** The week before, moved to this week: only to worked days, only where nobody is posted yet, only who is still there. */
export function copied(before: readonly Cell[], week: Pick<Duty, "cells" | "days" | "staff">): Cell[] {
  const here = new Set(week.staff.map((one) => one.id));
  const worked = new Set(week.days.filter((day) => day.worked).map((day) => day.day));
  return before
    .map((cell) => ({ ...cell, day: addDays(cell.day, 7), staff: cell.staff.filter((who) => here.has(who)) }))
    .filter((cell) => cell.staff.length > 0 && worked.has(cell.day))
    .filter((cell) => posted(week.cells, cell.day, cell.window, cell.shift).length === 0);
}

/** The name that people use for a staff member. */
export function nameOf(staff: Duty["staff"], id: string): string {
  const one = staff.find((member) => member.id === id);
  return one ? one.display_name || one.name : "?";
}

/** Typed spans as a list: separated by commas of either script, or spaces. */
export function spansOf(typed: string): string[] {
  return typed.split(/[\s,，、;；]+/).filter(Boolean).map((one) => one.replace(/[–—~～至]/g, "-").replace(/：/g, ":").replace(/^(\d):/, "0$1:").replace(/-(\d):/, "-0$1:"));
}
