import type { ComponentChildren } from "preact";
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { explain } from "./explain";
import { ErrorState, Skeleton } from "./states";

export interface Loaded<T> {
  data: T | null;
  error: unknown;
  loading: boolean;
  reload: () => Promise<void>;
}

/** Fetches when the page opens and whenever `of` changes; what was there stays until the new is here. */
export function useLoad<T>(fetch: () => Promise<T>, of: readonly unknown[]): Loaded<T> {
  const [state, setState] = useState<Omit<Loaded<T>, "reload">>({ data: null, error: null, loading: true });
  const turn = useRef(0);
  const reload = useCallback(async () => {
    const mine = ++turn.current;
    setState((before) => ({ ...before, loading: true }));
    try {
      const data = await fetch();
      if (turn.current === mine) setState({ data, error: null, loading: false });
    } catch (error) {
      if (turn.current === mine) setState((before) => ({ ...before, error, loading: false }));
    }
  }, of);
  useEffect(() => {
    void reload();
    return () => void turn.current++;
  }, [reload]);
  return { ...state, reload };
}

/** What was fetched, or a skeleton, or why there is none with a way to try again. */
export function Await<T>({ of, lines, children }: { of: Loaded<T>; lines?: number; children: (data: T) => ComponentChildren }) {
  if (of.data !== null) {
    return (
      <div class={of.loading ? "reloading" : ""} aria-busy={of.loading}>
        {of.error !== null && <ErrorState message={explain(of.error)} retry={() => void of.reload()} />}
        {children(of.data)}
      </div>
    );
  }
  if (of.error !== null) return <ErrorState message={explain(of.error)} retry={() => void of.reload()} />;
  return <Skeleton lines={lines ?? 4} />;
}
