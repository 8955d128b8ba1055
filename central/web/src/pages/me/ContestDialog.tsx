import { useRef, useState } from "preact/hooks";
import { type Schema, client, data } from "../../api";
import { say, t } from "../../i18n";
import { Dialog } from "../../ui/Dialog";
import { explain } from "../../ui/explain";
import { Field } from "../../ui/Field";
import { tell } from "../../ui/toast";
import type { OwnEvent } from "./counting";
import { dayWritten, hourOf } from "../../time";

const CHOICES: readonly Schema<"Appeal">["choice"][] = ["not_my_shift", "part_of_work", "not_so", "other"];
const LONGEST = 500;

interface Props {
  event: OwnEvent;
  /** Working days that the answer may take. */
  days: number;
  onClose: () => void;
  onDone: () => Promise<void>;
}

/** One's word against an event: opening it is the first tap, a reason the second. */
export function ContestDialog({ event, days, onClose, onDone }: Props) {
  const [text, setText] = useState("");
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState<string | null>(null);
  const [missing, setMissing] = useState(false);
  const words = useRef<HTMLTextAreaElement>(null);
  const send = async (choice: (typeof CHOICES)[number]) => {
    if (choice === "other" && text.trim() === "") {
      setMissing(true);
      words.current?.focus();
      return;
    }
    setBusy(true);
    setFailed(null);
    try {
      await data(client.POST("/api/v1/me/events/{id}/contest", { params: { path: { id: event.id } }, body: { choice, text: text.trim() } }));
      tell(t("me.contest_sent"));
      onClose();
      await onDone();
    } catch (error) {
      setFailed(explain(error));
      setBusy(false);
    }
  };
  return (
    <Dialog title={t("me.contest_title")} description={`${say(event.title)} · ${dayWritten(event.opened_at)} ${hourOf(event.opened_at)}`} onClose={onClose}>
      <p>{t("me.contest_lead", { n: days })}</p>
      <Field label={t("me.contest_text")} error={missing ? t("me.contest_needed") : null}>
        <textarea ref={words} name="text" rows={3} maxLength={LONGEST} value={text} onInput={(e) => { setText(e.currentTarget.value); setMissing(false); }} />
      </Field>
      <div class="choices">
        {CHOICES.map((choice) => <button key={choice} type="button" disabled={busy} data-choice={choice} onClick={() => void send(choice)}>{t(`me.choice.${choice}`)}</button>)}
      </div>
      {failed !== null && <p class="failed" role="alert">{failed}</p>}
    </Dialog>
  );
}
