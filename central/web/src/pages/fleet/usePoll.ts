import { useEffect } from "preact/hooks";

/** Does something again and again while the page is open and looked at. */
export function usePoll(act: () => unknown, everyMs: number): void {
  useEffect(() => {
    const timer = setInterval(() => {
      if (!document.hidden) act();
    }, everyMs);
    return () => clearInterval(timer);
  }, [act, everyMs]);
}
