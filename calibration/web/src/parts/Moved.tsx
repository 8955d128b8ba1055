import { t } from "@central/i18n";
import { Icon } from "@central/ui/Icon";
import { complain, tell } from "@central/ui/toast";
import { useState } from "preact/hooks";
import { api } from "../api";
import { withCamera } from "../editor/draft";
import { offers } from "../offers";
import { camera, goTo } from "../place";
import { change, draft } from "../work";

/** A camera that has moved since the zones were drawn: they can be moved after it. */
export function Moved() {
  const [busy, setBusy] = useState(false);
  const seen = camera.value;
  if (!seen?.moved) return null;
  const { dx, dy, roll_deg } = seen.moved;
  if (dx == null || dy == null || roll_deg == null) {
    return <p class="notice warning moved" role="status"><Icon name="warning" />{t("calibrate.lost", { camera: seen.id })}</p>;
  }
  const realign = async () => {
    setBusy(true);
    try {
      const { draft: there } = await api.realign(seen.id);
      change(withCamera(draft.peek(), seen.id, there));
      goTo("windows");
      tell(t("calibrate.realigned"));
    } catch (error) {
      complain(error);
    }
    setBusy(false);
  };
  return (
    <div class="notice warning moved" role="status">
      <Icon name="warning" />
      <div>
        <p>{t("calibrate.moved", { camera: seen.id, dx: (dx * 100).toFixed(1), dy: (dy * 100).toFixed(1), roll: roll_deg.toFixed(1) })}</p>
        {offers("realign") && <button type="button" disabled={busy} onClick={() => void realign()}>{t("calibrate.realign")}</button>}
      </div>
    </div>
  );
}
