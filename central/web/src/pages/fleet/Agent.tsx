import { useState } from "preact/hooks";
import { client, data } from "../../api";
import { say, t } from "../../i18n";
import type { PageProps } from "../../pages";
import { clock, duration, percent } from "../../time";
import { ConfirmDialog } from "../../ui/ConfirmDialog";
import { DataTable, NOTHING } from "../../ui/DataTable";
import { Field } from "../../ui/Field";
import { Icon } from "../../ui/Icon";
import { Page, Section } from "../../ui/Page";
import { EmptyState } from "../../ui/states";
import { tell } from "../../ui/toast";
import { Await, useLoad } from "../../ui/useLoad";
import { session } from "../../session";
import { CoveragePicture } from "./CoveragePicture";
import { Skew, State } from "./Fleet";
import { type FleetAgent, gibibytes } from "./fleet";
import { Hash } from "./Hash";
import { SignInCode } from "./SignInCode";
import { usePoll } from "./usePoll";
import { who } from "../../words";
import "../../styles/fleet.css";

const EVERY_MS = 15_000;

/** One edge machine: how it is, its cameras, what it observed in the last days, what was wrong. */
export default function Agent({ params }: PageProps) {
  const { hall = "", agent = "" } = params;
  const [days, setDays] = useState(7);
  const [revoking, setRevoking] = useState(false);
  const [coding, setCoding] = useState(false);
  const path = { hall, agent };
  const loaded = useLoad(() => data(client.GET("/api/v1/fleet/{hall}/{agent}", { params: { path, query: { days } } })), [hall, agent, days]);
  usePoll(loaded.reload, EVERY_MS);
  const mayEnrol = ["installer", "administrator"].includes(session.value?.account.role ?? "");
  const isRevoked = Boolean(loaded.data?.revoked);
  const actions = mayEnrol && (
    <>
      {!isRevoked && <button type="button" onClick={() => setCoding(true)}><Icon name="key" />{t("fleet.code")}</button>}
      <a class="button" href={`/fleet/enrol?${new URLSearchParams({ hall, agent })}`}>{t("fleet.enrol_again")}</a>
      {!isRevoked && <button type="button" class="danger" onClick={() => setRevoking(true)}>{t("fleet.revoke")}</button>}
    </>
  );
  return (
    <Page title={agent} lead={loaded.data?.hall_name ?? hall} back={{ href: "/fleet", text: t("fleet.title") }} actions={actions || undefined}>
      <Await of={loaded} lines={10}>
        {(one) => (
          <div class="page">
            {one.revoked && <p class="notice warning">{t("fleet.was_revoked", { name: who(one.revoked.by), time: clock(one.revoked.at) })}</p>}
            {one.applied?.ok === false && <p class="notice critical">{t("ui.agent.refused", { problem: one.applied.problems.join("; ") })}</p>}
            <Section title={t("ui.facts")}><Facts agent={one} /></Section>
            <Section title={t("fleet.cameras")}><Cameras agent={one} /></Section>
            <Section
              title={t("fleet.coverage")}
              lead={t("fleet.coverage_lead")}
              actions={
                <Field label={t("policy.days")}>
                  <select value={days} onChange={(e) => setDays(Number(e.currentTarget.value))}>
                    {[3, 7, 31].map((n) => <option key={n} value={n}>{t("policy.n_days", { n })}</option>)}
                  </select>
                </Field>
              }
            >
              <CoveragePicture coverage={one.coverage} />
            </Section>
            <Section title={t("fleet.problems")}>
              <DataTable
                caption={t("fleet.problems")}
                columns={[
                  { id: "what", name: t("fleet.problem"), cell: (p) => say(p.title) },
                  { id: "camera", name: t("fleet.camera"), cell: (p) => p.camera ?? NOTHING },
                  { id: "windows", name: t("ui.window_label"), cell: (p) => p.windows.join(t("text.list_separator")) || NOTHING },
                  { id: "since", name: t("ui.began"), cell: (p) => (p.raised_at ? clock(p.raised_at) : NOTHING) },
                  { id: "lasted", name: t("ui.lasted"), number: true, cell: (p) => (p.raised_at ? duration(p.raised_at, p.cleared_at ?? null) : NOTHING) },
                  { id: "state", name: t("ui.state"), cell: (p) => <span class={`badge ${p.cleared_at ? "good" : "warning"}`}>{t(p.cleared_at ? "fleet.over" : "fleet.lasts")}</span> },
                ]}
                rows={one.history}
                keyOf={(p) => p.id}
                empty={<EmptyState title={t("fleet.no_problems")} />}
              />
            </Section>
            <Section title={t("fleet.calibrations")} lead={t("fleet.calibrations_lead")}>
              <DataTable
                caption={t("fleet.calibrations")}
                columns={[
                  { id: "digest", name: t("fleet.calibration"), cell: (c) => <Hash digest={c.digest} /> },
                  { id: "since", name: t("fleet.since"), cell: (c) => clock(c.since) },
                  { id: "text", name: t("fleet.geometry"), cell: (c) => <Geometry text={c.text ?? null} /> },
                ]}
                rows={one.calibrations}
                keyOf={(c) => c.since}
                empty={<EmptyState icon="unknown" title={t("fleet.not_told")} />}
              />
            </Section>
          </div>
        )}
      </Await>
      {coding && <SignInCode hall={hall} agent={agent} onClose={() => setCoding(false)} />}
      {revoking && (
        <ConfirmDialog
          title={t("fleet.revoke")}
          description={t("fleet.revoke_lead", { agent })}
          confirm={t("fleet.revoke")}
          danger
          act={async () => {
            await client.POST("/api/v1/fleet/{hall}/{agent}/revoke", { params: { path, header: {} as never } });
            tell(t("fleet.revoked"));
            await loaded.reload();
          }}
          onClose={() => setRevoking(false)}
        />
      )}
    </Page>
  );
}

