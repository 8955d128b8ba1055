import { t } from "@central/i18n";
import { Icon } from "@central/ui/Icon";
import { complain, tell } from "@central/ui/toast";
import { useState } from "preact/hooks";
import { copyAlong } from "../editor/counter";
import { addWindow, freshWindow, pointsOf, windowsOf, withWindow, withoutShape, withoutWindow } from "../editor/draft";
import { box } from "../editor/geometry";
import { Findings } from "../parts/Findings";
import { Propose } from "../parts/Propose";
import { Says } from "../parts/Says";
import { Segmented } from "../parts/Segmented";
import { ShapeTools } from "../parts/ShapeTools";
import { UndoRedo } from "../parts/UndoRedo";
import { WindowChips, selectedWindow, showWindow } from "../parts/WindowChips";
import { camera } from "../place";
import { middleOfView, widthOfView } from "../stage/view";
import { change, draft, select, selected } from "../work";

/** Seats and desks: proposed, then corrected. */
export function WindowsStep() {
  const id = camera.value?.id ?? "";
  const windows = windowsOf(draft.value, id);
  const chosen = selectedWindow();
  const add = () => {
    const next = addWindow(draft.value, freshWindow(id, middleOfView(), widthOfView() * 0.3));
    change(next);
    showWindow(next.windows.at(-1)!);
  };
  const copy = () => {
    const copied = copyAlong(draft.value, chosen?.id ?? windows.at(-1)?.id ?? "");
    if (copied === null) return complainOfRoom();
    change(copied.draft);
    showWindow(copied.draft.windows.find((w) => w.id === copied.id)!);
  };
  return (
    <>
      <header class="step-head">
        <h1>{t("calibrate.step.windows")}</h1>
        <UndoRedo />
      </header>
      {windows.length === 0 && <p class="muted">{t("calibrate.windows_lead")}</p>}
      <WindowChips>
        <button type="button" class="chip add" onClick={add}><Icon name="plus" />{t("calibrate.add_window")}</button>
        {windows.length > 0 && <button type="button" class="chip add" onClick={copy}><Icon name="forward" />{t("calibrate.copy_along")}</button>}
      </WindowChips>
      {chosen !== null && <Chosen key={chosen.id} />}
      {chosen === null && windows.length > 0 && <p class="hint">{t("calibrate.tap_hint")}</p>}
      <Propose camera={id} first={windows.length === 0} idle={chosen === null} />
      <Says of={windows.map((w) => w.id)} />
      <Findings of={({ place }) => place.kind === "window" && (chosen === null || place.id === chosen.id)} brief={chosen === null} />
    </>
  );
}

function complainOfRoom(): void {
  tell(t("calibrate.no_room"));
}

/** The selected window: which part is pulled about, its number, and the way to be rid of it. */
function Chosen() {
  const window = selectedWindow()!;
  const shape = selected.value!;
  const part = shape.kind === "window" ? shape.part : "seat";
  const [typed, setTyped] = useState<string | null>(null);
  const toPart = (next: "seat" | "desk") => {
    if (next === "desk" && window.desk === null) {
      const { left, right, bottom } = box(window.seat);
      const middle: [number, number] = [(left + right) / 2, Math.min(0.95, bottom)];
      change(withWindow(draft.value, window.id, { desk: freshWindow(window.camera, middle, Math.max(0.1, right - left)).desk }));
    }
    showWindow(draft.value.windows.find((w) => w.id === window.id)!, next);
  };
  const rename = (text: string) => {
    setTyped(null);
    const id = text.trim();
    if (id === "" || id === window.id) return;
    if (draft.value.windows.some((w) => w.id === id)) return complain(new Error(t("calibrate.number_taken")));
    change(withWindow(draft.value, window.id, { id }));
    select({ kind: "window", id, part });
  };
  return (
    <div class="chosen">
      <div class="row">
        <label class="number-field">
          <span>{t("calibrate.window_number")}</span>
          <input
            value={typed ?? window.id} maxLength={32} autoCapitalize="none" spellcheck={false}
            onInput={(event) => setTyped(event.currentTarget.value)} onBlur={(event) => rename(event.currentTarget.value)}
            onKeyDown={(event) => event.key === "Enter" && event.currentTarget.blur()}
          />
        </label>
        <Segmented
          label={t("calibrate.part")} value={part} onChange={toPart}
          options={[{ id: "seat", text: t("calibrate.seat") }, { id: "desk", text: window.desk === null ? t("calibrate.add_desk") : t("calibrate.desk") }]}
        />
      </div>
      {part === "seat" && <p class="hint">{t("calibrate.seat_holds")}</p>}
      {pointsOf(draft.value, shape) !== null && <ShapeTools shape={shape} />}
      <div class="actions">
        {part === "desk" && window.desk !== null && (
          <button type="button" class="danger" onClick={() => change(withoutShape(draft.value, shape))}><Icon name="trash" />{t("calibrate.delete_desk")}</button>
        )}
        <button type="button" class="danger" onClick={() => change(withoutWindow(draft.value, window.id))}>
          <Icon name="trash" />{t("calibrate.delete_window", { window: window.id })}
        </button>
      </div>
    </div>
  );
}
