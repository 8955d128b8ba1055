/**
 * The agent's calibration API. Paths and types come from its own description (calibration/openapi.json); `npm run schema`
 * writes them. Every failure is an [`ApiError`] whose `kind` is the problem's code. Central's page asks through
 * openapi-fetch; that knows no read-only types (0.17), and undo here keeps drafts because nothing can change them.
 */

import { ApiError } from "@central/failure";
import type { components, paths } from "./schema";

export { ApiError };

type Schemas = components["schemas"];

export type Draft = Schemas["Draft"];
export type Hello = Schemas["Hello"];
export type Camera = Schemas["CameraView"];
/** What of a draft is meant. */
export type Place = Schemas["Place"];
export type Finding = Schemas["Finding"];
export type Values = Finding["values"];
export type Checked = Schemas["Findings"];
export type Calibration = Schemas["InForce"];
export type Proposal = Schemas["ProposalView"];
/** What a signal says: a value, or why it cannot tell; of a desk also what is on it. */
export type Said = Schemas["Said"];
export type OnDesk = Schemas["OnDesk"];
export type Analysis = Schemas["Analysis"];
export type Box = Schemas["Shot"]["box"];
export type Reference = Schemas["Reference"];
export type Items = Schemas["Items"];
export type Trial = Schemas["Tried"];
export type SelfTest = Schemas["Test"];
export type Version = Schemas["Version"];
export type VersionChange = Schemas["Change"];

let onSignedOut = (): void => undefined;

/** What happens when the agent no longer knows who asks. */
export function whenSignedOut(act: () => void): void {
  onSignedOut = act;
}

type Verb = "get" | "post" | "put" | "delete";
/** The paths that know a verb. */
type Path<V extends Verb> = { [P in keyof paths]: paths[P][V] extends object ? P : never }[keyof paths];
type Operation<V extends Verb, P extends Path<V>> = NonNullable<paths[P][V]>;
type Content<T> = T extends { content: infer C } ? C[keyof C] : void;
/** What is answered where all is well. */
type Answer<O> = O extends { responses: infer R } ? { [S in keyof R]: S extends 200 | 202 | 204 ? Content<R[S]> : never }[keyof R] : never;
type Parameters<O> = O extends { parameters: infer P } ? P : never;
/** What has to be said with a request. */
type Needed<O> = (Parameters<O> extends { path: infer P } ? { path: P } : unknown) &
  (Parameters<O> extends { query?: infer Q } ? (Q extends object ? { query: Q } : unknown) : unknown) &
  (O extends { requestBody: { content: infer B } } ? { body: B[keyof B] } : unknown);
interface Asked {
  path?: Readonly<Record<string, string>>;
  query?: Readonly<Record<string, unknown>>;
  body?: unknown;
}

async function send(verb: Verb, path: string, { path: places = {}, query = {}, body }: Asked): Promise<Response> {
  const address = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(places[name] ?? ""));
  const more = new URLSearchParams(Object.entries(query).map(([name, value]) => [name, String(value)])).toString();
  // No form and no foreign page can send this header.
  const headers: Record<string, string> = { "x-requested-with": "chuangming" };
  const isText = typeof body === "string";
  if (body !== undefined) headers["content-type"] = isText ? "text/plain" : "application/json";
  const sent = { method: verb.toUpperCase(), headers, ...(body !== undefined && { body: isText ? body : JSON.stringify(body) }) };
  const response = await fetch(more === "" ? address : `${address}?${more}`, sent).catch(() => {
    throw new ApiError("unreachable", 0, null);
  });
  if (response.ok) return response;
  const said = (await response.json().catch(() => ({}))) as { code?: string; detail?: string };
  if (response.status === 401 && path !== "/api/session") onSignedOut();
  const wait = Number(response.headers.get("retry-after")) || null;
  throw new ApiError(said.code ?? (response.status === 404 ? "not_found" : "internal"), response.status, wait, said.detail ?? null);
}

