import { useEffect, useState } from "preact/hooks";
import { ApiError, type Schema, client, data } from "../api";
import { arrange } from "../floor/arrange";
import { writtenAt } from "../format";
import { label, say, t } from "../i18n";
import { clock, now } from "../time";
import { Icon, type IconName } from "../ui/Icon";
import { EmptyState } from "../ui/states";
import "../styles/wall.css";

type Wall = Schema<"Wall">;
const EVERY_MS = 5000;

/** A screen on a wall: which windows serve, and whether the system sees. Nobody is signed in, and no conduct comes here. */
export default function WallPage() {
  const [wall, setWall] = useState<Wall | null>(null);
  const [state, setState] = useState<"fine" | "stale" | "gone">("fine");
  const [at, setAt] = useState(new Date().toISOString());
  useEffect(() => {
    const token = window.location.hash.slice(1);
    let timer: ReturnType<typeof setTimeout>;
    const look = async () => {
      try {
        setWall(await data(client.GET("/api/v1/wall", { params: { header: { "X-Display-Token": token } } })));
        setAt(new Date().toISOString());
        setState("fine");
      } catch (error) {
        setState(error instanceof ApiError && error.status === 404 ? "gone" : "stale");
      }
      timer = setTimeout(() => void look(), EVERY_MS);
    };
    void look();
    return () => clearTimeout(timer);
  }, []);
  if (state === "gone") return <div class="wall-page"><EmptyState icon="unknown" title={t("wall.gone")} /></div>;
  if (wall === null) return null;
  const placed = wall.windows.some((window) => window.place);
  const { cells, columns } = placed ? arrange(wall.windows) : { cells: wall.windows.map((window, n) => ({ window, x: n % 4, y: Math.floor(n / 4) })), columns: Math.min(4, wall.windows.length) };
  const time = writtenAt(new Date(now.value), "zh-CN", { hour: "2-digit", minute: "2-digit", hour12: false });
  return (
    <main class={`wall-page ${state}`}>
      <header>
        <h1>{wall.name}</h1>
        <time>{time}</time>
      </header>
      <ul class="wall" style={{ "--columns": String(columns) }}>
        {cells.map(({ window, x, y }) => (
          <li key={window.id} class={look(window)} style={{ gridColumn: String(x + 1), gridRow: String(y + 1) }}>
            <strong>{window.name}</strong>
            <span><Icon name={sign(window)} />{word(window)}</span>
          </li>
        ))}
      </ul>
      <footer>
        <span>{t("wall.agents", { online: wall.agents_online, all: wall.agents })}</span>
        <span>{state === "stale" ? t("wall.stale", { time: clock(at) }) : wall.problems.length === 0 ? t("wall.fine") : wall.problems.map(say).join(t("text.list_separator"))}</span>
      </footer>
    </main>
  );
}

function look(window: Wall["windows"][number]): string {
  if (window.resting !== null) return "rests";
  return window.state === "observed" ? "serves" : "unknown";
}

function sign(window: Wall["windows"][number]): IconName {
  if (window.resting !== null) return "clock";
  return window.state === "observed" ? "check" : "unknown";
}

function word(window: Wall["windows"][number]): string {
  if (window.resting !== null) return label("resting", window.resting);
  return window.state === "observed" ? t("wall.serving") : t("wall.unknown");
}
