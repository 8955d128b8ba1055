/** Texts of the one catalogue (locales/ at the project's root), Chinese first. */

import { signal } from "@preact/signals";
import en from "../../../locales/en.json";
import zh from "../../../locales/zh-CN.json";
import type { Lang, Text } from "./api";
import { recall, store } from "./remember";

export type Key = keyof typeof zh;
const catalogue: Record<Lang, Record<string, string>> = { "zh-CN": zh, en };

function initial(): Lang {
  const chosen = recall("lang");
  if (chosen === "zh-CN" || chosen === "en") return chosen;
  return navigator.language.toLowerCase().startsWith("en") ? "en" : "zh-CN";
}

export const lang = signal<Lang>(initial());

export function setLang(next: Lang): void {
  lang.value = next;
  document.documentElement.lang = next;
  store("lang", next);
}

/** The text of a key in the chosen language, its `{places}` filled. */
export function t(key: Key, places: Record<string, string | number> = {}): string {
  const text = catalogue[lang.value][key] ?? key;
  return text.replace(/\{(\w+)\}/g, (place, name: string) => String(places[name] ?? place));
}

/** The text of a key that is put together at run time; the key itself where the catalogue has none. */
export function label(area: string, name: string): string {
  return catalogue[lang.value][`${area}.${name}`] ?? name;
}

/** What the server sent in both languages. */
export function say(text: Text): string {
  return text[lang.value];
}
