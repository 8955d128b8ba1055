import { AgentList } from "../components/AgentList";
import { AlertCard } from "../components/AlertCard";
import { Icon } from "../ui/Icon";
import { WindowTile } from "../components/WindowTile";
import { t } from "../i18n";
import { halls, link, openAlerts } from "../live";

/** What a center head sees at a glance: what needs somebody now, then every window, then the machines. */
export default function Board() {
  const unknown = halls.value.flatMap((hall) => hall.windows).filter((w) => w.state === "unknown").length;
  const several = halls.value.length > 1;
  if (halls.value.length === 0) {
    return <p class="notice" role="status">{link.value === "connecting" ? t("ui.loading") : t("ui.no_halls")}</p>;
  }
  return (
    <div class={`board ${link.value === "lost" ? "stale" : ""}`}>
      {link.value === "lost" && <p class="notice warning" role="alert">{t("ui.stale")}</p>}
      <section class="alerts" aria-labelledby="alerts">
        <h2 id="alerts">
          {t("ui.open_alerts")} <span class="count">{openAlerts.value.length}</span>
        </h2>
        <ul aria-live="polite" aria-relevant="additions">
          {openAlerts.value.map((alert) => (
            <AlertCard key={alert.event.id} alert={alert} showHall={several} />
          ))}
        </ul>
        {openAlerts.value.length === 0 && (
          <p class="empty">
            <Icon name={unknown > 0 ? "unknown" : "check"} />
            {unknown > 0 ? t("ui.no_alerts_but_unknown", { n: unknown }) : t("ui.no_alerts")}
          </p>
        )}
      </section>
      <section class="halls" aria-label={t("ui.windows")}>
        {halls.value.map((hall) => (
          <div key={hall.id} class="hall">
            <h2>{hall.name}</h2>
            <ul class="tiles">
              {hall.windows.map((window) => (
                <WindowTile key={window.id} hall={hall.id} window={window} />
              ))}
            </ul>
            {hall.windows.length === 0 && <p class="muted">{t("ui.no_windows")}</p>}
            <AgentList agents={hall.agents} />
          </div>
        ))}
      </section>
    </div>
  );
}
