/** Every page: its address, who may open it, and the code that is fetched when it is opened first. */

import type { ComponentType } from "preact";
import type { Role } from "./api";
import type { Key } from "./i18n";
import { match } from "./route";
import type { IconName } from "./ui/Icon";

/** What a page is given. */
export interface PageProps {
  /** The `:names` of its address. */
  params: Record<string, string>;
  /** What follows the question mark. */
  query: URLSearchParams;
}

export interface PageEntry {
  path: string;
  /** Its name in the navigation and in the window's title. */
  title: Key;
  roles: readonly Role[];
  load: () => Promise<{ default: ComponentType<PageProps> }>;
  /** Its sign in the navigation; a page without one is reached from other pages. */
  icon?: IconName;
  /** The page whose entry is marked while this one is open. */
  under?: string;
  /** Fills the screen, without navigation. */
  bare?: boolean;
}

const EVERYBODY: readonly Role[] = ["center_head", "staff", "installer", "auditor", "administrator"];

/** In the order of the navigation; a role's first page is its home. Phones show the first four as tabs. */
export const PAGES: readonly PageEntry[] = [
  { path: "/", title: "ui.board", roles: ["center_head"], icon: "board", load: () => import("./pages/Board") },
  { path: "/events", title: "ui.events", roles: ["center_head"], icon: "list", load: () => import("./pages/Events") },
  { path: "/events/:id", title: "ui.event", roles: ["center_head"], under: "/events", load: () => import("./pages/EventDetail") },
  { path: "/appeals", title: "appeal.title", roles: ["center_head"], icon: "scales", load: () => import("./pages/Appeals") },
  { path: "/duty", title: "duty.title", roles: ["center_head"], icon: "calendar", load: () => import("./pages/duty/Duty") },
  { path: "/me", title: "me.title", roles: ["staff"], icon: "person", load: () => import("./pages/me/Summary") },
  { path: "/me/data", title: "me.rights", roles: ["staff"], icon: "shield", load: () => import("./pages/me/Data") },
  { path: "/accounts", title: "account.title", roles: ["administrator"], icon: "people", load: () => import("./pages/Accounts") },
  { path: "/directory", title: "directory.title", roles: ["administrator"], icon: "board", load: () => import("./pages/Directory") },
  { path: "/holidays", title: "public_calendar.title", roles: ["administrator"], icon: "calendar", load: () => import("./pages/Holidays") },
  { path: "/aggregate", title: "aggregate.title", roles: ["auditor"], icon: "chart", load: () => import("./pages/Aggregate") },
  { path: "/access-log", title: "audit.title", roles: ["auditor"], icon: "shield", load: () => import("./pages/AccessLog") },
  { path: "/fleet", title: "fleet.title", roles: ["installer", "administrator", "center_head"], icon: "camera", load: () => import("./pages/fleet/Fleet") },
  { path: "/fleet/enrol", title: "fleet.enrol", roles: ["installer", "administrator"], under: "/fleet", load: () => import("./pages/fleet/Enrol") },
  { path: "/fleet/:hall/:agent", title: "fleet.agent", roles: ["installer", "administrator", "center_head"], under: "/fleet", load: () => import("./pages/fleet/Agent") },
  { path: "/retention", title: "retention.title", roles: ["auditor", "administrator"], icon: "clock", load: () => import("./pages/Retention") },
  { path: "/retention", title: "retention.title", roles: ["center_head", "staff", "installer"], load: () => import("./pages/Retention") },
  { path: "/security", title: "security.title", roles: EVERYBODY, load: () => import("./pages/Security") },
  { path: "/policy", title: "policy.title", roles: ["center_head", "administrator", "installer", "auditor", "staff"], icon: "rules", load: () => import("./pages/policy/Policy") },
  { path: "/reports", title: "report.title", roles: ["center_head"], icon: "chart", load: () => import("./pages/Reports") },
  { path: "/notifications", title: "notify.title", roles: ["center_head"], icon: "bell", load: () => import("./pages/Notifications") },
  { path: "/reports/paper", title: "report.paper_title", roles: ["center_head"], bare: true, load: () => import("./pages/Paper") },
];

/** A screen on a wall: whoever has its link, and nobody signed in. */
export const WALL: PageEntry = { path: "/wall", title: "floor.walls", roles: [], bare: true, load: () => import("./pages/Wall") };

/** Begins to fetch the code of what is at an address, before it is known who asks. */
export function foresee(path: string): void {
  for (const page of PAGES) if (match(page.path, path)) page.load().catch(() => undefined);
}

/** A role's entries of the navigation. */
export function navigation(role: Role, pages: readonly PageEntry[] = PAGES): PageEntry[] {
  return pages.filter((page) => page.icon !== undefined && page.roles.includes(role));
}

/** Where a role begins. */
export function home(role: Role, pages: readonly PageEntry[] = PAGES): string {
  return navigation(role, pages)[0]?.path ?? "/";
}

export type Found = { page: PageEntry; params: Record<string, string> };

/** The page at an address, if there is one for the role. */
export function find(path: string, role: Role, pages: readonly PageEntry[] = PAGES): Found | null {
  for (const page of pages) {
    const params = page.roles.includes(role) ? match(page.path, path) : null;
    if (params !== null) return { page, params };
  }
  return null;
}
