import { t } from "@central/i18n";
import { Icon } from "@central/ui/Icon";
import { ErrorState, Skeleton } from "@central/ui/states";
import { explain } from "@central/ui/explain";
import type { ComponentChildren, ComponentType } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Choices } from "./parts/Choices";
import { Moved } from "./parts/Moved";
import { Overtaken } from "./parts/Overtaken";
import { Stepper } from "./parts/Stepper";
import { useEvery } from "./parts/useEvery";
import { lookForOffers } from "./offers";
import { type Step, camera, cameras, goTo, lookForCameras, pick, step, steps } from "./place";
import { leave } from "./session";
import { zoomTo } from "./stage/gestures";
import { calm } from "./stage/live";
import { Stage } from "./stage/Stage";
import { CameraStep } from "./steps/CameraStep";
import { DetailsStep } from "./steps/DetailsStep";
import { LearnStep } from "./steps/LearnStep";
import { SaveStep } from "./steps/SaveStep";
import { TryStep } from "./steps/TryStep";
import { WindowsStep } from "./steps/WindowsStep";
import { open, redoStep, saved, select, undoStep } from "./work";

const PANELS: Record<Step, ComponentType> = {
  camera: CameraStep, windows: WindowsStep, details: DetailsStep, learn: LearnStep, try: TryStep, save: SaveStep,
};
/** Where polygons can be pulled about. */
const EDITING: readonly Step[] = ["windows", "details"];
const CAMERAS_EVERY_MS = 4000;

/** The picture, the step at hand beside or below it, and the way through the steps. */
export function Workbench() {
  const [error, setError] = useState<unknown>(null);
  const panel = useRef<HTMLElement>(null);
  const start = () => {
    setError(null);
    Promise.all([open(), lookForOffers(), lookForCameras()]).catch(setError);
  };
  useEffect(start, []);
  useEvery(CAMERAS_EVERY_MS, () => lookForCameras().catch(() => undefined));
  useUndoKeys();
  const here = step.value;
  const before = useRef(here);
  useEffect(() => {
    // A new step begins at its start, for people who do not see it, too.
    if (before.current !== here) panel.current?.focus({ preventScroll: true });
    panel.current?.scrollTo(0, 0);
    calm.value = !EDITING.includes(here);
    if (calm.value) {
      select(null);
      zoomTo({ k: 1, x: 0, y: 0 });
    }
    before.current = here;
  }, [here]);

  if (error !== null) return <Shell><ErrorState message={explain(error)} retry={start} /></Shell>;
  if (saved.value === null || cameras.value === null) return <Shell><Skeleton /></Shell>;
  const Panel = PANELS[here];
  const hasPicture = camera.value !== null && here !== "camera";
  return (
    <Shell>
      <main class={`bench ${hasPicture ? "" : "alone"}`}>
        {hasPicture && <Stage editing={EDITING.includes(here)} />}
        <section class="panel" ref={panel} tabIndex={-1} aria-label={t(`calibrate.step.${here}`)} data-step={here}>
          <Overtaken />
          <Moved />
          <Panel />
          <Onwards />
        </section>
      </main>
      <Stepper />
    </Shell>
  );
}

function Shell({ children }: { children: ComponentChildren }) {
  const many = (cameras.value?.length ?? 0) > 1 && step.value !== "camera";
  return (
    <div class="calibrate">
      <header class="topbar">
        <span class="brand"><img src="/icon.svg" alt="" width="26" height="26" /><span>{t("calibrate.title")}</span></span>
        {many && (
          <select aria-label={t("calibrate.step.camera")} value={camera.value?.id} onChange={(event) => pick(event.currentTarget.value)}>
            {cameras.value!.map(({ id }) => <option key={id} value={id}>{id}</option>)}
          </select>
        )}
        <Choices />
        <button type="button" class="tool quiet" aria-label={t("ui.sign_out")} title={t("ui.sign_out")} onClick={() => void leave()}><Icon name="leave" /></button>
      </header>
      {children}
    </div>
  );
}

/** The way to the next step, at the end of each but the last. */
function Onwards() {
  const next = steps.value[steps.value.indexOf(step.value) + 1];
  if (next === undefined || camera.value === null) return null;
  return (
    <button type="button" class={`onwards ${step.value === "camera" ? "primary" : ""}`} onClick={() => goTo(next)}>
      {t("calibrate.onwards", { step: t(`calibrate.step.${next}`) })}<Icon name="forward" />
    </button>
  );
}

function useUndoKeys(): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const typing = event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement;
      if (typing || !(event.ctrlKey || event.metaKey)) return;
      const key = event.key.toLowerCase();
      if (key !== "z" && key !== "y") return;
      event.preventDefault();
      if (key === "y" || event.shiftKey) redoStep();
      else undoStep();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
}
