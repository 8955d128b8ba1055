import type { ComponentChildren } from "preact";
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { ApiError } from "../failure";
import { t } from "../i18n";
import { explain } from "./explain";
import { ErrorState, Skeleton } from "./states";

export interface Loaded<T> {
  data: T | null;
  error: unknown;
  loading: boolean;
  reload: () => Promise<void>;
}

/** How soon a server that could not be reached is asked again. */
const AGAIN_MS = 5000;

/**
 * Fetches when the page opens and whenever `of` changes; what was there stays until the new is here. Of several fetches at once each
 * answer is shown that is newer than what is shown: the first does not wait for the last. A server that could not be reached is asked
 * again by itself.
 */
export function useLoad<T>(fetch: () => Promise<T>, of: readonly unknown[]): Loaded<T> {
  const [state, setState] = useState<Omit<Loaded<T>, "reload">>({ data: null, error: null, loading: true });
  const asked = useRef(0);
  const shown = useRef(0);
  const reload = useCallback(async () => {
    const mine = ++asked.current;
    const show = (answer: Partial<Omit<Loaded<T>, "reload">>) => {
      if (mine <= shown.current) return;
      shown.current = mine;
      setState((before) => ({ ...before, ...answer, loading: mine < asked.current }));
    };
    setState((before) => ({ ...before, loading: true }));
    try {
      show({ data: await fetch(), error: null });
    } catch (error) {
      show({ error });
    }
  }, of);
  useEffect(() => {
    void reload();
    // What was asked before is of something else.
    return () => void (shown.current = ++asked.current);
  }, [reload]);
  useEffect(() => {
    if (!(state.error instanceof ApiError && state.error.kind === "unreachable")) return undefined;
    const again = setTimeout(() => void reload(), AGAIN_MS);
    return () => clearTimeout(again);
  }, [state.error, reload]);
  return { ...state, reload };
}

/** What was fetched, or a skeleton, or why there is none with a way to try again. */
export function Await<T>({ of, lines, children }: { of: Loaded<T>; lines?: number; children: (data: T) => ComponentChildren }) {
  if (of.data !== null) {
    return (
      <div class={of.loading ? "reloading" : ""} aria-busy={of.loading}>
        {of.error !== null && <NotLoaded of={of} />}
        {children(of.data)}
      </div>
    );
  }
  if (of.error !== null) return <NotLoaded of={of} />;
  return <Skeleton lines={lines ?? 4} />;
}

/** Why there is nothing. What a page fetches is wrong only where its address is: then the way out is the page without it. */
function NotLoaded({ of: { error, reload } }: { of: Pick<Loaded<unknown>, "error" | "reload"> }) {
  if (error instanceof ApiError && error.kind === "invalid") {
    return <ErrorState message={t("ui.error.address")}><a class="button" href={window.location.pathname}>{t("ui.reset")}</a></ErrorState>;
  }
  return <ErrorState message={explain(error)} retry={() => void reload()} />;
}
