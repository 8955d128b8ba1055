import { useState } from "preact/hooks";
import type { Hall } from "../api";
import { isSnoozed } from "../board";
import { AgentList } from "../components/AgentList";
import { AlertCard } from "../components/AlertCard";
import { Icon } from "../ui/Icon";
import { Arrange } from "../floor/Arrange";
import { FloorPlan } from "../floor/FloorPlan";
import { Walls } from "../floor/Walls";
import { t } from "../i18n";
import { halls, link, openAlerts } from "../live";
import { now } from "../time";

/** What a center head sees at a glance: what needs somebody now, then every window, then the machines. */
export default function Board() {
  const unknown = halls.value.flatMap((hall) => hall.windows).filter((w) => w.state === "unknown").length;
  const several = halls.value.length > 1;
  const snoozed = openAlerts.value.filter((alert) => isSnoozed(alert.event, now.value));
  const shown = openAlerts.value.filter((alert) => !isSnoozed(alert.event, now.value));
  if (halls.value.length === 0) {
    return <p class="notice" role="status">{link.value === "connecting" ? t("ui.loading") : t("ui.no_halls")}</p>;
  }
  return (
    <div class={`board ${link.value === "lost" ? "stale" : ""}`}>
      {link.value === "lost" && <p class="notice warning" role="alert">{t("ui.stale")}</p>}
      <section class="alerts" aria-labelledby="alerts">
        <h2 id="alerts">
          {t("ui.open_alerts")} <span class="count">{shown.length}</span>
        </h2>
        <ul aria-live="polite" aria-relevant="additions">
          {shown.map((alert) => (
            <AlertCard key={alert.event.id} alert={alert} showHall={several} />
          ))}
        </ul>
        {snoozed.length > 0 && (
          <details class="snoozed">
            <summary>{t("review.snoozed_count", { n: snoozed.length })}</summary>
            <ul>{snoozed.map((alert) => <AlertCard key={alert.event.id} alert={alert} showHall={several} />)}</ul>
          </details>
        )}
        {shown.length === 0 && (
          <p class="empty">
            <Icon name={unknown > 0 ? "unknown" : "check"} />
            {unknown > 0 ? t("ui.no_alerts_but_unknown", { n: unknown }) : t("ui.no_alerts")}
          </p>
        )}
      </section>
      <section class="halls" aria-label={t("ui.windows")}>
        {halls.value.map((hall) => (
          <HallOnBoard key={hall.id} hall={hall} />
        ))}
      </section>
    </div>
  );
}

function HallOnBoard({ hall }: { hall: Hall }) {
  const [open, setOpen] = useState<"arrange" | "walls" | null>(null);
  return (
    <div class="hall">
      <header class="hall-head">
        <h2>{hall.name}</h2>
        <div class="actions">
          <button type="button" class="tool quiet" onClick={() => setOpen("arrange")}><Icon name="board" />{t("floor.arrange")}</button>
          <button type="button" class="tool quiet" onClick={() => setOpen("walls")}><Icon name="wall" />{t("floor.walls")}</button>
        </div>
      </header>
      <FloorPlan hall={hall.id} windows={hall.windows} />
      {hall.windows.length === 0 && <p class="muted">{t("ui.no_windows")}</p>}
      <AgentList agents={hall.agents} />
      {open === "arrange" && <Arrange hall={hall} onClose={() => setOpen(null)} />}
      {open === "walls" && <Walls hall={hall.id} onClose={() => setOpen(null)} />}
    </div>
  );
}
