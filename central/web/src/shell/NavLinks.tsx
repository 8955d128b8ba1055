import { t } from "../i18n";
import type { PageEntry } from "../pages";
import { Icon } from "../ui/Icon";

export function NavLinks({ pages, here }: { pages: readonly PageEntry[]; here: string | null }) {
  return (
    <>
      {pages.map((page) => (
        <a key={page.path} href={page.path} aria-current={page.path === here ? "page" : undefined} title={t(page.title)}>
          <Icon name={page.icon ?? "list"} />
          <span>{t(page.title)}</span>
        </a>
      ))}
    </>
  );
}
