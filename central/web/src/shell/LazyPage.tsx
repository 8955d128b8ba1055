import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { t } from "../i18n";
import type { Found, PageEntry, PageProps } from "../pages";
import { ErrorState, Skeleton } from "../ui/states";

const loaded = new Map<PageEntry, ComponentType<PageProps>>();

/** The page of an address; its code is fetched when it is first opened. */
export function LazyPage({ found, query }: { found: Found; query: URLSearchParams }) {
  const { page, params } = found;
  const [, fetched] = useState(0);
  const [failed, setFailed] = useState<PageEntry | null>(null);
  const load = () => {
    setFailed(null);
    page.load().then(
      (module) => {
        loaded.set(page, module.default);
        fetched((n) => n + 1);
      },
      () => setFailed(page),
    );
  };
  useEffect(() => {
    if (!loaded.has(page)) load();
  }, [page]);
  const Page = loaded.get(page);
  if (Page) return <Page key={`${page.path} ${Object.values(params).join(" ")}`} params={params} query={query} />;
  if (failed === page) return <ErrorState message={t("ui.unreachable_page")} retry={load} />;
  return <Skeleton lines={6} />;
}
