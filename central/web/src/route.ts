/** Where in the page we are, kept in the address so that back, reload and links work. */

import { signal } from "@preact/signals";

export type Route =
  | { page: "board" }
  | { page: "events"; filters: URLSearchParams }
  | { page: "event"; id: string };

function parse(): Route {
  const { pathname, search } = window.location;
  const id = pathname.match(/^\/events\/([0-9a-f-]+)$/)?.[1];
  if (id) return { page: "event", id };
  return pathname === "/events" ? { page: "events", filters: new URLSearchParams(search) } : { page: "board" };
}

export const route = signal<Route>(parse());
window.addEventListener("popstate", () => (route.value = parse()));

export function go(path: string): void {
  window.history.pushState(null, "", path);
  route.value = parse();
  window.scrollTo(0, 0);
}

/** For `onClick` of a link: stays in the page unless the user asks for a new tab. */
export function follow(event: MouseEvent): void {
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
  event.preventDefault();
  go((event.currentTarget as HTMLAnchorElement).getAttribute("href") ?? "/");
}
