import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Session } from "../api";
import { t } from "../i18n";
import { link } from "../live";
import { type Found, home, navigation } from "../pages";
import { location } from "../route";
import { isLive } from "../session";
import { Dialog } from "../ui/Dialog";
import { Icon } from "../ui/Icon";
import { AccountMenu } from "./AccountMenu";
import { NavLinks } from "./NavLinks";

/** How many pages a phone shows as tabs before the rest goes behind "more". */
const TABS = 4;

interface Props {
  account: Pick<Session["account"], "name" | "role">;
  found: Found | null;
  children: ComponentChildren;
}

/** Navigation around a page: a side bar where there is room, tabs at the bottom of a phone. */
export function Shell({ account, found, children }: Props) {
  const pages = navigation(account.role);
  const here = found?.page.under ?? found?.page.path ?? null;
  const [more, setMore] = useState(false);
  const main = useRef<HTMLElement>(null);
  const { path } = location.value;
  const first = useRef(true);
  useEffect(() => {
    setMore(false);
    // A new page begins at its start for people who do not see it, too.
    if (!first.current) main.current?.focus({ preventScroll: true });
    first.current = false;
  }, [path]);
  const tabs = pages.length > TABS + 1 ? pages.slice(0, TABS) : pages;
  return (
    <div class={`shell ${pages.length < 2 ? "single" : ""}`}>
      <a class="skip" href="#main">{t("ui.skip")}</a>
      <header class="topbar">
        <a class="brand" href={home(account.role)} aria-label={t("ui.product")}>
          <img src="/icon.svg" alt="" width="26" height="26" />
          <span>{t("ui.product")}</span>
        </a>
        {isLive(account.role) && (
          <span class={`link ${link.value}`} role="status">
            <span class="dot" aria-hidden="true" />
            {t(`ui.link.${link.value}`)}
          </span>
        )}
        <AccountMenu account={account} />
      </header>
      {pages.length > 1 && (
        <nav class="sidebar" aria-label={t("ui.pages")}>
          <NavLinks pages={pages} here={here} />
        </nav>
      )}
      <main id="main" ref={main} tabIndex={-1} data-role={account.role}>{children}</main>
      {pages.length > 1 && (
        <nav class="tabbar" aria-label={t("ui.pages")}>
          <NavLinks pages={tabs} here={here} />
          {tabs.length < pages.length && (
            <button type="button" aria-expanded={more} onClick={() => setMore(true)}><Icon name="more" />{t("ui.more")}</button>
          )}
        </nav>
      )}
      {more && (
        <Dialog title={t("ui.pages")} onClose={() => setMore(false)}>
          <nav class="drawer" aria-label={t("ui.pages")}><NavLinks pages={pages} here={here} /></nav>
        </Dialog>
      )}
    </div>
  );
}
