/** Texts of the one catalogue (locales/ at the project's root), Chinese first; only the chosen language is fetched. */

import { signal } from "@preact/signals";
import type zh from "../../../locales/zh-CN.json";
import { recall, store } from "./remember";

export type Key = keyof typeof zh;
export type Lang = "zh-CN" | "en";

const FETCH: Record<Lang, () => Promise<{ default: Record<string, string> }>> = {
  "zh-CN": () => import("../../../locales/zh-CN.json"),
  en: () => import("../../../locales/en.json"),
};

function initial(): Lang {
  const chosen = recall("lang");
  if (chosen === "zh-CN" || chosen === "en") return chosen;
  return navigator.language.toLowerCase().startsWith("en") ? "en" : "zh-CN";
}

export const lang = signal<Lang>(initial());
const texts = signal<Record<string, string>>({});

/** Shows the page in a language, once its texts are here. */
export async function setLang(next: Lang): Promise<void> {
  texts.value = (await FETCH[next]()).default;
  lang.value = next;
  document.documentElement.lang = next;
  store("lang", next);
}

/** The text of a key in the chosen language, its `{places}` filled. */
export function t(key: Key, places: Record<string, string | number> = {}): string {
  const text = texts.value[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (place, name: string) => String(places[name] ?? place));
}

/** The text of a key that is put together at run time; the name itself where the catalogue has none. */
export function label(area: string, name: string): string {
  return texts.value[`${area}.${name}`] ?? name;
}

/** The text of a key that may be missing from the catalogue. */
export function maybe(key: string): string | null {
  return texts.value[key] ?? null;
}

/** What the server sent in both languages. */
export function say(text: Record<Lang, string>): string {
  return text[lang.value];
}
