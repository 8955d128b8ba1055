import { client, data } from "../../api";
import { label, t } from "../../i18n";
import { clock, percent } from "../../time";
import { DataTable, NOTHING } from "../../ui/DataTable";
import { Icon } from "../../ui/Icon";
import { Page } from "../../ui/Page";
import { EmptyState } from "../../ui/states";
import { Await, useLoad } from "../../ui/useLoad";
import { type FleetAgent, TONES, condition, isSkewed } from "./fleet";
import { Hash } from "./Hash";
import { usePoll } from "./usePoll";
import "../../styles/fleet.css";

const EVERY_MS = 10_000;

/** Every edge machine of the account's halls: whether it is there, what it runs, how it is. */
export default function Fleet() {
  const loaded = useLoad(() => data(client.GET("/api/v1/fleet")), []);
  usePoll(loaded.reload, EVERY_MS);
  const enrol = loaded.data?.may_enrol && <a class="button primary" href="/fleet/enrol"><Icon name="plus" />{t("fleet.enrol")}</a>;
  return (
    <Page title={t("fleet.title")} lead={t("fleet.lead")} actions={enrol || undefined}>
      <Await of={loaded} lines={8}>
        {(fleet) => (
          <>
            {fleet.agents.length > 0 && <Summary agents={fleet.agents} />}
            <DataTable
              caption={t("fleet.title")}
              columns={[
                { id: "agent", name: t("fleet.agent"), cell: (one) => <a href={address(one)}>{one.id}</a> },
                { id: "hall", name: t("ui.hall"), cell: (one) => one.hall_name },
                { id: "state", name: t("ui.state"), cell: State },
                { id: "version", name: t("fleet.version"), cell: (one) => one.version ?? NOTHING },
                { id: "cameras", name: t("fleet.cameras"), number: true, cell: (one) => one.machine?.cameras.length ?? NOTHING },
                { id: "calibration", name: t("fleet.calibration"), cell: (one) => (one.machine ? <Hash digest={one.machine.calibration} /> : NOTHING) },
                { id: "clock", name: t("fleet.clock"), number: true, cell: Skew },
                { id: "load", name: t("fleet.load"), number: true, cell: (one) => (one.machine ? percent(one.machine.cpu) : NOTHING) },
                { id: "observed", name: t("fleet.observed_24h"), number: true, cell: (one) => (one.observed_24h === null || one.observed_24h === undefined ? NOTHING : percent(one.observed_24h)) },
                { id: "seen", name: t("fleet.seen"), cell: (one) => clock(one.seen_at) },
              ]}
              rows={fleet.agents}
              keyOf={(one) => `${one.hall}/${one.id}`}
              empty={<EmptyState icon="camera" title={t("fleet.none")} hint={t("fleet.none_hint")}>{enrol}</EmptyState>}
            />
          </>
        )}
      </Await>
    </Page>
  );
}

function Summary({ agents }: { agents: readonly FleetAgent[] }) {
  const kinds = (["offline", "troubled", "well", "revoked"] as const).map((kind) => [kind, agents.filter((one) => condition(one) === kind).length] as const);
  return (
    <ul class="fleet-summary">
      {kinds.filter(([, n]) => n > 0).map(([kind, n]) => (
        <li key={kind} class={`badge ${TONES[kind]}`}>{label("fleet.state", kind)} {n}</li>
      ))}
    </ul>
  );
}

export function address(agent: { hall: string; id: string }): string {
  return `/fleet/${agent.hall}/${agent.id}`;
}

export function State(agent: FleetAgent) {
  const kind = condition(agent);
  const more = agent.problems.length > 0 ? ` · ${t("fleet.n_problems", { n: agent.problems.length })}` : "";
  return <span class={`badge ${TONES[kind]}`}>{label("fleet.state", kind)}{more}</span>;
}

/** `+1.2`, `-0.3`, and `0.0` for what rounds to nothing. */
function signed(value: number): string {
  const text = value.toFixed(1);
  return Number(text) === 0 ? "0.0" : (value > 0 ? "+" : "") + text;
}

export function Skew(agent: FleetAgent) {
  if (!agent.machine) return NOTHING;
  const text = t("fleet.skew_s", { n: signed(agent.machine.skew_s) });
  return isSkewed(agent) ? <span class="badge warning">{text}</span> : text;
}
