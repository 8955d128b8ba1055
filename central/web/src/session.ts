/** Who is signed in. */

import { signal } from "@preact/signals";
import { ApiError, type Role, type Session, api, whenSignedOut } from "./api";
import { connect, disconnect } from "./live";

/** undefined: not yet known; null: signed out. */
export const session = signal<Session | null | undefined>(undefined);
export const unreachable = signal(false);
/** Whether the session ended by itself, and not because somebody left: the sign-in says so. */
export const expired = signal(false);

/** The roles whose pages follow the live stream. */
const LIVE: readonly Role[] = ["center_head"];

/** Whether this role's pages follow the live stream. */
export function isLive(role: Role): boolean {
  return LIVE.includes(role);
}

export function signedIn(next: Session): void {
  expired.value = false;
  session.value = next;
  if (isLive(next.account.role) && !next.account.must_change_password) connect(signedOut);
}

export function signedOut(): void {
  expired.value = Boolean(session.value);
  disconnect();
  session.value = null;
}

/** Goes on with the session of the cookie, if there is one; waits for a server that cannot be reached. */
export async function resume(): Promise<void> {
  try {
    signedIn(await api.session());
    unreachable.value = false;
  } catch (error) {
    unreachable.value = error instanceof ApiError && error.status !== 401;
    if (unreachable.value) setTimeout(() => void resume(), 3000);
    else session.value = null;
  }
}

export async function leave(): Promise<void> {
  await api.signOut().catch(() => undefined);
  signedOut();
  expired.value = false;
}

whenSignedOut(signedOut);
