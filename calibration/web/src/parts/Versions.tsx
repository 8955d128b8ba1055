import { label, t } from "@central/i18n";
import { clock } from "@central/time";
import { ConfirmDialog } from "@central/ui/ConfirmDialog";
import { Section } from "@central/ui/Page";
import { tell } from "@central/ui/toast";
import { Await, useLoad } from "@central/ui/useLoad";
import { useState } from "preact/hooks";
import { type Version, type VersionChange, api } from "../api";
import { reset } from "../work";
import { changed, placeOf } from "./names";

/** Earlier versions: what was different, and one tap to have it back. */
export function Versions() {
  const loaded = useLoad(() => api.history(), []);
  const [back, setBack] = useState<Version | null>(null);
  return (
    <Section title={t("calibrate.history")}>
      <Await of={loaded}>
        {(versions) => {
          const current = versions.find((one) => one.current);
          return (
            <ul class="rows">
              {versions.length === 0 && <li class="hint">{t("calibrate.no_history")}</li>}
              {versions.map((one) => (
                <li key={`${one.version}/${one.saved_at}`} class="row-card" data-version={one.version} data-current={one.current}>
                  <div class="row">
                    <span>{clock(one.saved_at)} <small class="muted">{label("calibrate.by", one.by)}</small></span>
                    {one.current ? <span class="badge good">{t("calibrate.in_force")}</span> : <button type="button" onClick={() => setBack(one)}>{t("calibrate.go_back")}</button>}
                  </div>
                  {!one.current && current && <Difference version={one.version} current={current.version} />}
                </li>
              ))}
            </ul>
          );
        }}
      </Await>
      {back && (
        <ConfirmDialog
          title={t("calibrate.go_back")} description={t("calibrate.go_back_ask", { time: clock(back.saved_at) })} confirm={t("calibrate.go_back")}
          act={async () => {
            await api.goBack(back.version);
            await reset();
            tell(t("calibrate.returned"));
          }}
          onClose={() => setBack(null)}
        />
      )}
    </Section>
  );
}

/** What returning to a version would change, fetched when it is asked for. */
function Difference({ version, current }: { version: string; current: string }) {
  const [changes, setChanges] = useState<readonly VersionChange[] | null>(null);
  const open = () => changes === null && void api.difference(version, current).then((said) => setChanges(said.changes), () => undefined);
  return (
    <details onToggle={open}>
      <summary>{t("calibrate.difference")}</summary>
      <ul class="differences">
        {changes?.length === 0 && <li class="hint">{t("calibrate.same")}</li>}
        {changes?.map((change, i) => (
          <li key={i} class={change.kind}>
            <strong>{placeOf(change.place)}</strong> {changed(change)}
          </li>
        ))}
      </ul>
    </details>
  );
}
