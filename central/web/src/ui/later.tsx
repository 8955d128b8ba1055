import type { ComponentType, ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { ApiError } from "../failure";
import { complain } from "./toast";

/** How long after the page was loaded what no first view needs is fetched: when it is wanted, the server may be gone. */
const A_MOMENT_MS = 5000;

const waiting: (() => Promise<unknown>)[] = [];
addEventListener("load", () => setTimeout(() => waiting.forEach((fetch) => fetch().catch(() => undefined)), A_MOMENT_MS));

/** A component that no first view needs: its code is fetched when it is first shown, or a moment after the page was loaded. */
export function later<Props extends object>(load: () => Promise<{ default: ComponentType<Props> }>) {
  let Loaded: ComponentType<Props> | null = null;
  const fetch = async () => void (Loaded = (await load()).default);
  waiting.push(fetch);
  return function Later({ meanwhile, failed, ...props }: Props & { meanwhile?: ComponentChildren; failed?: () => void }) {
    const [, fetched] = useState(0);
    useEffect(() => {
      if (Loaded !== null) return;
      fetch().then(
        () => fetched((n) => n + 1),
        () => {
          complain(new ApiError("unreachable", 0, null));
          failed?.();
        },
      );
    }, []);
    return Loaded === null ? <>{meanwhile}</> : <Loaded {...(props as unknown as Props)} />;
  };
}
