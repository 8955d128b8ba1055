import { t } from "@central/i18n";
import { Icon } from "@central/ui/Icon";
import { Menu } from "@central/ui/Menu";
import { clearHeads, frozen, picture, showAnalysis } from "./live";
import { snapping, zoomBy, zoomTo } from "./gestures";
import { zoom } from "./view";

/** From this age in seconds on, a picture of the live view says how old it is. */
const OLD_S = 2;

/** Live or frozen, nearer or farther, and what else the picture can show. */
export function PictureTools() {
  const isFrozen = frozen.value;
  const shown = picture.value;
  // Of a slow camera it counts how old its picture is; what is frozen gets old on purpose.
  const isOld = shown !== null && !isFrozen && shown.age >= OLD_S;
  const time = shown === null ? "" : isOld ? t("calibrate.seconds_ago", { n: Math.round(shown.age) }) : new Date(shown.at).toLocaleTimeString(undefined, { hour12: false });
  return (
    <div class="picture-tools" role="toolbar" aria-label={t("calibrate.picture")}>
      <button type="button" class={`tool quiet live ${isFrozen ? "frozen" : ""}`} aria-pressed={isFrozen} onClick={() => (frozen.value = !isFrozen)}>
        <span class="dot" aria-hidden="true" />
        {isFrozen ? t("calibrate.frozen") : t("calibrate.live")}
        <span class="muted at">{time}</span>
      </button>
      <span class="space" />
      <button type="button" class="tool quiet" aria-label={t("calibrate.zoom_out")} disabled={zoom.value.k <= 1} onClick={() => zoomBy(1 / 1.6)}><span aria-hidden="true" class="sign">−</span></button>
      <button type="button" class="tool quiet factor" title={t("calibrate.whole_picture")} onClick={() => zoomTo({ k: 1, x: 0, y: 0 })}>{zoom.value.k.toFixed(1)}×<span class="hidden"> {t("calibrate.whole_picture")}</span></button>
      <button type="button" class="tool quiet" aria-label={t("calibrate.zoom_in")} onClick={() => zoomBy(1.6)}><Icon name="plus" /></button>
      <Menu
        label={t("calibrate.picture_options")}
        trigger={<Icon name="settings" />}
        items={[
          { id: "analysis", text: showAnalysis.value ? t("calibrate.hide_analysis") : t("calibrate.show_analysis"), icon: "chart", act: () => turn(showAnalysis) },
          { id: "heads", text: clearHeads.value ? t("calibrate.pixelate") : t("calibrate.clear_heads"), icon: "shield", act: () => turn(clearHeads) },
          { id: "snap", text: snapping.value ? t("calibrate.snap_off") : t("calibrate.snap_on"), icon: "edit", act: () => (snapping.value = !snapping.value) },
        ]}
      />
    </div>
  );
}

/** What changes the picture itself shows on the next one, so it goes live. */
function turn(choice: { value: boolean }): void {
  choice.value = !choice.value;
  frozen.value = false;
}
