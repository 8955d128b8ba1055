import { t } from "@central/i18n";
import { canRedo, canUndo, redoStep, undoStep } from "../work";

const BACK = "M9 7 4.500 11.500 9 16M5 11.500h9a5 5 0 0 1 0 10h-2";

/** Step by step back and forth; Ctrl+Z and Ctrl+Y do the same. */
export function UndoRedo() {
  const icon = (mirrored: boolean) => (
    <svg class="icon" viewBox="0 0 24 24" width="20" height="20" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round">
      <path d={BACK} transform={mirrored ? "matrix(-1 0 0 1 24 -3)" : "translate(0 -3)"} />
    </svg>
  );
  return (
    <span class="undo">
      <button type="button" class="tool" aria-label={t("calibrate.undo")} title={t("calibrate.undo")} disabled={!canUndo.value} onClick={undoStep}>{icon(false)}</button>
      <button type="button" class="tool" aria-label={t("calibrate.redo")} title={t("calibrate.redo")} disabled={!canRedo.value} onClick={redoStep}>{icon(true)}</button>
    </span>
  );
}
