import { useState } from "preact/hooks";
import { ApiError, type Schema, client, data } from "../api";
import { written } from "../calendar";
import { label, lang, t } from "../i18n";
import { ConfirmDialog } from "../ui/ConfirmDialog";
import { Dialog } from "../ui/Dialog";
import { Field } from "../ui/Field";
import { Icon } from "../ui/Icon";
import { Page, Section } from "../ui/Page";
import { explain } from "../ui/explain";
import { tell } from "../ui/toast";
import { Await, useLoad } from "../ui/useLoad";
import { Problems } from "./duty/Problems";
import { CSV, csvText } from "./duty/file";

type Year = Schema<"PublicYear">;

/** The public calendar of every hall: what is built in, and what the administrator brings once a year. */
export default function Holidays() {
  const loaded = useLoad(() => data(client.GET("/api/v1/public-calendar")), []);
  const [open, setOpen] = useState<"bring" | Year | null>(null);
  const done = (text: string) => {
    setOpen(null);
    tell(text);
    void loaded.reload();
  };
  return (
    <Page
      title={t("public_calendar.title")} lead={t("public_calendar.lead")}
      actions={<button type="button" class="primary" onClick={() => setOpen("bring")}><Icon name="plus" />{t("public_calendar.bring")}</button>}
    >
      <Await of={loaded} lines={8}>
        {({ years, missing }) => (
          <div class="page">
            {missing !== null && <p class="notice warning" data-missing={missing}>{t("public_calendar.missing", { year: missing })}</p>}
            {[...years].reverse().map((year) => <Days key={year.year} year={year} onForget={() => setOpen(year)} />)}
            {open === "bring" && <Bring year={missing ?? (years.at(-1)?.year ?? new Date().getFullYear()) + 1} onClose={() => setOpen(null)} onDone={done} />}
            {open !== null && open !== "bring" && (
              <ConfirmDialog
                title={t("public_calendar.forget_of", { year: open.year })} description={t("public_calendar.forget_lead")} confirm={t("public_calendar.forget")} danger
                act={async () => {
                  await data(client.DELETE("/api/v1/public-calendar/{year}", { params: { path: { year: open.year } } }));
                  done(t("public_calendar.forgotten"));
                }}
                onClose={() => setOpen(null)}
              />
            )}
          </div>
        )}
      </Await>
    </Page>
  );
}

/** How many days of a year are off and made up. */
function counts(year: Year): { off: number; made_up: number } {
  const off = year.days.filter((day) => day.holiday !== null).length;
  return { off, made_up: year.days.length - off };
}

/** A year's days, each holiday with its name. */
function Days({ year, onForget }: { year: Year; onForget: () => void }) {
  return (
    <Section
      title={String(year.year)} lead={`${t(year.brought ? "public_calendar.brought" : "public_calendar.built_in")} · ${t("public_calendar.counts", counts(year))}`}
      actions={year.brought && <button type="button" onClick={onForget}>{t("public_calendar.forget")}</button>}
    >
      <ul class="chips" data-year={year.year}>
        {year.days.map(({ day, holiday }) => (
          <li key={day} data-day={day}>
            <span class="muted">{written(day, lang.value, { month: "short", day: "numeric", weekday: "short" })}</span> {holiday === null ? t("duty.day.compensatory") : label("duty.holiday", holiday)}
          </li>
        ))}
      </ul>
    </Section>
  );
}

/** A year's days as rows, pasted or from a file. */
function Bring({ year: first, onClose, onDone }: { year: number; onClose: () => void; onDone: (text: string) => void }) {
  const [year, setYear] = useState(first);
  const [rows, setRows] = useState("");
  const [problems, setProblems] = useState<readonly Schema<"RosterRowProblem">[]>([]);
  const [failed, setFailed] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const take = async () => {
    setBusy(true);
    setFailed(null);
    setProblems([]);
    try {
      const sent = client.PUT("/api/v1/public-calendar/{year}", { params: { path: { year } }, headers: { "Content-Type": CSV }, body: rows as never, bodySerializer: () => rows });
      const taken = await data(sent);
      onDone(t("public_calendar.taken", { year, ...counts(taken.year) }));
    } catch (error) {
      const refused = error instanceof ApiError && error.kind === "calendar" ? (error.said as Schema<"RosterRefused">) : null;
      if (refused) setProblems(refused.problems);
      else setFailed(explain(error));
    } finally {
      setBusy(false);
    }
  };
  const read = async (file: File | undefined) => {
    if (file) setRows(csvText(await file.arrayBuffer()));
  };
  return (
    <Dialog
      title={t("public_calendar.bring")} description={t("public_calendar.bring_lead")} onClose={onClose}
      actions={
        <>
          <button type="button" onClick={onClose}>{t("ui.cancel")}</button>
          <button type="button" class="primary" disabled={busy || rows.trim() === ""} onClick={() => void take()}>{t("public_calendar.take")}</button>
        </>
      }
    >
      <Field label={t("public_calendar.year")}><input type="number" name="year" required value={year} onInput={(e) => setYear(e.currentTarget.valueAsNumber)} /></Field>
      <Field label={t("public_calendar.file")}><input type="file" name="file" accept=".csv" onChange={(e) => void read(e.currentTarget.files?.[0])} /></Field>
      <Field label={t("public_calendar.rows")}>
        <textarea name="rows" rows={8} spellcheck={false} placeholder={t("public_calendar.example", { year })} value={rows} onInput={(e) => setRows(e.currentTarget.value)} />
      </Field>
      {failed !== null && <p class="failed" role="alert">{failed}</p>}
      {problems.length > 0 && <Problems problems={problems} />}
    </Dialog>
  );
}
