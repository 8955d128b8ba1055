import { maybe, t } from "@central/i18n";
import { clock } from "@central/time";
import { Icon } from "@central/ui/Icon";
import { complain } from "@central/ui/toast";
import { useEffect, useState } from "preact/hooks";
import { ApiError, type Reference, api } from "../api";
import { type WindowDraft, windowsOf } from "../editor/draft";
import { Bar } from "../parts/Bar";
import { observed } from "../parts/observed";
import { useEvery } from "../parts/useEvery";
import { camera } from "../place";
import { draft } from "../work";

const EVERY_MS = 1500;

/** The tidy desk and the empty seat of every window, learnt while nobody is there. */
export function LearnStep() {
  const windows = windowsOf(draft.value, camera.value?.id ?? "");
  const [known, setKnown] = useState<Record<string, Reference>>({});
  const [busy, setBusy] = useState(false);
  // What is learnt belongs to the zones as they are drawn.
  const [isKnown, setKnownToAgent] = useState(false);
  useEffect(() => {
    setKnownToAgent(false);
    observed().then(() => setKnownToAgent(true), complain);
  }, [draft.value]);
  const look = async () => {
    const all = await Promise.all(windows.map(async ({ id }) => [id, await api.reference(id).catch(none)] as const));
    setKnown(Object.fromEntries(all));
  };
  useEvery(EVERY_MS, async () => isKnown && look(), [isKnown, windows.map(({ id }) => id).join()]);
  const learn = async (some: readonly WindowDraft[]) => {
    setBusy(true);
    try {
      for (const { id } of some) await api.learn(id);
      await look();
    } catch (error) {
      complain(error);
    }
    setBusy(false);
  };
  const forget = (id: string) => void api.forget(id).then(look).catch(complain);
  const waiting = windows.filter(({ id }) => known[id]?.state !== "learning");
  return (
    <>
      <header class="step-head"><h1>{t("calibrate.step.learn")}</h1></header>
      <p class="muted">{t("calibrate.learn_lead")}</p>
      {windows.length === 0 && <p class="hint">{t("calibrate.no_windows_yet")}</p>}
      {waiting.length > 0 && (
        <button type="button" class="primary" disabled={busy || !isKnown} onClick={() => void learn(waiting)}>
          <Icon name="book" />{t("calibrate.learn_all", { n: waiting.length })}
        </button>
      )}
      <ul class="rows">
        {windows.map((window) => (
          <Learnt key={window.id} window={window} known={known[window.id]} busy={busy} learn={() => void learn([window])} forget={() => forget(window.id)} />
        ))}
      </ul>
      <p class="hint">{t("calibrate.learn_kept")}</p>
    </>
  );
}

const none = (error: unknown): Reference => {
  if (error instanceof ApiError && error.status === 404) return { state: "none", seconds: 0, of: 0, lights: 0 };
  throw error;
};

interface Props {
  window: WindowDraft;
  known: Reference | undefined;
  busy: boolean;
  learn: () => void;
  forget: () => void;
}

function Learnt({ window, known, busy, learn, forget }: Props) {
  const state = known?.state ?? "none";
  const tone = { none: "unknown", learning: "info", learnt: "good", refused: "warning", failed: "critical" }[state];
  return (
    <li class="row-card" data-window={window.id} data-state={state}>
      <div class="row">
        <strong>{t("ui.window", { window: window.id })}</strong>
        <span class={`badge ${tone}`}>{t(`calibrate.learn.${state}`)}</span>
      </div>
      {known && state === "learning" && <Bar done={known.seconds} of={known.of} label={t("calibrate.learning_progress", { seconds: Math.round(known.seconds), of: Math.round(known.of) })} />}
      {known?.reason && <p class={tone === "good" ? "muted" : "tone warning"} role="status">{maybe(`calibrate.learn_reason.${known.reason}`) ?? known.reason}</p>}
      {known && state === "learnt" && (
        <p class="muted">{known.learnt_at && t("calibrate.learnt_at", { time: clock(known.learnt_at) })} {t("calibrate.lights", { n: known.lights })}</p>
      )}
      {known && (
        <div class="actions">
          {state !== "learning" && <button type="button" disabled={busy} onClick={learn}>{t(state === "learnt" ? "calibrate.learn_more" : "calibrate.learn_one")}</button>}
          {state === "learnt" && <button type="button" class="danger" onClick={forget}>{t("calibrate.forget")}</button>}
        </div>
      )}
    </li>
  );
}
