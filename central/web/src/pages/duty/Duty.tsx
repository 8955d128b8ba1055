import type { Hall } from "../../api";
import { t } from "../../i18n";
import { halls } from "../../live";
import type { PageProps } from "../../pages";
import { go } from "../../route";
import { Field } from "../../ui/Field";
import { Page } from "../../ui/Page";
import { Skeleton } from "../../ui/states";
import { Tabs } from "../../ui/Tabs";
import { Accommodations } from "./Accommodations";
import { Calendar } from "./Calendar";
import { Pauses } from "./Pauses";
import { Roster } from "./Roster";
import { Shifts } from "./Shifts";
import "../../styles/duty.css";

export interface PartProps {
  hall: Hall;
  query: URLSearchParams;
  /** Goes to the same part with something else in the address. */
  show: (change: Record<string, string>) => void;
}

const PARTS = { roster: Roster, shifts: Shifts, calendar: Calendar, pauses: Pauses, accommodations: Accommodations };
const NAMES = ["roster", "shifts", "calendar", "pauses", "accommodations"] as const;

/** Who is posted where and when, and when rules rest. */
export default function Duty({ query }: PageProps) {
  const hall = halls.value.find((one) => one.id === query.get("hall")) ?? halls.value[0];
  const asked = query.get("part");
  const part = NAMES.find((name) => name === asked) ?? "roster";
  const show = (change: Record<string, string>) => go(`/duty?${new URLSearchParams({ ...Object.fromEntries(query), ...change })}`);
  if (!hall) return <Page title={t("duty.title")}><Skeleton lines={8} /></Page>;
  const choose = halls.value.length > 1 && (
    <Field label={t("ui.hall")}>
      <select name="hall" value={hall.id} onChange={(e) => show({ hall: e.currentTarget.value })}>
        {halls.value.map((one) => <option key={one.id} value={one.id}>{one.name}</option>)}
      </select>
    </Field>
  );
  return (
    <Page title={t("duty.title")} lead={t("duty.lead")} actions={choose}>
      <Tabs
        label={t("duty.title")} value={part} onChange={(id) => show({ part: id })}
        tabs={NAMES.map((name) => {
          const Part = PARTS[name];
          return { id: name, text: t(`duty.${name}`), content: () => <Part key={hall.id} hall={hall} query={query} show={show} /> };
        })}
      />
    </Page>
  );
}
