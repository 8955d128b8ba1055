/** The rules as the page edits them, apart from how they look. */

import type { Schema } from "../../api";

export type Document = Schema<"Policy">;
export type RuleSettings = Schema<"PolicyRule">;
export type Problem = Schema<"PolicyProblem">;
export type Difference = Schema<"PolicyDifference">;
export type Rollout = Schema<"Rollout">;
export type Version = Schema<"PolicyVersion">;

export const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;

/** What may be permitted on a desk; an ashtray has a rule of its own, and what nobody recognises cannot be named. */
export const ITEMS = [
  "monitor", "scanner", "evaluator", "telephone", "pen_holder", "post_sign", "notice_sign", "name_plate", "keyboard", "mouse", "document",
  "card_reader", "printer", "stapler", "cup", "bottle", "food", "bag", "book", "mobile_phone", "cigarette_pack", "toy", "plant", "cosmetics",
  "clothing", "tissue", "umbrella",
] as const;

/** The numbers of a rule in the order in which they are shown; ratios are shares of time. */
export const NUMBERS = ["raise_after_s", "clear_after_s", "cooldown_s", "raise_ratio", "clear_ratio"] as const;

/** The document with one field replaced; fields are named as problems and differences name them. */
export function change(document: Document, field: string, value: unknown): Document {
  const copy = structuredClone(document) as unknown as Record<string, unknown>;
  const path = field.split(".");
  const last = path.pop()!;
  let place = copy;
  for (const part of path) place = (place[part] ??= {}) as Record<string, unknown>;
  place[last] = value;
  return copy as unknown as Document;
}

/** Hours such as `08:30-12:00, 13:30-17:30`, with whichever comma or dash a keyboard gives. */
export function hoursOf(text: string): string[] {
  return text.split(/[,，、;；\s]+/).map((span) => span.replace(/[–—~～至]/g, "-").replace(/：/g, ":")).filter((span) => span !== "");
}

/** What was typed into a number field; what is no number stays as it is, so that the check can say so. */
export function numberOf(text: string): number | string {
  const number = Number(text);
  return text.trim() === "" || Number.isNaN(number) ? text : number;
}

/** What was added to a list and what was taken away. */
export function listChange(before: unknown, after: unknown): { added: string[]; removed: string[] } | null {
  if (!Array.isArray(before ?? []) || !Array.isArray(after ?? []) || (before === null && after === null)) return null;
  const [old, now] = [(before ?? []) as string[], (after ?? []) as string[]];
  return { added: now.filter((x) => !old.includes(x)), removed: old.filter((x) => !now.includes(x)) };
}

/** `sha256:0123…` as people compare it. */
export function short(digest: string): string {
  return digest.replace("sha256:", "").slice(0, 8);
}

/** Whether every agent of a rollout has come to an end with it. */
export function isSettled(rollout: Rollout): boolean {
  return rollout.agents.every((agent) => agent.state !== "sent" && agent.state !== "waiting");
}
