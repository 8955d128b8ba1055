/** The agent's calibration API (calibration/openapi.json). Every failure is an [`ApiError`] whose `kind` is the problem's code. */

import { ApiError } from "@central/failure";
import type { Draft, LensDraft } from "./editor/draft";
import type { Polygon } from "./editor/geometry";
import type { Segment } from "./editor/snap";

export { ApiError };

export interface Hello {
  hall: string;
  agent: string;
  fingerprint: string;
  version: string;
}

export interface Camera {
  id: string;
  state: "ok" | "offline" | "frozen" | "dark" | "covered" | "moved" | "starting";
  width: number;
  height: number;
  fps: number;
  /** Without figures where nothing of what it looked at is found. */
  moved?: { since: string; dx?: number; dy?: number; roll_deg?: number; scale?: number };
  windows: number;
}

/** What of a draft is meant. */
export interface Place {
  kind: "window" | "zone" | "mask" | "lens";
  /** A window's or zone's id, a mask's place in its list from 1, a lens's camera. */
  id: string;
  index: number;
  part?: string;
  corner?: number;
}

export type Values = Record<string, number | string>;

export interface Finding {
  place: Place;
  code: string;
  values: Values;
}

export interface Checked {
  problems: Finding[];
  warnings: Finding[];
}

export interface Calibration {
  draft: Draft;
  version: string;
  saved_at?: string;
}

export interface Proposal {
  state: "idle" | "watching" | "done" | "failed";
  seconds: number;
  of: number;
  windows: { seat: Polygon; desk: Polygon | null; seen: number }[];
}

/** What a signal says: a value, or why it cannot tell. */
export interface Said {
  value?: string;
  confidence: number;
  reason?: string;
  /** What lies on a desk. */
  items?: { class: string }[];
}

export type Box = [x: number, y: number, width: number, height: number];

export interface Item {
  class: string;
  box: Box;
  confidence: number;
}

export interface Analysis {
  windows: Record<string, Partial<Record<"presence" | "posture" | "badge" | "smoking" | "desk", Said>>>;
}

export interface Reference {
  state: "none" | "learning" | "learnt" | "refused" | "failed";
  reason?: string;
  seconds: number;
  of: number;
  lights: number;
  learnt_at?: string;
}

export interface Items {
  /** `custom` names an item that was taught here. */
  items: (Item & { custom?: string; permitted: boolean; required: boolean })[];
  custom: { name: string; shots: number; learnt_at: string }[];
}

export interface Level {
  lens: LensDraft;
  quality: { segments?: number; corners?: number; residual_px: number };
}

export interface Trial {
  observed_s: Record<string, number>;
  events: { window: string; rule: string; opened_at: string; closed_at?: string; confidence: number }[];
}

export interface SelfTest {
  window: string;
  running: boolean;
  steps: { step: string; state: "waiting" | "seen" | "skipped"; seen_at?: string; now?: Said }[];
}

export interface Version {
  version: string;
  saved_at: string;
  by: "page" | "central" | "file" | "return";
  current: boolean;
}

export interface VersionChange {
  kind: string;
  place: Place;
  values: Values;
}

let onSignedOut = (): void => undefined;

/** What happens when the agent no longer knows who asks. */
export function whenSignedOut(act: () => void): void {
  onSignedOut = act;
}

async function send(method: string, path: string, body?: BodyInit, type = "application/json"): Promise<Response> {
  const headers: Record<string, string> = { "x-requested-with": "chuangming" };
  if (body !== undefined) headers["content-type"] = type;
  const response = await fetch(path, { method, headers, ...(body !== undefined && { body }) }).catch(() => {
    throw new ApiError("unreachable", 0, null);
  });
  if (response.ok) return response;
  const said = (await response.json().catch(() => ({}))) as { code?: string; detail?: string };
  if (response.status === 401 && path !== "/api/session") onSignedOut();
  const wait = Number(response.headers.get("retry-after")) || null;
  throw new ApiError(said.code ?? (response.status === 404 ? "not_found" : "internal"), response.status, wait, said.detail ?? null);
}

