import { useState } from "preact/hooks";
import { type Schema, client, data } from "../../api";
import { t } from "../../i18n";
import { Dialog } from "../../ui/Dialog";
import { explain } from "../../ui/explain";
import { Field } from "../../ui/Field";
import { tell } from "../../ui/toast";
import { Await, useLoad } from "../../ui/useLoad";
import { Differences } from "./Differences";
import type { Difference, Document } from "./document";

interface Props {
  state: Schema<"HallPolicy">;
  document: Document;
  differences: readonly Difference[];
  onClose: () => void;
  onDone: () => Promise<void>;
}

/** The last look before rules reach the agents: what changes, why, and for whom. */
export function RollOutDialog({ state, document, differences, onClose, onDone }: Props) {
  const [note, setNote] = useState("");
  const [trial, setTrial] = useState(false);
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState<string | null>(null);
  const agents = useLoad(async () => (await data(client.GET("/api/v1/fleet", { params: { query: { hall: state.hall } } }))).agents, [state.hall]);
  const params = { path: { hall: state.hall }, header: {} as never };
  const save = async (send: boolean) => {
    setBusy(true);
    setFailed(null);
    try {
      const version = await data(client.POST("/api/v1/policies/{hall}/versions", { params, body: { document: document as never, note } }));
      if (send) {
        const body = { digest: version.digest, note, ...(trial && { agents: [...chosen] }) };
        await data(client.POST("/api/v1/policies/{hall}/rollouts", { params, body }));
      }
      tell(t(send ? "policy.sent" : "policy.saved"));
      await onDone();
    } catch (error) {
      setFailed(explain(error));
      setBusy(false);
    }
  };
  const actions = (
    <>
      <button type="button" onClick={onClose}>{t("ui.cancel")}</button>
      <button type="button" disabled={busy} onClick={() => void save(false)}>{t("policy.save_only")}</button>
      <button type="button" class="primary" disabled={busy || !state.may_sign || (trial && chosen.length === 0)} onClick={() => void save(true)}>
        {t("policy.send")}
      </button>
    </>
  );
  return (
    <Dialog title={t("policy.save_and_send")} description={t("policy.send_lead")} onClose={onClose} actions={actions}>
      <Differences differences={differences} />
      <Field label={t("policy.note")} hint={t("policy.note_hint")}>
        <input name="note" maxLength={300} value={note} onInput={(e) => setNote(e.currentTarget.value)} />
      </Field>
      <fieldset class="choice">
        <legend>{t("policy.for_whom")}</legend>
        <label class="check"><input type="radio" name="whom" checked={!trial} onChange={() => setTrial(false)} />{t("policy.whole_hall")}</label>
        <label class="check"><input type="radio" name="whom" checked={trial} onChange={() => setTrial(true)} />{t("policy.trial")}</label>
        {trial && (
          <Await of={agents} lines={2}>
            {(all) => (
              <div class="choice-agents">
                {all.length === 0 && <p class="muted">{t("fleet.none")}</p>}
                {all.map(({ id }) => (
                  <label key={id} class="check">
                    <input
                      type="checkbox"
                      checked={chosen.includes(id)}
                      onChange={(e) => setChosen(e.currentTarget.checked ? [...chosen, id] : chosen.filter((one) => one !== id))}
                    />
                    {id}
                  </label>
                ))}
              </div>
            )}
          </Await>
        )}
      </fieldset>
      {!state.may_sign && <p class="notice warning">{t("policy.no_key")}</p>}
      {failed !== null && <p class="failed" role="alert">{failed}</p>}
    </Dialog>
  );
}
