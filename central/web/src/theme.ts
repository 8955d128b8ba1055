/** Light, dark, or as the system has it. */

import { signal } from "@preact/signals";
import { recall, store } from "./remember";

export type Theme = "auto" | "light" | "dark";
const THEMES: Theme[] = ["auto", "light", "dark"];

export const theme = signal<Theme>(THEMES.find((name) => name === recall("theme")) ?? "auto");

export function showTheme(): void {
  document.documentElement.dataset.theme = theme.value;
}

export function nextTheme(): void {
  theme.value = THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length] ?? "auto";
  store("theme", theme.value);
  showTheme();
}
