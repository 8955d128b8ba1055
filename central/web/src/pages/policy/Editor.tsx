import { useEffect, useRef, useState } from "preact/hooks";
import { type Schema, client, data } from "../../api";
import { say, t } from "../../i18n";
import { session } from "../../session";
import { explain } from "../../ui/explain";
import { Icon } from "../../ui/Icon";
import { Section } from "../../ui/Page";
import { complain } from "../../ui/toast";
import { type Document, type Problem, change } from "./document";
import { Differences } from "./Differences";
import { ItemsForm } from "./ItemsForm";
import { Preview } from "./Preview";
import { RollOutDialog } from "./RollOutDialog";
import { RuleForm } from "./RuleForm";
import { ScheduleForm } from "./ScheduleForm";
import { RULES } from "../../words";
import { fieldName } from "./names";

type Checked = Schema<"Checked">;

interface Props {
  state: Schema<"HallPolicy">;
  onSaved: () => Promise<void>;
}

/** What a part of the form gets: the draft, how to change a field of it, and what is wrong with a field. */
export interface Draft {
  document: Document;
  set: (field: string, value: unknown) => void;
  wrong: (field: string) => string | null;
  readOnly: boolean;
}

const PAUSE_MS = 400;

/** The rules as a form. Every change is checked by the server, which uses the agents' own code. */
export function Editor({ state, onSaved }: Props) {
  // What is fetched again meanwhile must not look like somebody's change.
  const [base] = useState(state.document);
  const [document, setDocument] = useState(base);
  const [checked, setChecked] = useState<Checked | null>(null);
  const [failed, setFailed] = useState<string | null>(null);
  const [sending, setSending] = useState(false);
  const file = useRef<HTMLInputElement>(null);
  const isChanged = document !== base;
  const mayPreview = session.value?.account.role === "center_head";

  useEffect(() => {
    if (!isChanged) return undefined;
    const timer = setTimeout(() => void check({ document }), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [document]);

  const check = async (draft: { document?: unknown; text?: string }) => {
    try {
      const body = draft as { document?: Record<string, never>; text?: string };
      const result = await data(client.POST("/api/v1/policies/{hall}/check", { params: { path: { hall: state.hall }, header: {} as never }, body }));
      setFailed(null);
      setChecked(result);
      return result;
    } catch (error) {
      setFailed(explain(error));
      return null;
    }
  };
  const load = async (chosen: File | undefined) => {
    if (!chosen) return;
    if (chosen.size > 60_000) return complain(new Error("too large"));
    const result = await check({ text: await chosen.text() });
    if (result?.document) setDocument(result.document);
  };
  const undo = () => {
    setDocument(base);
    setChecked(null);
  };
  const problems = isChanged ? (checked?.problems ?? []) : [];
  const draft: Draft = {
    document,
    set: (field, value) => setDocument((before) => change(before, field, value)),
    wrong: (field) => problemAt(problems, field),
    readOnly: !state.may_edit,
  };
  const differences = isChanged && problems.length === 0 ? (checked?.differences ?? []) : [];

  return (
    <div class="policy-form">
      {!state.may_edit && <p class="muted">{t("policy.read_only")}</p>}
      {state.may_edit && (
        <div class="actions">
          <button type="button" class="quiet" onClick={() => file.current?.click()}><Icon name="upload" />{t("policy.import")}</button>
          <input ref={file} class="hidden" type="file" accept=".toml,text/plain" tabIndex={-1} aria-label={t("policy.import")} onChange={(e) => {
            void load(e.currentTarget.files?.[0]);
            e.currentTarget.value = "";
          }} />
        </div>
      )}
      <section class="rules" aria-label={t("policy.rules")}>
        {RULES.map((rule) => <RuleForm key={rule} rule={rule} draft={draft} />)}
      </section>
      <ScheduleForm draft={draft} />
      <ItemsForm draft={draft} />
      {isChanged && (
        <>
          <Section title={t("policy.changes")} lead={t("policy.changes_lead")}>
            {failed !== null && <p class="failed" role="alert">{failed}</p>}
            {problems.length > 0 && <Problems problems={problems} />}
            {problems.length === 0 && <Differences differences={differences} />}
          </Section>
          {mayPreview && problems.length === 0 && differences.length > 0 && <Preview hall={state.hall} document={document} />}
          <div class="save-bar">
            <span role="status">{problems.length > 0 ? t("policy.problems", { n: problems.length }) : t("policy.n_changes", { n: differences.length })}</span>
            <button type="button" onClick={undo}>{t("policy.undo")}</button>
            <button type="button" class="primary" disabled={problems.length > 0 || differences.length === 0} onClick={() => setSending(true)}>
              {t("policy.save_and_send")}
            </button>
          </div>
        </>
      )}
      {sending && (
        <RollOutDialog
          state={state}
          document={document}
          differences={differences}
          onClose={() => setSending(false)}
          onDone={async () => {
            setSending(false);
            await onSaved();
          }}
        />
      )}
    </div>
  );
}

/** Lists are checked as a whole: what is wrong with a rule as such is shown at its heading. */
function problemAt(problems: readonly Problem[], field: string): string | null {
  const found = problems.find((problem) => problem.field === field);
  return found ? say(found.message) : null;
}

function Problems({ problems }: { problems: readonly Problem[] }) {
  return (
    <div role="alert">
      <ul class="problem-list">
        {problems.map((problem) => (
          <li key={problem.field + problem.text}><strong>{fieldName(problem.field)}</strong>{say(problem.message)}</li>
        ))}
      </ul>
    </div>
  );
}
