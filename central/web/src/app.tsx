import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { ApiError, type Session, api } from "./api";
import { TopBar } from "./components/TopBar";
import { t } from "./i18n";
import { connect, disconnect, openAlerts } from "./live";
import { Board } from "./pages/Board";
import { EventDetailPage } from "./pages/EventDetail";
import { Events } from "./pages/Events";
import { SignIn } from "./pages/SignIn";
import { route } from "./route";

/** undefined: not yet known; null: signed out. */
const session = signal<Session | null | undefined>(undefined);
const unreachable = signal(false);

function signedIn(next: Session): void {
  session.value = next;
  connect(signedOut);
}

function signedOut(): void {
  disconnect();
  session.value = null;
}

async function resume(): Promise<void> {
  try {
    signedIn(await api.session());
    unreachable.value = false;
  } catch (error) {
    unreachable.value = error instanceof ApiError && error.status !== 401;
    if (unreachable.value) setTimeout(() => void resume(), 3000);
    else session.value = null;
  }
}

async function leave(): Promise<void> {
  await api.signOut().catch(() => undefined);
  signedOut();
}

export function App() {
  useEffect(() => void resume(), []);
  const waiting = openAlerts.value.filter((alert) => alert.event.acknowledged === null).length;
  useEffect(() => {
    document.title = waiting > 0 ? `(${waiting}) ${t("ui.product")}` : t("ui.product");
  });
  if (unreachable.value) return <p class="notice" role="status">{t("ui.unreachable")}</p>;
  if (session.value === undefined) return null;
  if (session.value === null) return <SignIn onSignedIn={signedIn} />;
  const at = route.value;
  return (
    <>
      <TopBar account={session.value.account} onLeave={() => void leave()} />
      <main id="main">
        {at.page === "board" && <Board />}
        {at.page === "events" && <Events filters={at.filters} />}
        {at.page === "event" && <EventDetailPage id={at.id} />}
      </main>
    </>
  );
}
