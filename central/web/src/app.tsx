import { useEffect } from "preact/hooks";
import { t } from "./i18n";
import { openAlerts } from "./live";
import { type Found, WALL, find, home } from "./pages";
import { FirstPassword } from "./pages/FirstPassword";
import { SignIn } from "./pages/SignIn";
import { go, location } from "./route";
import { session, signedIn, unreachable } from "./session";
import { LazyPage } from "./shell/LazyPage";
import { Shell } from "./shell/Shell";
import { EmptyState } from "./ui/states";
import { Toasts } from "./ui/Toasts";

/** Whether this is a screen on a wall: whoever has its link, and nobody signed in. */
export const onWall = (): boolean => location.value.path === "/wall";

export function App() {
  if (onWall()) return <LazyPage found={{ page: WALL, params: {} }} query={location.value.query} />;
  if (unreachable.value) return <p class="notice" role="status">{t("ui.unreachable")}</p>;
  if (session.value === undefined) return null;
  if (session.value === null) return <SignIn onSignedIn={signedIn} />;
  if (session.value.account.must_change_password) return <FirstPassword />;
  return <SignedIn account={session.value.account} />;
}

function SignedIn({ account }: { account: { name: string; role: Parameters<typeof find>[1] } }) {
  const { path, query } = location.value;
  const found = find(path, account.role);
  const start = home(account.role);
  useEffect(() => {
    if (!found && path === "/" && start !== "/") go(start, true);
  }, [path]);
  useTitle(found);
  const page = found ? <LazyPage found={found} query={query} /> : path === "/" && start !== "/" ? null : <Nowhere start={start} />;
  return (
    <>
      {found?.page.bare ? page : <Shell account={account} found={found}>{page}</Shell>}
      <Toasts />
    </>
  );
}

function Nowhere({ start }: { start: string }) {
  return (
    <EmptyState icon="unknown" title={t("ui.no_page")}>
      <a class="button" href={start}>{t("ui.home")}</a>
    </EmptyState>
  );
}

/** The window's title: how many alerts wait, and where we are. */
function useTitle(found: Found | null): void {
  const waiting = openAlerts.value.filter((alert) => alert.event.acknowledged === null).length;
  useEffect(() => {
    const name = found ? `${t(found.page.title)} · ${t("ui.product")}` : t("ui.product");
    document.title = waiting > 0 ? `(${waiting}) ${name}` : name;
  });
}
