import { useEffect } from "preact/hooks";

/** Does something again and again while it is shown; never twice at once, never in a hidden tab. */
export function useEvery(ms: number, act: () => Promise<unknown>, of: readonly unknown[] = []): void {
  useEffect(() => {
    let ended = false;
    const run = async () => {
      while (!ended) {
        if (!document.hidden) await act().catch(() => undefined);
        await new Promise((next) => setTimeout(next, ms));
      }
    };
    void run();
    return () => {
      ended = true;
    };
  }, of);
}