async function ask<T>(method: string, path: string, body?: unknown): Promise<T> {
  const response = await send(method, path, body === undefined ? undefined : JSON.stringify(body));
  const text = await response.text();
  return (text === "" ? undefined : JSON.parse(text)) as T;
}

const get = <T>(path: string) => ask<T>("GET", path);
const camera = (id: string) => `/api/cameras/${encodeURIComponent(id)}`;
const window_ = (id: string) => `/api/windows/${encodeURIComponent(id)}`;

export interface Picture {
  bitmap: ImageBitmap;
  at: string | null;
}

/** How a picture is wanted. */
export interface Look {
  /** `clear` is noted in the agent's log. */
  heads: "pixelated" | "clear";
  draw: "none" | "analysis";
  /** The longer side in pixels; 0: as the camera has it. */
  max: number;
}

export const api = {
  description: () => get<{ paths: Record<string, unknown> }>("/api/openapi.json"),
  hello: () => get<Hello>("/api/hello"),
  session: () => get<{ idle_left_s: number }>("/api/session"),
  /** Somebody is here: looking at pictures alone does not keep a session open. */
  stillHere: () => get<void>("/api/session?active=1"),
  signIn: (code: string) => ask<void>("POST", "/api/session", { code }),
  signOut: () => ask<void>("DELETE", "/api/session"),

  cameras: () => get<Camera[]>("/api/cameras"),
  picture: async (id: string, { heads, draw, max }: Look): Promise<Picture> => {
    const response = await send("GET", `${camera(id)}/picture?heads=${heads}&draw=${draw}&max=${max}`);
    return { bitmap: await createImageBitmap(await response.blob()), at: response.headers.get("x-frame-at") };
  },
  lines: (id: string) => get<{ segments: Segment[] }>(`${camera(id)}/lines`),
  analysis: (id: string) => get<Analysis>(`/api/analysis?camera=${encodeURIComponent(id)}`),
  propose: (id: string) => ask<void>("POST", `${camera(id)}/proposal`),
  proposal: (id: string) => get<Proposal>(`${camera(id)}/proposal`),
  level: (id: string, by: "edges" | "chart") => ask<Level>("POST", `${camera(id)}/level`, { by }),
  realign: (id: string) => ask<{ draft: Draft }>("POST", `${camera(id)}/realign`),

  calibration: () => get<Calibration>("/api/calibration"),
  check: (draft: Draft) => ask<Checked>("POST", "/api/calibration/check", { draft }),
  save: (draft: Draft, expected: string) => ask<{ version: string }>("PUT", "/api/calibration", { draft, expected }),
  history: () => get<Version[]>("/api/history"),
  difference: (version: string, against: string) =>
    get<{ changes: VersionChange[] }>(`/api/history/${encodeURIComponent(version)}?against=${encodeURIComponent(against)}`),
  goBack: (version: string) => ask<{ version: string }>("POST", `/api/history/${encodeURIComponent(version)}/return`),
  importToml: async (text: string): Promise<{ draft: Draft }> => (await send("POST", "/api/calibration/import", text, "text/plain")).json(),

  learn: (id: string) => ask<void>("POST", `${window_(id)}/reference`),
  reference: (id: string) => get<Reference>(`${window_(id)}/reference`),
  forget: (id: string) => ask<void>("DELETE", `${window_(id)}/reference`),
  items: (id: string) => get<Items>(`${window_(id)}/items`),
  teach: (id: string, name: string, box: Box) => ask<void>("POST", `${window_(id)}/items`, { name, box }),
  forgetItem: (id: string, name: string) => ask<void>("DELETE", `${window_(id)}/items/${encodeURIComponent(name)}`),

  startTrial: (draft: Draft) => ask<void>("POST", "/api/trial", { draft }),
  trial: () => get<Trial>("/api/trial"),
  endTrial: () => ask<void>("DELETE", "/api/trial"),
  startSelfTest: (id: string) => ask<void>("POST", "/api/selftest", { window: id }),
  selfTest: () => get<SelfTest>("/api/selftest"),
  skip: (step: string) => ask<void>("POST", `/api/selftest/steps/${step}/skip`),
  endSelfTest: () => ask<void>("DELETE", "/api/selftest"),
};

