import { label, t } from "@central/i18n";
import { clock, percent } from "@central/time";
import { Icon } from "@central/ui/Icon";
import { Section } from "@central/ui/Page";
import { complain } from "@central/ui/toast";
import { useEffect, useState } from "preact/hooks";
import { type Trial, api } from "../api";
import { windowsOf } from "../editor/draft";
import { SelfTest } from "../parts/SelfTest";
import { useEvery } from "../parts/useEvery";
import { offers } from "../offers";
import { camera } from "../place";
import { draft } from "../work";

const EVERY_MS = 2000;

/** The drawn zones against the last minutes, and against what the installer does before the camera. */
export function TryStep() {
  const windows = windowsOf(draft.value, camera.value?.id ?? "");
  const [trial, setTrial] = useState<Trial | null>(null);
  const [isStarted, setStarted] = useState(false);
  useEffect(() => {
    setStarted(false);
    if (windows.length > 0 && offers("trial")) api.startTrial(draft.value).then(() => setStarted(true), complain);
  }, [draft.value]);
  useEvery(EVERY_MS, async () => isStarted && setTrial(await api.trial()), [isStarted]);
  return (
    <>
      <header class="step-head"><h1>{t("calibrate.step.try")}</h1></header>
      {windows.length === 0 && <p class="hint">{t("calibrate.no_windows_yet")}</p>}
      {windows.length > 0 && offers("trial") && <Section title={t("calibrate.would")} lead={t("calibrate.would_lead")}>{trial && <Would trial={trial} windows={windows.map((w) => w.id)} />}</Section>}
      {windows.length > 0 && offers("selfTest") && <SelfTest windows={windows.map((w) => w.id)} />}
    </>
  );
}

function Would({ trial, windows }: { trial: Trial; windows: readonly string[] }) {
  const events = trial.events.filter((event) => windows.includes(event.window));
  const isObserved = windows.some((id) => (trial.observed_s[id] ?? 0) > 0);
  return (
    <>
      <p class="facts muted">
        {windows.map((id) => <span key={id}>{t("calibrate.observed", { window: id, time: minutes(trial.observed_s[id] ?? 0) })}</span>)}
      </p>
      {events.length === 0 && !isObserved && <p class="hint">{t("calibrate.would_wait")}</p>}
      {events.length === 0 && isObserved && <p class="good tone"><Icon name="check" />{t("calibrate.would_none")}</p>}
      <ul class="rows">
        {events.map((event) => (
          <li key={`${event.window}/${event.rule}/${event.opened_at}`} class="row-card would" data-rule={event.rule} data-window={event.window}>
            <strong>{label("rule", `${event.rule}.title`)}</strong>
            <span class="facts muted">
              <span>{t("ui.window", { window: event.window })}</span>
              <span>{clock(event.opened_at)}{event.closed_at ? ` – ${clock(event.closed_at)}` : ` · ${t("ui.state.open")}`}</span>
              <span>{t("ui.confidence", { percent: percent(event.confidence) })}</span>
            </span>
          </li>
        ))}
      </ul>
    </>
  );
}

function minutes(seconds: number): string {
  return `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
}
