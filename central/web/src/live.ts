/** The live connection: what the halls look like now, and whether that can be believed. */

import { computed, signal } from "@preact/signals";
import { type Agent, type ConductEvent, type Hall, type Problem, api } from "./api";
import { type Message, alerts, apply, changesObservation, isNews } from "./board";
import { t } from "./i18n";
import { ring } from "./sound";

export type Link = "connecting" | "live" | "lost";

export const halls = signal<Hall[]>([]);
export const link = signal<Link>("connecting");
/** The hall that an address asks for, if it is one of the account's, else its first; empty while none is known. */
export function hallOf(query: URLSearchParams): string {
  return (halls.value.find((hall) => hall.id === query.get("hall")) ?? halls.value[0])?.id ?? "";
}
export const openAlerts = computed(() => alerts(halls.value, (zone) => t("ui.zone", { zone })));

let source: EventSource | null = null;
let refetch: ReturnType<typeof setTimeout> | null = null;
let generation = 0;

/** Opens the stream; each (re)connection fetches the halls, so that nothing is missed between. */
export function connect(onSignedOut: () => void): void {
  disconnect();
  const mine = ++generation;
  const stream = new EventSource("/api/v1/alerts/stream");
  source = stream;
  const current = () => generation === mine;

  const load = async (): Promise<void> => {
    try {
      const answer = await api.halls();
      if (!current()) return;
      halls.value = answer.halls;
      if (stream.readyState === EventSource.OPEN) link.value = "live";
    } catch (error) {
      if (!current()) return;
      link.value = "lost";
      if ((error as { status?: number }).status === 401) onSignedOut();
      else soon(load, 2000);
    }
  };
  const listen = (name: string, handle: (data: unknown) => void) =>
    stream.addEventListener(name, (message) => current() && handle(JSON.parse((message as MessageEvent<string>).data)));
  const take = (message: Message): void => {
    link.value = "live";
    if (isNews(halls.value, message)) soon(load, 50);
    else halls.value = apply(halls.value, message);
    if (changesObservation(message)) soon(load, 300);
  };

  listen("ready", () => void load());
  listen("resync", () => void load());
  for (const kind of ["opened", "updated", "closed", "reviewed"] as const) {
    listen(kind, (data) => {
      const { event, ring: rings } = data as { event: ConductEvent; ring: boolean };
      take({ kind, event, ring: rings });
      if (kind === "opened" && rings) ring(event.severity);
    });
  }
  listen("health", (data) => take({ kind: "health", problem: (data as { problem: Problem }).problem }));
  listen("duty", (data) => take({ kind: "duty", hall: (data as { hall: string }).hall }));
  listen("status", (data) => take({ kind: "status", agent: (data as { agent: Agent }).agent }));
  // The first view does not wait for the stream; its greeting fetches again, for what came between.
  void load();
  stream.onerror = () => {
    if (!current()) return;
    link.value = "lost";
    // A browser gives up where the server refuses; asking for the halls tells why, and then the stream is opened again.
    if (stream.readyState === EventSource.CLOSED) {
      void load();
      setTimeout(() => current() && connect(onSignedOut), 3000);
    }
  };
}

/** Several reasons to fetch become one fetch. */
function soon(load: () => Promise<void>, ms: number): void {
  if (refetch !== null) return;
  refetch = setTimeout(() => {
    refetch = null;
    void load();
  }, ms);
}

export function disconnect(): void {
  generation++;
  source?.close();
  source = null;
  if (refetch !== null) clearTimeout(refetch);
  refetch = null;
  link.value = "connecting";
}

/** Says "seen" for an alert; the answer comes back over the stream as well. */
export async function acknowledge(id: string): Promise<void> {
  const event = await api.acknowledge(id);
  halls.value = apply(halls.value, { kind: "reviewed", event, ring: false });
}
