/** Central's HTTP API. Paths and types come from its own description (central/openapi.json); `npm run schema` writes them. */

import createClient, { type Middleware } from "openapi-fetch";
import { ApiError } from "./failure";
import type { components, paths } from "./schema";

export { ApiError };

type Schemas = components["schemas"];
/** A type of the API by its name in the description. */
export type Schema<Name extends keyof Schemas> = Schemas[Name];

export type { Lang } from "./i18n";
export type Text = Schema<"Localised">;
export type Session = Schema<"Session">;
export type Role = Session["account"]["role"];
/** One episode of one rule at one window or zone. */
export type ConductEvent = Schema<"Event">;
export type Severity = ConductEvent["severity"];
export type Problem = Schema<"Problem">;
export type Agent = Schema<"Agent">;
/** An agent with what is wrong with it now. */
export type HallAgent = Schema<"HallAgent">;
export type WindowView = Schema<"Window">;
export type ZoneView = Schema<"Zone">;
export type Hall = Schema<"Hall">;

let csrf = "";
let onSignedOut = (): void => undefined;

/** What happens when the server no longer knows who asks. */
export function whenSignedOut(act: () => void): void {
  onSignedOut = act;
}

/** A fresh key: the server answers a repeated request with the same key as it answered the first. */
function freshKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function failure(response: Response): Promise<ApiError> {
  const said = (await response.json().catch(() => ({}))) as { type?: string; detail?: string };
  const wait = Number(response.headers.get("retry-after")) || null;
  return new ApiError(said.type?.split("#")[1] ?? "internal", response.status, wait, said.detail ?? null, said);
}

/** An unsafe request that got no answer is sent once more: its key keeps it from being done twice. */
async function send(request: Request): Promise<Response> {
  const again = request.headers.has("idempotency-key") ? request.clone() : null;
  try {
    return await fetch(request);
  } catch {
    if (again === null) throw new ApiError("unreachable", 0, null);
    await new Promise((next) => setTimeout(next, 800));
    return fetch(again).catch(() => {
      throw new ApiError("unreachable", 0, null);
    });
  }
}

const manners: Middleware = {
  onRequest({ request }) {
    if (request.method === "GET") return undefined;
    if (csrf !== "") request.headers.set("x-csrf-token", csrf);
    if (!request.headers.has("idempotency-key")) request.headers.set("idempotency-key", freshKey());
    return request;
  },
  async onResponse({ response, schemaPath }) {
    if (response.ok) return undefined;
    const error = await failure(response);
    if (error.kind === "unauthenticated" && schemaPath !== "/api/v1/session") onSignedOut();
    throw error;
  },
};

/** The typed client: `await data(client.GET("/api/v1/events", { params: { query: { page: 2 } } }))`. */
export const client = createClient<paths>({ fetch: send });
client.use(manners);

/** The answer of a call; every failure is an [`ApiError`]. */
export async function data<T>(call: Promise<{ data?: T }>): Promise<T> {
  return (await call).data as T;
}

function remember(session: Session): Session {
  csrf = session.csrf;
  return session;
}

/** For signing in and what the live board needs; pages call `client` themselves. */
export const api = {
  session: async () => remember(await data(client.GET("/api/v1/session"))),
  signIn: async (name: string, password: string, code: string | null) =>
    remember(await data(client.POST("/api/v1/session", { body: { name, password, code } }))),
  signOut: () => client.DELETE("/api/v1/session"),
  halls: () => data(client.GET("/api/v1/halls")),
  event: (id: string) => data(client.GET("/api/v1/events/{id}", { params: { path: { id } } })),
  acknowledge: (id: string) =>
    data(client.PUT("/api/v1/events/{id}/acknowledgement", { params: { path: { id } } })),
};
