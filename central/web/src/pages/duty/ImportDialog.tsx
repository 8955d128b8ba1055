import { useState } from "preact/hooks";
import { ApiError, type Hall, type Schema, client, data } from "../../api";
import { written } from "../../calendar";
import { lang, t } from "../../i18n";
import { DataTable } from "../../ui/DataTable";
import { Dialog } from "../../ui/Dialog";
import { explain } from "../../ui/explain";
import { Field } from "../../ui/Field";
import { tell } from "../../ui/toast";
import { Problems } from "./Problems";
import { CSV, csvText, kindOf } from "./file";
import { type Cell, type Duty, nameOf } from "./roster";

interface Props {
  hall: Hall;
  staff: Duty["staff"];
  shifts: Duty["shifts"];
  onClose: () => void;
  onDone: () => Promise<void>;
}

/** Rows of a preview that are shown; more of them tell nothing new. */
const SHOWN = 50;

/** A roster from a file: first what it holds or what is wrong with it, and only then it is taken. */
export function ImportDialog({ hall, staff, shifts, onClose, onDone }: Props) {
  const [file, setFile] = useState<File | null>(null);
  const [cells, setCells] = useState<readonly Cell[] | null>(null);
  const [problems, setProblems] = useState<readonly Schema<"RosterRowProblem">[]>([]);
  const [failed, setFailed] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);

  const send = async (chosen: File, check: boolean) => {
    const kind = kindOf(chosen.name);
    if (kind === null) throw new ApiError("media_type", 415, null);
    const bytes = await chosen.arrayBuffer();
    const body = kind === CSV ? csvText(bytes) : new Blob([bytes]);
    return data(client.POST("/api/v1/halls/{hall}/roster/file", {
      params: { path: { hall: hall.id }, query: { check } }, headers: { "Content-Type": kind }, body: body as never, bodySerializer: () => body,
    }));
  };
  const attempt = async (act: () => Promise<void>) => {
    setBusy(true);
    setFailed(null);
    setProblems([]);
    try {
      await act();
    } catch (error) {
      const refused = error instanceof ApiError && error.kind === "roster" ? (error.said as Schema<"RosterRefused">) : null;
      if (refused) setProblems(refused.problems);
      else setFailed(explain(error));
    } finally {
      setBusy(false);
    }
  };
  const choose = (chosen: File | null) => {
    setFile(chosen);
    setCells(null);
    if (chosen) void attempt(async () => setCells((await send(chosen, true)).cells));
  };
  const take = (chosen: File) =>
    attempt(async () => {
      const { cells } = await send(chosen, false);
      tell(t("duty.imported", { n: cells.length }));
      onClose();
      await onDone();
    });

  return (
    <Dialog
      title={t("duty.import")} description={t("duty.import_lead")} onClose={onClose}
      actions={
        <>
          <button type="button" onClick={onClose}>{t("ui.cancel")}</button>
          <button type="button" class="primary" disabled={busy || file === null || cells === null || cells.length === 0} onClick={() => file && void take(file)}>
            {cells === null ? t("duty.import") : t("duty.import_take", { n: cells.length })}
          </button>
        </>
      }
    >
      <Field label={t("duty.import_file")}>
        <input type="file" name="file" accept=".csv,.xlsx" onChange={(e) => choose(e.currentTarget.files?.[0] ?? null)} />
      </Field>
      {failed !== null && <p class="failed" role="alert">{failed}</p>}
      {problems.length > 0 && <Problems problems={problems} />}
      {cells !== null && <Preview cells={cells} hall={hall} staff={staff} shifts={shifts} />}
    </Dialog>
  );
}

function Preview({ cells, hall, staff, shifts }: { cells: readonly Cell[]; hall: Hall; staff: Duty["staff"]; shifts: Duty["shifts"] }) {
  const days = [...new Set(cells.map((cell) => cell.day))].sort();
  const day = (one: string) => written(one, lang.value, { month: "short", day: "numeric", weekday: "short" });
  return (
    <>
      <p role="status" data-cells={cells.length}>
        {cells.length === 0 ? t("duty.import_empty") : t("duty.import_preview", { n: cells.length, from: day(days[0] ?? ""), to: day(days.at(-1) ?? "") })}
      </p>
      {cells.length > 0 && (
        <DataTable
          caption={t("duty.import")} rows={cells.slice(0, SHOWN)} keyOf={(cell) => `${cell.day} ${cell.window} ${cell.shift}`}
          columns={[
            { id: "day", name: t("duty.day_label"), cell: (cell) => day(cell.day) },
            { id: "window", name: t("ui.window_label"), cell: (cell) => hall.windows.find((window) => window.id === cell.window)?.name ?? cell.window },
            { id: "shift", name: t("duty.shift"), cell: (cell) => shifts.find((shift) => shift.id === cell.shift)?.name ?? cell.shift },
            { id: "staff", name: t("duty.who"), cell: (cell) => cell.staff.map((who) => nameOf(staff, who)).join(t("text.list_separator")) || t("duty.nobody") },
          ]}
        />
      )}
      {cells.length > SHOWN && <p class="muted">{t("duty.import_more", { n: cells.length - SHOWN })}</p>}
    </>
  );
}
