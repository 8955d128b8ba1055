import { t } from "@central/i18n";
import { Icon } from "@central/ui/Icon";
import type { ComponentChildren } from "preact";
import { type WindowDraft, frameOf, windowsOf } from "../editor/draft";
import { box } from "../editor/geometry";
import { cameraId } from "../place";
import { zoomTo } from "../stage/gestures";
import { zoomOf } from "../stage/view";
import { draft, saidOf, select, selected } from "../work";

export function selectedWindow(): WindowDraft | null {
  const shape = selected.value;
  return shape?.kind === "window" ? (draft.value.windows.find((w) => w.id === shape.id) ?? null) : null;
}

/** Selects a part of a window and shows it large. */
export function showWindow(window: WindowDraft, part: "seat" | "desk" = "seat"): void {
  select({ kind: "window", id: window.id, part });
  zoomTo(zoomOf(box(window[part] ?? window.seat)));
}

/** The windows of the camera, one button each: choosing one shows it large. */
export function WindowChips({ children }: { children?: ComponentChildren }) {
  const chosen = selectedWindow();
  const windows = windowsOf(draft.value, cameraId.value ?? "").sort((a, b) => frameOf(a).left - frameOf(b).left);
  return (
    <div class="chips" role="group" aria-label={t("ui.windows")}>
      {windows.map((window) => {
        const said = [...saidOf({ kind: "window", id: window.id, part: "seat" }), ...saidOf({ kind: "window", id: window.id, part: "desk" })];
        const tone = said.some((one) => one.serious) ? "critical" : said.length > 0 ? "warning" : "";
        return (
          <button
            key={window.id} type="button" class={`chip ${tone}`} aria-pressed={chosen?.id === window.id} data-window={window.id}
            aria-label={t("ui.window", { window: window.id }) + (tone === "" ? "" : ` · ${t("calibrate.findings")}`)}
            onClick={() => (chosen?.id === window.id ? select(null) : showWindow(window))}
          >
            {tone !== "" && <Icon name="warning" />}{window.id}
          </button>
        );
      })}
      {children}
    </div>
  );
}
