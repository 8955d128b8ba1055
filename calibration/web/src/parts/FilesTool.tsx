import { t } from "@central/i18n";
import { Icon } from "@central/ui/Icon";
import { Section } from "@central/ui/Page";
import { complain, tell } from "@central/ui/toast";
import { useRef } from "preact/hooks";
import { api } from "../api";
import { change } from "../work";

/** The calibration as a file: out, and in as a draft. */
export function FilesTool() {
  const file = useRef<HTMLInputElement>(null);
  const read = async (chosen: File | undefined) => {
    if (!chosen) return;
    try {
      change((await api.importToml(await chosen.text())).draft);
      tell(t("calibrate.imported"));
    } catch (error) {
      complain(error);
    }
    file.current!.value = "";
  };
  return (
    <Section title={t("calibrate.files")} lead={t("calibrate.files_lead")}>
      <div class="actions">
        <a class="button" href="/api/calibration.toml" download="calibration.toml"><Icon name="download" />{t("calibrate.export")}</a>
        <button type="button" onClick={() => file.current!.click()}><Icon name="upload" />{t("calibrate.import")}</button>
        <input ref={file} type="file" accept=".toml,text/plain" class="hidden" aria-label={t("calibrate.import")} tabIndex={-1} onChange={(event) => void read(event.currentTarget.files?.[0])} />
      </div>
    </Section>
  );
}
