/** Who is signed in, and to which agent. */

import { signal } from "@preact/signals";
import { ApiError, type Hello, api, whenSignedOut } from "./api";

export const hello = signal<Hello | null>(null);
/** undefined: not yet known. */
export const signedIn = signal<boolean | undefined>(undefined);
/** Whether a session has ended by itself. */
export const ended = signal(false);
export const unreachable = signal(false);

/** The one-time code of the address that the QR code carries (`#code=…`), and it goes from the address bar. */
export function codeOfAddress(): string {
  const code = new URLSearchParams(location.hash.slice(1)).get("code") ?? "";
  if (code !== "") history.replaceState(null, "", location.pathname);
  return code.replace(/[^0-9a-f]/g, "");
}

/** Goes on with the session of the cookie, if there is one; waits for an agent that cannot be reached. */
export async function resume(): Promise<void> {
  try {
    hello.value ??= await api.hello();
    await api.session();
    signedIn.value = true;
    unreachable.value = false;
  } catch (error) {
    unreachable.value = !(error instanceof ApiError) || error.status !== 401;
    if (unreachable.value) setTimeout(() => void resume(), 2000);
    else signedIn.value = false;
  }
}

export async function leave(): Promise<void> {
  await api.signOut().catch(() => undefined);
  signedIn.value = false;
}

const TOLD_EVERY_MS = 60_000;
let told = 0;

/** Tells the agent, at most once a minute, that somebody works with the page. */
function tellOfWork(): void {
  if (signedIn.peek() !== true || Date.now() - told < TOLD_EVERY_MS) return;
  told = Date.now();
  api.stillHere().catch(() => undefined);
}
for (const deed of ["pointerdown", "keydown"]) addEventListener(deed, tellOfWork, { passive: true });

whenSignedOut(() => {
  ended.value = signedIn.peek() === true;
  signedIn.value = false;
});
