import { client, data } from "../../api";
import { t } from "../../i18n";
import type { PageProps } from "../../pages";
import { go } from "../../route";
import { Field } from "../../ui/Field";
import { Page } from "../../ui/Page";
import { EmptyState } from "../../ui/states";
import { Tabs } from "../../ui/Tabs";
import { Await, useLoad } from "../../ui/useLoad";
import { short } from "./document";
import { Editor } from "./Editor";
import { History } from "./History";
import { LatestRollout } from "./LatestRollout";
import { who } from "../../words";
import "../../styles/policy.css";

/** The rules of a hall: read by everybody there, changed by those who answer for them. */
export default function Policy({ query }: PageProps) {
  const halls = useLoad(async () => (await data(client.GET("/api/v1/policies"))).halls, []);
  return (
    <Await of={halls}>
      {(all) => {
        const hall = all.find((one) => one.id === query.get("hall")) ?? all[0];
        if (!hall) return <EmptyState icon="rules" title={t("ui.no_halls")} />;
        const choose = (id: string) => go(`/policy?${new URLSearchParams({ hall: id })}`);
        const chooser = all.length > 1 && (
          <Field label={t("ui.hall")}>
            <select value={hall.id} onChange={(e) => choose(e.currentTarget.value)}>
              {all.map((one) => <option key={one.id} value={one.id}>{one.name}</option>)}
            </select>
          </Field>
        );
        return (
          <Page title={t("policy.of_hall", { hall: hall.name })} lead={t("policy.lead")} actions={chooser || undefined}>
            <HallRules key={hall.id} hall={hall.id} tab={query.get("tab") === "history" ? "history" : "rules"} />
          </Page>
        );
      }}
    </Await>
  );
}

function HallRules({ hall, tab }: { hall: string; tab: string }) {
  const loaded = useLoad(() => data(client.GET("/api/v1/policies/{hall}", { params: { path: { hall } } })), [hall]);
  const show = (id: string) => go(`/policy?${new URLSearchParams({ hall, tab: id })}`, true);
  return (
    <Await of={loaded} lines={10}>
      {(state) => {
        const current = state.in_force ?? null;
        const inForce = state.versions.find((version) => version.digest === current);
        return (
          <div class="policy">
            <p class={`notice ${current === null ? "info" : ""}`}>
              {current === null
                ? t("policy.not_managed")
                : t("policy.in_force", { version: short(current), name: who(inForce?.by), note: inForce?.note || t("policy.no_note") })}
            </p>
            <LatestRollout hall={hall} rollouts={state.rollouts} mayEdit={state.may_edit} onChange={loaded.reload} />
            <Tabs
              label={t("policy.title")}
              value={tab}
              onChange={show}
              tabs={[
                { id: "rules", text: t("policy.rules"), content: () => <Editor key={current ?? ""} state={state} onSaved={loaded.reload} /> },
                { id: "history", text: t("policy.history"), content: () => <History state={state} onChange={loaded.reload} /> },
              ]}
            />
          </div>
        );
      }}
    </Await>
  );
}
