/** Names and values of the rules' fields as people read them. */

import { label, t } from "../../i18n";
import { percent } from "../../time";
import { NUMBERS } from "./document";

/** `岗位无人 · 持续多久后提示` for `rules.absence.raise_after_s`. */
export function fieldName(field: string): string {
  const parts = field.split(".");
  if (parts[0] === "rules") return `${label("rule", `${parts[1]}.title`)} · ${label("policy.field", parts[2] ?? "")}`;
  if (parts[1] === "weekly") return `${t("policy.field.weekly")} · ${label("policy.day", parts[2] ?? "")}`;
  return label("policy.field", parts.at(-1) ?? field);
}

export function ruleName(rule: string): string {
  return label("rule", `${rule}.title`);
}

/** `600 秒（10 分钟）`, `80%`, `提醒` … */
export function valueText(field: string, value: unknown): string {
  const name = field.split(".").at(-1) ?? "";
  if (value === null || value === undefined) return t("policy.none");
  if (name === "enabled") return value === true ? t("policy.on") : t("policy.off");
  if (name === "severity") return label("severity", String(value));
  if (name === "permitted") return (value as string[]).map((item) => label("item", item)).join(t("text.list_separator"));
  if (Array.isArray(value)) return value.length === 0 ? t("policy.none") : value.join(t("text.list_separator"));
  if (typeof value === "number" && name.endsWith("_ratio")) return percent(value);
  if (typeof value === "number" && name.endsWith("_s")) return seconds(value);
  return String(value);
}

/** Seconds, and minutes beside them where they are easier to grasp. */
export function seconds(value: number): string {
  if (value >= 120 && value % 60 === 0) return t("policy.minutes", { n: value / 60 });
  return t("ui.seconds", { n: value });
}

export const isNumber = (name: string): name is (typeof NUMBERS)[number] => (NUMBERS as readonly string[]).includes(name);
