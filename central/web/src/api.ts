/** Central's HTTP API as this page uses it; the whole of it is described by /api/v1/openapi.json. */

export type Lang = "zh-CN" | "en";
export type Text = Record<Lang, string>;
export type Severity = "info" | "warning" | "critical";

export interface Session {
  account: { name: string; role: string; halls: string[]; all_halls: boolean };
  csrf: string;
  expires_at: string;
}

/** One episode of one rule at one window or zone. */
export interface ConductEvent {
  id: string;
  hall: string;
  agent: string;
  window: string | null;
  zone: string | null;
  rule: string;
  article: string;
  severity: Severity;
  opened_at: string;
  raised_at: string | null;
  updated_at: string;
  closed_at: string | null;
  close_reason: string | null;
  confidence: number;
  evidence: { hit_ratio: number; observed_s: number; unknown_s: number; items?: string[]; people?: number | null };
  historical: boolean;
  acknowledged: { by: string; at: string } | null;
  title: Text;
  reason: Text;
}

export interface Problem {
  id: string;
  hall: string;
  agent: string;
  kind: string;
  camera: string | null;
  windows: string[];
  raised_at: string;
  cleared_at: string | null;
  title: Text;
}

export interface Agent {
  id: string;
  hall: string;
  online: boolean;
  version: string | null;
  since: string | null;
  seen_at: string;
  applied: { version: string; ok: boolean; problems: string[]; at: string } | null;
  problems?: Problem[];
}

export interface WindowView {
  id: string;
  name: string;
  agent: string | null;
  state: "observed" | "unknown";
  unknown_because: Text | null;
  events?: ConductEvent[];
  problems: Problem[];
}

export interface ZoneView {
  id: string;
  agent: string;
  events?: ConductEvent[];
}

export interface Hall {
  id: string;
  name: string;
  windows: WindowView[];
  zones: ZoneView[];
  agents: Agent[];
}

export interface EventPage {
  events: ConductEvent[];
  page: number;
  per_page: number;
  total: number;
}

export interface EventDetail {
  event: ConductEvent;
  messages: {
    seq: number;
    phase: "opened" | "updated" | "closed";
    at: string;
    stored_at: string;
    confidence: number;
    evidence: ConductEvent["evidence"];
  }[];
  policy: string;
  calibration: string;
  models: Record<string, string>;
}

/** What the server said instead of an answer (RFC 9457), or that it could not be reached. */
export class ApiError extends Error {
  constructor(
    readonly kind: string,
    readonly status: number,
    readonly retryAfterS: number | null,
  ) {
    super(kind);
  }
}

let csrf = "";

async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
  const headers: Record<string, string> = {};
  if (body !== undefined) headers["content-type"] = "application/json";
  if (method !== "GET") headers["x-csrf-token"] = csrf;
  const init: RequestInit = { method, headers };
  if (body !== undefined) init.body = JSON.stringify(body);
  const response = await fetch(`/api/v1${path}`, init).catch(() => {
    throw new ApiError("unreachable", 0, null);
  });
  if (response.ok) return (response.status === 204 ? undefined : await response.json()) as T;
  const problem = (await response.json().catch(() => ({}))) as { type?: string };
  const kind = problem.type?.split("#")[1] ?? "internal";
  throw new ApiError(kind, response.status, Number(response.headers.get("retry-after")) || null);
}

function remember(session: Session): Session {
  csrf = session.csrf;
  return session;
}

export const api = {
  session: async () => remember(await call<Session>("GET", "/session")),
  signIn: async (name: string, password: string) => remember(await call<Session>("POST", "/session", { name, password })),
  signOut: () => call<void>("DELETE", "/session"),
  halls: () => call<{ cursor: number; halls: Hall[] }>("GET", "/halls"),
  events: (filters: URLSearchParams) => call<EventPage>("GET", `/events?${filters}`),
  event: (id: string) => call<EventDetail>("GET", `/events/${encodeURIComponent(id)}`),
  acknowledge: (id: string) => call<ConductEvent>("POST", `/events/${encodeURIComponent(id)}/acknowledge`),
};
