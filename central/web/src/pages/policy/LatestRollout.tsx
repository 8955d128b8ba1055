import { useEffect, useState } from "preact/hooks";
import { client, data } from "../../api";
import { label, t } from "../../i18n";
import { clock } from "../../time";
import { DataTable, NOTHING } from "../../ui/DataTable";
import { Section } from "../../ui/Page";
import { type Rollout, isSettled, short } from "./document";
import { PutInForce } from "./PutInForce";
import { who } from "../../words";

const EVERY_MS = 1500;
const TONES = { applied: "good", refused: "critical", sent: "info", waiting: "unknown", superseded: "unknown" } as const;

interface Props {
  hall: string;
  rollouts: readonly Rollout[];
  mayEdit: boolean;
  onChange: () => Promise<void>;
}

/** How far the newest rollout came, until every agent has answered; and the way back, if one refused. */
export function LatestRollout({ hall, rollouts, mayEdit, onChange }: Props) {
  const newest = rollouts[0];
  const [live, setLive] = useState(newest);
  const [back, setBack] = useState(false);
  useEffect(() => setLive(newest), [newest]);
  useEffect(() => {
    if (!live || isSettled(live)) return undefined;
    const timer = setTimeout(() => {
      const path = { hall, id: live.id };
      const ask = data(client.GET("/api/v1/policies/{hall}/rollouts/{id}", { params: { path } }));
      // Once all have answered, the history knows too.
      ask.then((next) => (isSettled(next) ? onChange() : setLive(next)), () => setLive({ ...live }));
    }, EVERY_MS);
    return () => clearTimeout(timer);
  }, [live]);
  if (!live) return null;
  const before = rollouts.find((one) => one.whole && one.id !== live.id && one.digest !== live.digest);
  const applied = live.agents.filter((agent) => agent.state === "applied").length;
  const refused = live.agents.some((agent) => agent.state === "refused");
  if (isSettled(live) && !refused && Date.now() - Date.parse(live.at) > 24 * 3600_000) return null;
  const actions = mayEdit && before && (
    <button type="button" class={refused ? "primary" : ""} onClick={() => setBack(true)}>{t("policy.back_to", { version: short(before.digest) })}</button>
  );
  return (
    <Section
      title={t("policy.rollout", { version: short(live.digest) })}
      lead={`${t("ui.by_at", { name: who(live.by), time: clock(live.at) })}${live.whole ? "" : ` · ${t("policy.is_trial")}`}${live.note ? ` · ${live.note}` : ""}`}
      actions={actions || undefined}
    >
      <div class="rollout">
        <progress max={Math.max(1, live.agents.length)} value={applied} aria-label={t("policy.progress")} />
        <span role="status">{t("policy.applied_of", { n: applied, all: live.agents.length })}</span>
      </div>
      {live.agents.length === 0 ? <p class="muted">{t("policy.no_agents")}</p> : <Progress rollout={live} />}
      {back && before && <PutInForce hall={hall} digest={before.digest} onClose={() => setBack(false)} onDone={onChange} />}
    </Section>
  );
}

export function Progress({ rollout }: { rollout: Rollout }) {
  return (
    <DataTable
      caption={t("policy.progress")}
      columns={[
        { id: "agent", name: t("fleet.agent"), cell: (one) => one.agent },
        { id: "state", name: t("ui.state"), cell: (one) => <span class={`badge ${TONES[one.state]}`}>{label("policy.state", one.state)}</span> },
        { id: "at", name: t("policy.answered"), cell: (one) => (one.at ? clock(one.at) : NOTHING) },
        { id: "why", name: t("policy.why"), cell: (one) => (one.problems.length > 0 ? <Why problems={one.problems} /> : NOTHING) },
      ]}
      rows={rollout.agents}
      keyOf={(one) => one.agent}
    />
  );
}

function Why({ problems }: { problems: readonly string[] }) {
  return <ul class="why">{problems.map((problem) => <li key={problem} class="failed">{problem}</li>)}</ul>;
}
