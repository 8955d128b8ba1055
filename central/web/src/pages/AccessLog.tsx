import { type Schema, client, data } from "../api";
import { day, fromDay } from "../days";
import { label, t } from "../i18n";
import type { PageProps } from "../pages";
import { go } from "../route";
import { clock } from "../time";
import { DataTable } from "../ui/DataTable";
import { Field } from "../ui/Field";
import { Page } from "../ui/Page";
import { EmptyState } from "../ui/states";
import { Await, useLoad } from "../ui/useLoad";
import { who } from "../words";

type Entry = Schema<"AccessView">;

/** Who looked at conduct, and who changed who may. */
export default function AccessLog({ query }: PageProps) {
  const loaded = useLoad(async () => {
    const [log, directory] = await Promise.all([
      data(client.GET("/api/v1/access-log", { params: { query: Object.fromEntries(query) } })),
      data(client.GET("/api/v1/directory")),
    ]);
    return { log, halls: directory.halls };
  }, [query.toString()]);
  const older = (next: number) => {
    const to = new URLSearchParams(query);
    to.set("before", String(next));
    go(`/access-log?${to}`);
  };
  return (
    <Page title={t("audit.title")} lead={t("audit.lead")}>
      <Await of={loaded} lines={8}>
        {({ log, halls }) => (
          <div class="page">
            <Filters query={query} halls={halls} />
            <DataTable
              caption={t("audit.title")} rows={log.entries} keyOf={(entry) => String(entry.id)}
              columns={[
                { id: "at", name: t("audit.at"), cell: (e) => clock(e.at) },
                { id: "who", name: t("audit.who"), cell: author },
                { id: "action", name: t("audit.action"), cell: (e) => label("audit", e.action) },
                { id: "what", name: t("audit.what"), cell: (e) => what(e, halls) },
                { id: "id", name: t("audit.number"), number: true, cell: (e) => e.id },
              ]}
              empty={<EmptyState title={t("audit.none")} icon="search" />}
            />
            <nav class="pager" aria-label={t("ui.pager")}>
              {query.has("before") && <a class="button" href={newest(query)}>{t("audit.newest")}</a>}
              {typeof log.next === "number" && <button type="button" class="tool" onClick={() => older(log.next as number)}>{t("audit.older")}</button>}
            </nav>
          </div>
        )}
      </Await>
    </Page>
  );
}

function newest(query: URLSearchParams): string {
  const to = new URLSearchParams(query);
  to.delete("before");
  return to.size > 0 ? `/access-log?${to}` : "/access-log";
}

function author(entry: Entry): string {
  if (!entry.role) return t("audit.central");
  return `${who(entry.name)} · ${label("role", entry.role)}`;
}

function what(entry: Entry, halls: readonly Schema<"NamedHall">[]) {
  const hall = halls.find((h) => h.id === entry.hall);
  const window = hall?.windows.find((w) => w.id === entry.window)?.name ?? (entry.window ? t("ui.window", { window: entry.window }) : "");
  const place = [entry.hall === "*" ? t("account.every_hall") : (hall?.name ?? entry.hall ?? ""), window].filter(Boolean).join(" · ");
  const period = entry.from || entry.to ? `${entry.from ? clock(entry.from) : "…"} – ${entry.to ? clock(entry.to) : "…"}` : "";
  // An account that is known by name needs no number.
  const rest = entry.event ? "" : entry.about ? entry.subject.slice(37) : entry.subject;
  return (
    <>
      {[place, period, entry.about ?? ""].filter(Boolean).join(" · ")}
      {entry.event && <span class="hashes muted"> {entry.event}</span>}
      {rest !== "" && <span class="hashes muted"> {rest}</span>}
    </>
  );
}

function Filters({ query, halls }: { query: URLSearchParams; halls: readonly Schema<"NamedHall">[] }) {
  const change = (name: string, value: string) => {
    const next = new URLSearchParams(query);
    if (value === "") next.delete(name);
    else next.set(name, value);
    next.delete("before");
    go(next.size > 0 ? `/access-log?${next}` : "/access-log");
  };
  return (
    <form class="filters" onSubmit={(e) => e.preventDefault()}>
      <Field label={t("ui.hall")}>
        <select name="hall" value={query.get("hall") ?? ""} onChange={(e) => change("hall", e.currentTarget.value)}>
          <option value="">{t("ui.all")}</option>
          {halls.map((hall) => <option key={hall.id} value={hall.id}>{hall.name}</option>)}
        </select>
      </Field>
      <Field label={t("account.name")}><input name="name" defaultValue={query.get("name") ?? ""} onChange={(e) => change("name", e.currentTarget.value.trim())} /></Field>
      <Field label={t("ui.from")}><input type="date" value={day("from", query.get("from"))} onChange={(e) => change("from", fromDay("from", e.currentTarget.value))} /></Field>
      <Field label={t("ui.to")}><input type="date" value={day("to", query.get("to"))} onChange={(e) => change("to", fromDay("to", e.currentTarget.value))} /></Field>
      {query.size > 0 && <a class="tool quiet" href="/access-log">{t("ui.reset")}</a>}
    </form>
  );
}