/** Calls an operation of the description: its parameters and body go in, its answer comes out. */
async function ask<V extends Verb, P extends Path<V>>(verb: V, path: P, asked: Needed<Operation<V, P>>): Promise<Answer<Operation<V, P>>> {
  const text = await (await send(verb, path, asked as Asked)).text();
  return (text === "" ? undefined : JSON.parse(text)) as Answer<Operation<V, P>>;
}

/** A picture as it comes: a JPEG. */
export interface Picture {
  jpeg: Blob;
  at: string;
  /** How many seconds old it was when it came. */
  age: number;
}

/** How a picture is wanted; `clear` heads are noted in the agent's log, `max` is the longer side in pixels, 0 as the camera has it. */
export type Look = Required<NonNullable<paths["/api/cameras/{id}/picture"]["get"]["parameters"]["query"]>>;

const of = (id: string) => ({ path: { id } });

export const api = {
  description: async () => (await (await send("get", "/api/openapi.json", {})).json()) as { paths: Record<string, unknown> },
  hello: () => ask("get", "/api/hello", {}),
  session: () => ask("get", "/api/session", { query: {} }),
  /** Somebody is here: looking at pictures alone does not keep a session open. */
  stillHere: () => ask("get", "/api/session", { query: { active: 1 } }),
  signIn: (code: string) => ask("post", "/api/session", { body: { code } }),
  signOut: () => ask("delete", "/api/session", {}),

  cameras: () => ask("get", "/api/cameras", {}),
  picture: async (id: string, look: Look): Promise<Picture> => {
    const response = await send("get", "/api/cameras/{id}/picture", { path: { id }, query: look });
    const [at, age] = ["x-frame-at", "x-frame-age"].map((name) => response.headers.get(name));
    return { jpeg: await response.blob(), at: at!, age: Number(age) };
  },
  lines: (id: string) => ask("get", "/api/cameras/{id}/lines", of(id)),
  analysis: (camera: string) => ask("get", "/api/analysis", { query: { camera } }),
  propose: (id: string) => ask("post", "/api/cameras/{id}/proposal", of(id)),
  proposal: (id: string) => ask("get", "/api/cameras/{id}/proposal", of(id)),
  level: (id: string, by: Schemas["LevelBy"]["by"]) => ask("post", "/api/cameras/{id}/level", { ...of(id), body: { by } }),
  realign: (id: string) => ask("post", "/api/cameras/{id}/realign", of(id)),

  calibration: () => ask("get", "/api/calibration", {}),
  check: (draft: Draft) => ask("post", "/api/calibration/check", { body: { draft } }),
  save: (draft: Draft, expected: string) => ask("put", "/api/calibration", { body: { draft, expected } }),
  history: () => ask("get", "/api/history", {}),
  difference: (version: string, against: string) => ask("get", "/api/history/{version}", { path: { version }, query: { against } }),
  goBack: (version: string) => ask("post", "/api/history/{version}/return", { path: { version } }),
  importToml: (text: string) => ask("post", "/api/calibration/import", { body: text }),

  learn: (id: string) => ask("post", "/api/windows/{id}/reference", of(id)),
  reference: (id: string) => ask("get", "/api/windows/{id}/reference", of(id)),
  forget: (id: string) => ask("delete", "/api/windows/{id}/reference", of(id)),
  items: (id: string) => ask("get", "/api/windows/{id}/items", of(id)),
  teach: (id: string, name: string, box: Box) => ask("post", "/api/windows/{id}/items", { ...of(id), body: { name, box } }),
  forgetItem: (id: string, name: string) => ask("delete", "/api/windows/{id}/items/{name}", { path: { id, name } }),

  startTrial: (draft: Draft) => ask("post", "/api/trial", { body: { draft } }),
  trial: () => ask("get", "/api/trial", {}),
  endTrial: () => ask("delete", "/api/trial", {}),
  startSelfTest: (window: string) => ask("post", "/api/selftest", { body: { window } }),
  selfTest: () => ask("get", "/api/selftest", {}),
  skip: (step: string) => ask("post", "/api/selftest/steps/{step}/skip", { path: { step } }),
  endSelfTest: () => ask("delete", "/api/selftest", {}),
};
