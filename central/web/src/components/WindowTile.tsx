import type { WindowView } from "../api";
import { worst } from "../board";
import { label, say, t } from "../i18n";
import { go } from "../route";
import { Icon } from "../ui/Icon";

/** One window at a glance. A window that cannot be observed never looks like one where all is well. */
export function WindowTile({ hall, window, cell }: { hall: string; window: WindowView; cell?: Record<string, string> }) {
  const events = window.events ?? [];
  const severity = worst(events);
  const look = severity ?? (window.state === "unknown" ? "unknown" : "calm");
  return (
    <li style={cell}>
      <button
        type="button"
        class={`tile ${look}`}
        data-window={window.id}
        onClick={() => go(`/events?${new URLSearchParams({ hall, window: window.id })}`)}
      >
        <span class="name">{window.name}</span>
        {window.resting && <span class="resting"><Icon name="clock" />{label("resting", window.resting)}</span>}
        <span class="says">
          {look !== "calm" && <Icon name={look} />}
          {severity !== null && events.map((event) => say(event.title)).join(t("text.list_separator"))}
          {severity === null && window.state === "observed" && window.resting === null && t("ui.no_open_event")}
          {window.state === "unknown" && (
            <span class="cannot">
              {severity !== null && <Icon name="unknown" />}
              {window.unknown_because ? say(window.unknown_because) : t("ui.cannot_observe")}
            </span>
          )}
        </span>
      </button>
    </li>
  );
}
