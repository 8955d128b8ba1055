import { useState } from "preact/hooks";
import { type Schema, client, data } from "../../api";
import { t } from "../../i18n";
import { clock } from "../../time";
import { DataTable, NOTHING } from "../../ui/DataTable";
import { Dialog } from "../../ui/Dialog";
import { Icon } from "../../ui/Icon";
import { Section } from "../../ui/Page";
import { EmptyState } from "../../ui/states";
import { Await, useLoad } from "../../ui/useLoad";
import { Differences } from "./Differences";
import { type Rollout, type Version, short } from "./document";
import { Progress } from "./LatestRollout";
import { PutInForce } from "./PutInForce";
import { who } from "../../words";

interface Props {
  state: Schema<"HallPolicy">;
  onChange: () => Promise<void>;
}

/** Every version and every rollout: who, when, why, and what differs. */
export function History({ state, onChange }: Props) {
  const [compared, setCompared] = useState<Version | null>(null);
  const [back, setBack] = useState<string | null>(null);
  const [opened, setOpened] = useState<Rollout | null>(null);
  const isInForce = (version: { digest: string }) => version.digest === state.in_force;
  const sign = (version: Version) => (
    <>
      <code>{short(version.digest)}</code> {isInForce(version) && <span class="badge good">{t("policy.is_in_force")}</span>}
    </>
  );
  const deeds = (version: Version) => (
    <span class="actions">
      <button type="button" onClick={() => setCompared(version)}>{t("policy.compare")}</button>
      {state.may_edit && !isInForce(version) && <button type="button" onClick={() => setBack(version.digest)}>{t("policy.put_in_force")}</button>}
    </span>
  );
  return (
    <div class="policy-history">
      <Section title={t("policy.versions")} lead={t("policy.versions_lead")}>
        <DataTable
          caption={t("policy.versions")}
          columns={[
            { id: "version", name: t("policy.version"), cell: sign },
            { id: "by", name: t("policy.by"), cell: (one) => who(one.by) },
            { id: "at", name: t("policy.at"), cell: (one) => clock(one.at) },
            { id: "note", name: t("policy.note"), cell: (one) => one.note || NOTHING },
            { id: "do", name: t("policy.actions"), cell: deeds },
          ]}
          rows={state.versions}
          keyOf={(one) => one.digest}
          empty={<EmptyState icon="rules" title={t("policy.no_versions")} hint={t("policy.not_managed")} />}
        />
      </Section>
      {state.rollouts.length > 0 && (
        <Section title={t("policy.rollouts")}>
          <DataTable
            caption={t("policy.rollouts")}
            columns={[
              { id: "at", name: t("policy.at"), cell: (one: Rollout) => clock(one.at) },
              { id: "version", name: t("policy.version"), cell: (one) => <code>{short(one.digest)}</code> },
              { id: "by", name: t("policy.by"), cell: (one) => who(one.by) },
              { id: "whom", name: t("policy.for_whom"), cell: (one) => t(one.whole ? "policy.whole_hall" : "policy.is_trial") },
              { id: "note", name: t("policy.note"), cell: (one) => one.note || NOTHING },
              { id: "state", name: t("policy.progress"), cell: (one) => <button type="button" onClick={() => setOpened(one)}>{count(one)}</button> },
            ]}
            rows={state.rollouts}
            keyOf={(one) => one.id}
          />
        </Section>
      )}
      {compared && <Comparison state={state} version={compared} onClose={() => setCompared(null)} />}
      {opened && (
        <Dialog title={t("policy.rollout", { version: short(opened.digest) })} onClose={() => setOpened(null)}><Progress rollout={opened} /></Dialog>
      )}
      {back && <PutInForce hall={state.hall} digest={back} onClose={() => setBack(null)} onDone={onChange} />}
    </div>
  );
}

function count(rollout: Rollout): string {
  const applied = rollout.agents.filter((agent) => agent.state === "applied").length;
  return t("policy.applied_of", { n: applied, all: rollout.agents.length });
}

/** A version beside another one: the one before it, unless something else is chosen. */
function Comparison({ state, version, onClose }: { state: Schema<"HallPolicy">; version: Version; onClose: () => void }) {
  const others = state.versions.filter((other) => other.digest !== version.digest);
  const older = others.find((other) => Date.parse(other.at) <= Date.parse(version.at));
  const [against, setAgainst] = useState<string>(older?.digest ?? "");
  const loaded = useLoad(
    () =>
      data(
        client.GET("/api/v1/policies/{hall}/versions/{digest}", {
          params: { path: { hall: state.hall, digest: version.digest }, query: against === "" ? {} : { against } },
        }),
      ),
    [version.digest, against],
  );
  return (
    <Dialog title={t("policy.difference_of", { version: short(version.digest) })} onClose={onClose}>
      <label class="against">
        {t("policy.against")}
        <select value={against} onChange={(e) => setAgainst(e.currentTarget.value)}>
          <option value="">{t("policy.defaults")}</option>
          {others.map((other) => <option key={other.digest} value={other.digest}>{`${short(other.digest)} · ${clock(other.at)} · ${who(other.by)}`}</option>)}
        </select>
      </label>
      <Await of={loaded} lines={4}>
        {(content) => (
          <>
            <Differences differences={content.differences} />
            <details>
              <summary>policy.toml</summary>
              <p><a class="button" download={`policy-${short(version.digest)}.toml`} href={`data:text/plain;charset=utf-8,${encodeURIComponent(content.text)}`}><Icon name="download" />{t("policy.download")}</a></p>
              <pre class="policy-text">{content.text}</pre>
            </details>
          </>
        )}
      </Await>
    </Dialog>
  );
}
