import { type ConductEvent, client, data } from "../api";
import { day, fromDay } from "../days";
import { type Key, label, say, t } from "../i18n";
import { halls } from "../live";
import type { PageProps } from "../pages";
import { go } from "../route";
import { clock, duration, percent } from "../time";
import { DataTable } from "../ui/DataTable";
import { Field } from "../ui/Field";
import { Icon } from "../ui/Icon";
import { Page } from "../ui/Page";
import { Pager } from "../ui/Pager";
import { EmptyState } from "../ui/states";
import { Await, useLoad } from "../ui/useLoad";
import { RULES, SEVERITIES, place, state } from "../words";

/** Every event of the account's halls, newest first, narrowed by filters that live in the address. */
export default function Events({ query }: PageProps) {
  const loaded = useLoad(() => data(client.GET("/api/v1/events", { params: { query: Object.fromEntries(query) } })), [query.toString()]);
  const several = halls.value.length > 1;
  const turn = (page: number) => {
    const next = new URLSearchParams(query);
    next.set("page", String(page));
    go(`/events?${next}`);
  };
  return (
    <Page title={t("ui.events")}>
      <Filters query={query} />
      <Await of={loaded} lines={8}>
        {(page) => (
          <>
            <DataTable
              caption={t("ui.events")}
              columns={[
                { id: "rule", name: t("ui.rule"), cell: (e) => <Name event={e} /> },
                { id: "place", name: t("ui.window_label"), cell: (e) => `${several ? `${hallName(e.hall)} · ` : ""}${place(e)}` },
                { id: "began", name: t("ui.began"), cell: (e) => clock(e.opened_at) },
                { id: "lasted", name: t("ui.lasted"), number: true, cell: (e) => duration(e.opened_at, e.closed_at) },
                { id: "confidence", name: t("ui.confidence_label"), number: true, cell: (e) => percent(e.confidence) },
                { id: "state", name: t("ui.state"), cell: state },
              ]}
              rows={page.events}
              keyOf={(e) => e.id}
              look={(e) => e.severity}
              empty={<EmptyState title={t("ui.no_events")} icon="search" />}
            />
            <Pager page={page.page} perPage={page.per_page} total={page.total} onPage={turn} />
          </>
        )}
      </Await>
    </Page>
  );
}

function hallName(id: string): string {
  return halls.value.find((hall) => hall.id === id)?.name ?? id;
}

function Name({ event }: { event: ConductEvent }) {
  return <a href={`/events/${event.id}`}><Icon name={event.severity} />{say(event.title)}</a>;
}

function Filters({ query }: { query: URLSearchParams }) {
  const change = (name: string, value: string) => {
    const next = new URLSearchParams(query);
    if (value === "") next.delete(name);
    else next.set(name, value);
    next.delete("page");
    if (name === "hall") next.delete("window");
    go(`/events?${next}`);
  };
  const choice = (name: string, text: Key, options: readonly (readonly [string, string])[]) => (
    <Field label={t(text)}>
      <select name={name} value={query.get(name) ?? ""} onChange={(e) => change(name, e.currentTarget.value)}>
        <option value="">{t("ui.all")}</option>
        {options.map(([value, text]) => <option key={value} value={value}>{text}</option>)}
      </select>
    </Field>
  );
  const date = (name: "from" | "to", text: Key) => (
    <Field label={t(text)}>
      <input type="date" value={day(name, query.get(name))} onChange={(e) => change(name, fromDay(name, e.currentTarget.value))} />
    </Field>
  );
  const hall = query.get("hall");
  const windows = halls.value.filter((h) => hall === null || h.id === hall).flatMap((h) => h.windows);
  return (
    <form class="filters" onSubmit={(e) => e.preventDefault()}>
      {halls.value.length > 1 && choice("hall", "ui.hall", halls.value.map((h) => [h.id, h.name]))}
      {choice("window", "ui.window_label", windows.map((w) => [w.id, w.name]))}
      {choice("rule", "ui.rule", RULES.map((rule) => [rule, label("rule", `${rule}.title`)]))}
      {choice("severity", "ui.severity", SEVERITIES.map((s) => [s, label("severity", s)]))}
      {choice("state", "ui.state", [["open", t("ui.state.open")], ["closed", t("ui.state.closed")]])}
      {date("from", "ui.from")}
      {date("to", "ui.to")}
      {query.size > 0 && <a class="tool quiet" href="/events">{t("ui.reset")}</a>}
    </form>
  );
}
