/** Where in the page we are, kept in the address so that back, reload and links work. */

import { signal } from "@preact/signals";

export interface Location {
  path: string;
  query: URLSearchParams;
}

function here(): Location {
  return { path: window.location.pathname, query: new URLSearchParams(window.location.search) };
}

export const location = signal<Location>(here());
window.addEventListener("popstate", () => (location.value = here()));

/** Goes to an address of the page; with `replace` the step back skips the present one. */
export function go(address: string, replace = false): void {
  const samePage = new URL(address, window.location.href).pathname === window.location.pathname;
  window.history[replace ? "replaceState" : "pushState"](null, "", address);
  location.value = here();
  if (!samePage) window.scrollTo(0, 0);
}

/** Links to this page's own addresses stay in the page, unless the user asks for a new tab. */
export function keepLinksInPage(): void {
  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    const link = (event.target as Element | null)?.closest?.("a");
    const address = link?.getAttribute("href");
    if (!link || !address?.startsWith("/") || address.startsWith("/api/") || link.target !== "" || link.hasAttribute("download")) return;
    event.preventDefault();
    go(address);
  });
}

/** The values of `:names` where the path fits the pattern (`/events/:id`); null where it does not. */
export function match(pattern: string, path: string): Record<string, string> | null {
  const [wanted, given] = [pattern.split("/"), path.replace(/(.)\/$/, "$1").split("/")];
  if (wanted.length !== given.length) return null;
  const params: Record<string, string> = {};
  for (const [i, part] of wanted.entries()) {
    const value = given[i] ?? "";
    if (part.startsWith(":") && value !== "") params[part.slice(1)] = decode(value);
    else if (part !== value) return null;
  }
  return params;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
