/** What the agent offers, by its own description: a part whose route is not there does not show. */

import { signal } from "@preact/signals";
import { api } from "./api";

const ROUTES = {
  proposal: "/api/cameras/{id}/proposal",
  lines: "/api/cameras/{id}/lines",
  level: "/api/cameras/{id}/level",
  realign: "/api/cameras/{id}/realign",
  reference: "/api/windows/{id}/reference",
  items: "/api/windows/{id}/items",
  analysis: "/api/analysis",
  trial: "/api/trial",
  selfTest: "/api/selftest",
} as const;

export type Part = keyof typeof ROUTES;

const there = signal<ReadonlySet<string>>(new Set());

export function offers(part: Part): boolean {
  return there.value.has(ROUTES[part]);
}

export async function lookForOffers(): Promise<void> {
  there.value = new Set(Object.keys((await api.description()).paths));
}
