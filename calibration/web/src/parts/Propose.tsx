import { t } from "@central/i18n";
import { Icon } from "@central/ui/Icon";
import { complain, tell } from "@central/ui/toast";
import { useEffect, useState } from "preact/hooks";
import { type Proposal, api } from "../api";
import { withProposals } from "../editor/draft";
import { offers } from "../offers";
import { change, draft, select } from "../work";
import { Bar } from "./Bar";

const EVERY_MS = 700;

/** Cameras whose proposals were taken before the agent had looked for as long as it wanted. */
const taken = new Set<string>();

/** Looks for people and desks for a while and puts windows where they are; the first thing to do on a new camera. With `idle` it can be begun. */
export function Propose({ camera, first, idle }: { camera: string; first: boolean; idle: boolean }) {
  const [seen, setSeen] = useState<Proposal | null>(null);
  const watching = seen?.state === "watching";
  useEffect(() => {
    setSeen(null);
    if (!offers("proposal")) return;
    api.proposal(camera).then((now) => now.state === "watching" && !taken.has(camera) && setSeen(now), () => undefined);
  }, [camera]);
  useEffect(() => {
    if (!watching) return undefined;
    const timer = setInterval(() => {
      api.proposal(camera).then((now) => {
        setSeen(now);
        if (now.state === "done") take(camera, now);
        if (now.state === "failed") tell(t("calibrate.proposal_failed"));
      }, complain);
    }, EVERY_MS);
    return () => clearInterval(timer);
  }, [watching, camera]);
  const start = async () => {
    try {
      await api.propose(camera);
      taken.delete(camera);
      setSeen({ state: "watching", seconds: 0, of: 60, windows: [] });
    } catch (error) {
      complain(error);
    }
  };
  if (watching) {
    const enough = () => {
      taken.add(camera);
      take(camera, seen);
      setSeen(null);
    };
    return (
      <div class="notice info" role="status">
        <Icon name="search" />
        <div class="grow">
          <p>{t("calibrate.proposing", { n: seen.windows.length })}</p>
          <Bar done={seen.seconds} of={seen.of} label={t("calibrate.proposing_progress", { seconds: Math.round(seen.seconds), of: seen.of })} />
          {seen.windows.some((w) => w.seen > 0) && <button type="button" onClick={enough}>{t("calibrate.use_these")}</button>}
        </div>
      </div>
    );
  }
  if (!idle || !offers("proposal")) return null;
  return (
    <button type="button" class={first ? "primary" : ""} onClick={() => void start()}>
      <Icon name="search" />{first ? t("calibrate.propose") : t("calibrate.propose_again")}
    </button>
  );
}

function take(camera: string, { windows }: Proposal): void {
  const seen = windows.filter((w) => w.seen > 0);
  if (seen.length === 0) return tell(t("calibrate.proposed_none"));
  change(withProposals(draft.peek(), camera, seen));
  select(null);
  tell(t("calibrate.proposed", { n: seen.length }));
}
