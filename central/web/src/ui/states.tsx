/** What a page shows instead of content: nothing there, not there yet, or not to be had. */

import type { ComponentChildren } from "preact";
import { t } from "../i18n";
import { Icon, type IconName } from "./Icon";

interface Empty {
  title: string;
  icon?: IconName;
  /** Why there is nothing, or what to do about it. */
  hint?: string;
  children?: ComponentChildren;
}

export function EmptyState({ title, icon = "check", hint, children }: Empty) {
  return (
    <div class="state">
      <Icon name={icon} />
      <p>{title}</p>
      {hint !== undefined && <p class="muted">{hint}</p>}
      {children}
    </div>
  );
}

export function ErrorState({ message, retry, children }: { message: string; retry?: () => void; children?: ComponentChildren }) {
  return (
    <div class="state failed" role="alert">
      <Icon name="warning" />
      <p>{message}</p>
      {retry && <button type="button" onClick={retry}>{t("ui.retry")}</button>}
      {children}
    </div>
  );
}

/** Grey lines in the place of what is on its way; they appear only when it takes a moment. */
export function Skeleton({ lines = 3 }: { lines?: number }) {
  return (
    <div class="skeleton" role="status" aria-label={t("ui.loading")}>
      {Array.from({ length: lines }, (_, i) => <span key={i} />)}
    </div>
  );
}
