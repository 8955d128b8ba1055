import { useEffect, useState } from "preact/hooks";
import { type ConductEvent, type EventPage, api } from "../api";
import { Icon } from "../components/Icon";
import { type Key, label, say, t } from "../i18n";
import { halls } from "../live";
import { follow, go } from "../route";
import { clock, duration, percent } from "../time";

const RULES = [
  "absence", "overstaffed", "slumped", "leaning_back", "tilted", "badge_missing", "smoking", "ashtray", "clutter", "required_item_missing",
];
const SEVERITIES = ["critical", "warning", "info"];

/** The place of an event by the name that people use. */
export function place(event: ConductEvent): string {
  if (event.zone !== null) return t("ui.zone", { zone: event.zone });
  const windows = halls.value.find((hall) => hall.id === event.hall)?.windows ?? [];
  return windows.find((w) => w.id === event.window)?.name ?? t("ui.window", { window: event.window ?? "" });
}

export function Events({ filters }: { filters: URLSearchParams }) {
  const [page, setPage] = useState<EventPage | null>(null);
  const [failed, setFailed] = useState(false);
  const query = filters.toString();
  useEffect(() => {
    let current = true;
    setFailed(false);
    api.events(new URLSearchParams(query)).then(
      (answer) => current && setPage(answer),
      () => current && setFailed(true),
    );
    return () => {
      current = false;
    };
  }, [query]);

  const change = (name: string, value: string) => {
    const next = new URLSearchParams(filters);
    if (value === "") next.delete(name);
    else next.set(name, value);
    if (name !== "page") next.delete("page");
    if (name === "hall") next.delete("window");
    go(`/events?${next}`);
  };
  const choice = (name: string, text: Key, options: [string, string][]) => (
    <label>
      {t(text)}
      <select name={name} value={filters.get(name) ?? ""} onChange={(e) => change(name, e.currentTarget.value)}>
        <option value="">{t("ui.all")}</option>
        {options.map(([value, text]) => (
          <option key={value} value={value}>{text}</option>
        ))}
      </select>
    </label>
  );
  const day = (name: "from" | "to", text: Key) => (
    <label>
      {t(text)}
      <input type="date" value={toDay(name, filters.get(name))} onChange={(e) => change(name, fromDay(name, e.currentTarget.value))} />
    </label>
  );
  const hall = filters.get("hall");
  const windows = halls.value.filter((h) => hall === null || h.id === hall).flatMap((h) => h.windows);
  const several = halls.value.length > 1;
  return (
    <div class="events">
      <h1>{t("ui.events")}</h1>
      <form class="filters" onSubmit={(e) => e.preventDefault()}>
        {several && choice("hall", "ui.hall", halls.value.map((h) => [h.id, h.name]))}
        {choice("window", "ui.window_label", windows.map((w) => [w.id, w.name]))}
        {choice("rule", "ui.rule", RULES.map((rule) => [rule, label("rule", `${rule}.title`)]))}
        {choice("severity", "ui.severity", SEVERITIES.map((s) => [s, label("severity", s)]))}
        {choice("state", "ui.state", [["open", t("ui.state.open")], ["closed", t("ui.state.closed")]])}
        {day("from", "ui.from")}
        {day("to", "ui.to")}
        {query !== "" && <a class="tool" href="/events" onClick={follow}>{t("ui.reset")}</a>}
      </form>
      {failed && <p class="notice warning" role="alert">{t("ui.error.internal")}</p>}
      {page && page.events.length === 0 && <p class="empty">{t("ui.no_events")}</p>}
      {page && page.events.length > 0 && <Table page={page} several={several} />}
      {page && <Pager page={page} onPage={(n) => change("page", String(n))} />}
    </div>
  );
}

function Table({ page, several }: { page: EventPage; several: boolean }) {
  return (
    <table>
      <thead>
        <tr>
          <th>{t("ui.rule")}</th>
          <th>{t("ui.window_label")}</th>
          <th>{t("ui.began")}</th>
          <th>{t("ui.lasted")}</th>
          <th>{t("ui.confidence_label")}</th>
          <th>{t("ui.state")}</th>
        </tr>
      </thead>
      <tbody>
        {page.events.map((event) => (
          <tr key={event.id} class={event.severity}>
            <td>
              <a href={`/events/${event.id}`} onClick={follow}><Icon name={event.severity} />{say(event.title)}</a>
            </td>
            <td>{several ? `${event.hall} · ` : ""}{place(event)}</td>
            <td>{clock(event.opened_at)}</td>
            <td class="number">{duration(event.opened_at, event.closed_at)}</td>
            <td class="number">{percent(event.confidence)}</td>
            <td>{state(event)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

export function state(event: ConductEvent): string {
  if (event.closed_at === null) return event.acknowledged ? t("ui.state.acknowledged") : t("ui.state.open");
  return event.close_reason ? label("close_reason", event.close_reason) : t("ui.state.closed");
}

function Pager({ page, onPage }: { page: EventPage; onPage: (n: number) => void }) {
  const pages = Math.max(1, Math.ceil(page.total / page.per_page));
  return (
    <nav class="pager" aria-label={t("ui.pager")}>
      <button type="button" class="tool" disabled={page.page <= 1} onClick={() => onPage(page.page - 1)}>{t("ui.previous")}</button>
      <span>{t("ui.page_of", { page: page.page, pages, total: page.total })}</span>
      <button type="button" class="tool" disabled={page.page >= pages} onClick={() => onPage(page.page + 1)}>{t("ui.next")}</button>
    </nav>
  );
}

const DAY_MS = 24 * 3600 * 1000;

/** A day as people mean it ("to" includes that day) as the API's half-open instant, and back. */
function fromDay(name: "from" | "to", day: string): string {
  if (day === "") return "";
  const start = new Date(`${day}T00:00:00`).getTime();
  return new Date(name === "to" ? start + DAY_MS : start).toISOString();
}

function toDay(name: "from" | "to", instant: string | null): string {
  if (instant === null || Number.isNaN(Date.parse(instant))) return "";
  const at = new Date(Date.parse(instant) - (name === "to" ? DAY_MS : 0));
  const two = (n: number) => String(n).padStart(2, "0");
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}
