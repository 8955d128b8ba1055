/** The board's state and how live messages change it; pure, so that it can be tested without a server. */

import type { Agent, ConductEvent, Hall, Problem, Severity } from "./api";

export type Message =
  | { kind: "opened" | "updated" | "closed" | "reviewed"; event: ConductEvent; ring: boolean }
  | { kind: "health"; problem: Problem }
  | { kind: "status"; agent: Agent }
  | { kind: "duty"; hall: string };

/** What an alert needs to be shown: the event and the names people use. */
export interface Alert {
  event: ConductEvent;
  hall: string;
  place: string;
}

const ORDER: Record<Severity, number> = { critical: 0, warning: 1, info: 2 };

/** The halls after a message. A message can come twice: applying it again changes nothing. */
export function apply(halls: Hall[], message: Message): Hall[] {
  switch (message.kind) {
    case "health":
      return halls.map((hall) => (hall.id === message.problem.hall ? withProblem(hall, message.problem) : hall));
    case "duty":
      return halls;
    case "status":
      return halls.map((hall) => (hall.id === message.agent.hall ? withAgent(hall, message.agent) : hall));
    default:
      return halls.map((hall) => (hall.id === message.event.hall ? withEvent(hall, message.event) : hall));
  }
}

/** Whether the message tells of a hall, window, zone or agent that the board does not have: then it must be fetched anew. */
export function isNews(halls: Hall[], message: Message): boolean {
  if (message.kind === "duty") return true;
  const hallId = message.kind === "health" ? message.problem.hall : message.kind === "status" ? message.agent.hall : message.event.hall;
  const hall = halls.find((h) => h.id === hallId);
  if (!hall) return true;
  if (message.kind === "status") return !hall.agents.some((a) => a.id === message.agent.id);
  if (message.kind === "health") return !hall.agents.some((a) => a.id === message.problem.agent);
  const { window, zone } = message.event;
  return window !== null ? !hall.windows.some((w) => w.id === window) : !hall.zones.some((z) => z.id === zone);
}

/** Whether what can be observed may have changed, which only the server decides. */
export function changesObservation(message: Message): boolean {
  return message.kind === "health" || message.kind === "status";
}

function put<T extends { id: string }>(list: readonly T[], item: T, keep: boolean): T[] {
  const rest = list.filter((other) => other.id !== item.id);
  return keep ? [...rest, item] : rest;
}

function withEvent(hall: Hall, event: ConductEvent): Hall {
  const open = event.closed_at === null && !event.historical && event.suspended === null;
  const change = <P extends { id: string; events?: ConductEvent[] | null }>(place: P, id: string | null): P =>
    place.id === id ? { ...place, events: put(place.events ?? [], event, open) } : place;
  return {
    ...hall,
    windows: hall.windows.map((w) => change(w, event.window)),
    zones: hall.zones.map((z) => change(z, event.zone)),
  };
}

function withProblem(hall: Hall, problem: Problem): Hall {
  const open = problem.cleared_at === null;
  return {
    ...hall,
    windows: hall.windows.map((w) => (problem.windows.includes(w.id) ? { ...w, problems: put(w.problems, problem, open) } : w)),
    agents: hall.agents.map((a) => (a.id === problem.agent ? { ...a, problems: put(a.problems, problem, open) } : a)),
  };
}

function withAgent(hall: Hall, agent: Agent): Hall {
  return { ...hall, agents: hall.agents.map((a) => (a.id === agent.id ? { ...agent, problems: a.problems } : a)) };
}

/** Whether somebody put it aside until a time that has not come. */
export function isSnoozed(event: ConductEvent, now: number): boolean {
  return event.snooze !== null && Date.parse(event.snooze.until) > now;
}

/** Every open alert, the most urgent first; not yet acknowledged before acknowledged; then the newest first. */
export function alerts(halls: Hall[], zoneName: (id: string) => string): Alert[] {
  const all = halls.flatMap((hall) => [
    ...hall.windows.flatMap((w) => (w.events ?? []).map((event) => ({ event, hall: hall.name, place: w.name }))),
    ...hall.zones.flatMap((z) => (z.events ?? []).map((event) => ({ event, hall: hall.name, place: zoneName(z.id) }))),
  ]);
  return all.sort(
    (a, b) =>
      Number(a.event.acknowledged !== null) - Number(b.event.acknowledged !== null) ||
      ORDER[a.event.severity] - ORDER[b.event.severity] ||
      b.event.opened_at.localeCompare(a.event.opened_at) ||
      a.event.id.localeCompare(b.event.id),
  );
}

/** The most urgent severity among events; null where there is none. */
export function worst(events: readonly ConductEvent[]): Severity | null {
  return events.reduce<Severity | null>((worst, e) => (worst === null || ORDER[e.severity] < ORDER[worst] ? e.severity : worst), null);
}
