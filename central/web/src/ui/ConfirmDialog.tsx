import { useState } from "preact/hooks";
import { t } from "../i18n";
import { Dialog } from "./Dialog";
import { explain } from "./explain";

interface Props {
  title: string;
  description: string;
  /** What the button says: the deed, not "OK". */
  confirm: string;
  /** Whether it cannot be undone. */
  danger?: boolean;
  /** Does it; the dialog stays open and shows why when it fails. */
  act: () => Promise<unknown>;
  onClose: () => void;
}

/** Asks before something that matters. */
export function ConfirmDialog({ title, description, confirm, danger, act, onClose }: Props) {
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState<string | null>(null);
  const run = async () => {
    setBusy(true);
    setFailed(null);
    try {
      await act();
      onClose();
    } catch (error) {
      setFailed(explain(error));
      setBusy(false);
    }
  };
  const actions = (
    <>
      <button type="button" onClick={onClose}>{t("ui.cancel")}</button>
      <button type="button" class={danger ? "danger" : "primary"} disabled={busy} onClick={() => void run()}>{confirm}</button>
    </>
  );
  return (
    <Dialog title={title} description={description} onClose={onClose} actions={actions} alert>
      {failed !== null && <p class="failed" role="alert">{failed}</p>}
    </Dialog>
  );
}
