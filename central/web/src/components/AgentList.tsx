import type { HallAgent } from "../api";
import { say, t } from "../i18n";
import { clock } from "../time";
import { Icon } from "../ui/Icon";

/** The machines beside the cameras, and what is wrong with them. */
export function AgentList({ agents }: { agents: HallAgent[] }) {
  return (
    <ul class="agents">
      {agents.map((agent) => (
        <li key={agent.id} class={agent.online ? "online" : "offline"} data-agent={agent.id}>
          <span class="dot" aria-hidden="true" />
          <strong>{agent.id}</strong>
          <span>{agent.online ? t("ui.agent.online") : t("ui.agent.offline", { time: clock(agent.seen_at) })}</span>
          {agent.problems.map((problem) => (
            <span class="problem" key={problem.id}>
              <Icon name="unknown" />
              {problem.camera ? `${problem.camera}: ` : ""}
              {say(problem.title)} · {clock(problem.raised_at ?? agent.seen_at)}
            </span>
          ))}
          {agent.applied?.ok === false && (
            <span class="problem">
              <Icon name="warning" />
              {t("ui.agent.refused", { problem: agent.applied.problems[0] ?? "" })}
            </span>
          )}
        </li>
      ))}
    </ul>
  );
}
