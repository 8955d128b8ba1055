import { useEffect } from "preact/hooks";
import { t } from "../i18n";

interface Props {
  page: number;
  perPage: number;
  total: number;
  onPage: (page: number) => void;
}

/** How long a list is and the way through its pages; nothing for an empty one. Past the end, where the last entry of the last page went, it turns back to what is the last now. */
export function Pager({ page, perPage, total, onPage }: Props) {
  const pages = Math.max(1, Math.ceil(total / perPage));
  useEffect(() => {
    if (page > pages) onPage(pages);
  }, [page, pages]);
  if (total === 0) return null;
  return (
    <nav class="pager" aria-label={t("ui.pager")}>
      {pages > 1 && <button type="button" class="tool" disabled={page <= 1} onClick={() => onPage(page - 1)}>{t("ui.previous")}</button>}
      <span>{t("ui.page_of", { page, pages, total })}</span>
      {pages > 1 && <button type="button" class="tool" disabled={page >= pages} onClick={() => onPage(page + 1)}>{t("ui.next")}</button>}
    </nav>
  );
}
