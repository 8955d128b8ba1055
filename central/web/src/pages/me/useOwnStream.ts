import { useEffect, useRef } from "preact/hooks";

const KINDS = ["ready", "resync", "opened", "updated", "closed", "reviewed", "duty"] as const;
const RETRY_MS = 3000;

/** Tells when something at one's own posts changes. Whoever listens sees an event no later than the head does. */
export function useOwnStream(changed: () => unknown): void {
  const act = useRef(changed);
  act.current = changed;
  useEffect(() => {
    let stream: EventSource;
    let soon: ReturnType<typeof setTimeout> | undefined;
    let again: ReturnType<typeof setTimeout> | undefined;
    // Several changes at once become one fetch. A greeting fetches too: something may have come before it.
    const note = () => {
      clearTimeout(soon);
      soon = setTimeout(() => void act.current(), 50);
    };
    const open = () => {
      stream = new EventSource("/api/v1/alerts/stream");
      for (const kind of KINDS) stream.addEventListener(kind, note);
      // Fetching tells what is wrong, so that nobody takes what is old for new. Where the server refuses, a browser gives up.
      stream.onerror = () => {
        note();
        if (stream.readyState === EventSource.CLOSED) again = setTimeout(open, RETRY_MS);
      };
    };
    open();
    return () => {
      clearTimeout(soon);
      clearTimeout(again);
      stream.close();
    };
  }, []);
}
