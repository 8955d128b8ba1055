import { type Schema, client, data } from "../api";
import { ChangePassword } from "../account/ChangePassword";
import { OneTimeCodes } from "../account/OneTimeCodes";
import { label, t } from "../i18n";
import { clock } from "../time";
import { DataTable } from "../ui/DataTable";
import { Page, Section } from "../ui/Page";
import { complain, tell } from "../ui/toast";
import { Await, useLoad } from "../ui/useLoad";

/** One's own account: password, one-time codes, where one is signed in. */
export default function Security() {
  const loaded = useLoad(() => data(client.GET("/api/v1/account")), []);
  const done = (text: string) => {
    tell(text);
    void loaded.reload();
  };
  return (
    <Page title={t("security.title")} lead={t("security.lead")}>
      <Await of={loaded} lines={6}>
        {(security) => (
          <div class="page">
            {security.has_password ? (
              <div class="columns">
                <Section title={t("ui.password")} lead={t("security.password_lead")}>
                  <ChangePassword onDone={() => done(t("account.password_set"))} />
                </Section>
                <OneTimeCodes security={security} reload={loaded.reload} />
              </div>
            ) : (
              <p class="notice">{t("security.from_provider")}</p>
            )}
            <Sessions sessions={security.sessions} done={done} />
          </div>
        )}
      </Await>
    </Page>
  );
}

function Sessions({ sessions, done }: { sessions: readonly Schema<"OwnSession">[]; done: (text: string) => void }) {
  const end = (call: Promise<unknown>) => void call.then(() => done(t("security.ended")), complain);
  const others = () => end(client.DELETE("/api/v1/account/sessions"));
  const one = (id: string) => end(client.DELETE("/api/v1/account/sessions/{id}", { params: { path: { id } } }));
  return (
    <Section
      title={t("security.sessions")} lead={t("security.sessions_lead")}
      actions={sessions.length > 1 && <button type="button" onClick={others}>{t("security.end_others")}</button>}
    >
      <DataTable
        caption={t("security.sessions")} rows={sessions} keyOf={(session) => session.id}
        columns={[
          { id: "client", name: t("security.browser"), cell: (s) => <>{browserName(s.client)}{s.current && <span class="muted"> · {t("security.this_one")}</span>}</> },
          { id: "method", name: t("security.method"), cell: (s) => label("security.method", s.method) },
          { id: "began", name: t("ui.began"), cell: (s) => clock(s.created_at) },
          { id: "seen", name: t("security.seen"), cell: (s) => clock(s.seen_at) },
          { id: "end", name: t("security.end"), cell: (s) => (s.current ? "" : <button type="button" class="tool" onClick={() => one(s.id)}>{t("security.end")}</button>) },
        ]}
      />
    </Section>
  );
}

/** What people call the browser that called itself so. */
function browserName(client: string): string {
  const known = ([["Edg/", "Edge"], ["Firefox/", "Firefox"], ["Chrome/", "Chrome"], ["Safari/", "Safari"]] as const).find(([sign]) => client.includes(sign));
  const system = ([["Windows", "Windows"], ["Android", "Android"], ["iPhone", "iOS"], ["iPad", "iOS"], ["Mac OS", "macOS"], ["Linux", "Linux"]] as const).find(([sign]) => client.includes(sign));
  const name = [known?.[1], system?.[1]].filter(Boolean).join(", ");
  return name === "" ? client || t("ui.unknown") : name;
}
