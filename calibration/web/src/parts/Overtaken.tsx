import { t } from "@central/i18n";
import { Icon } from "@central/ui/Icon";
import { complain } from "@central/ui/toast";
import { overtaken, reset } from "../work";

/** Somebody else saved while this draft was being drawn. */
export function Overtaken() {
  if (!overtaken.value) return null;
  return (
    <div class="notice warning" role="alert">
      <Icon name="warning" />
      <div>
        <p>{t("calibrate.overtaken")}</p>
        <div class="actions">
          <button type="button" onClick={() => void reset().catch(complain)}>{t("calibrate.take_saved")}</button>
          <button type="button" onClick={() => (overtaken.value = false)}>{t("calibrate.keep_mine")}</button>
        </div>
      </div>
    </div>
  );
}