/** What a calibration says, as its agent copied it here: places in the picture, no picture. */
function Geometry({ text }: { text: string | null }) {
  if (!text) return <>—</>;
  return (
    <details>
      <summary>{t("fleet.geometry_show")}</summary>
      <pre class="geometry" tabIndex={0}>{text}</pre>
    </details>
  );
}

function Facts({ agent }: { agent: FleetAgent }) {
  const machine = agent.machine;
  return (
    <dl class="facts-list machine-facts">
      <div><dt>{t("ui.state")}</dt><dd>{State(agent)}</dd></div>
      <div><dt>{t("fleet.version")}</dt><dd>{agent.version ?? NOTHING}</dd></div>
      <div><dt>{t("fleet.seen")}</dt><dd>{clock(agent.seen_at)}</dd></div>
      <div><dt>{t("fleet.connected_since")}</dt><dd>{agent.since ? clock(agent.since) : NOTHING}</dd></div>
      <div><dt>{t("fleet.clock")}</dt><dd>{Skew(agent)}</dd></div>
      <div><dt>{t("ui.policy")}</dt><dd><Hash digest={machine?.policy ?? null} /></dd></div>
      <div><dt>{t("fleet.calibration")}</dt><dd><Hash digest={machine?.calibration ?? null} /></dd></div>
      {machine && (
        <>
          <div><dt>{t("fleet.cpu")}</dt><dd>{t("fleet.cpu_of", { share: percent(machine.cpu), cores: machine.cores })}</dd></div>
          <div><dt>{t("fleet.memory")}</dt><dd>{percent(machine.memory)}</dd></div>
          <div><dt>{t("fleet.disk")}</dt><dd>{t("fleet.gib_free", { n: gibibytes(machine.disk_free) })}</dd></div>
          <div><dt>{t("fleet.waiting")}</dt><dd>{machine.waiting}</dd></div>
          <div><dt>{t("fleet.reported")}</dt><dd>{clock(machine.arrived_at)}</dd></div>
        </>
      )}
      {agent.enrolled_at && <><div><dt>{t("fleet.enrolled_at")}</dt><dd>{clock(agent.enrolled_at)}</dd></div></>}
    </dl>
  );
}

function Cameras({ agent }: { agent: FleetAgent }) {
  const wrong = (id: string) => agent.problems.filter((p) => p.camera === id);
  return (
    <DataTable
      caption={t("fleet.cameras")}
      columns={[
        { id: "id", name: t("fleet.camera"), cell: (c) => c.id },
        { id: "state", name: t("ui.state"), cell: (c) => {
          const problem = wrong(c.id)[0];
          return <span class={`badge ${!agent.online ? "unknown" : problem ? "warning" : "good"}`}>{!agent.online ? t("ui.unknown") : problem ? say(problem.title) : t("fleet.state.well")}</span>;
        } },
        { id: "windows", name: t("ui.window_label"), cell: (c) => c.windows.join(t("text.list_separator")) || t("fleet.no_windows") },
        { id: "rate", name: t("fleet.looked"), number: true, cell: (c) => t("fleet.per_second", { n: c.looked_per_s.toFixed(1) }) },
        { id: "dropped", name: t("fleet.dropped"), number: true, cell: (c) => percent(c.dropped) },
      ]}
      rows={agent.machine?.cameras ?? []}
      keyOf={(c) => c.id}
      empty={<EmptyState icon="camera" title={t("fleet.not_told")} />}
    />
  );
}
