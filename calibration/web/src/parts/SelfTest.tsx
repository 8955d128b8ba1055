import { label, t } from "@central/i18n";
import { Icon } from "@central/ui/Icon";
import { Section } from "@central/ui/Page";
import { complain } from "@central/ui/toast";
import { signal } from "@preact/signals";
import { useState } from "preact/hooks";
import { ApiError, type SelfTest as Test, api } from "../api";
import { Saying } from "./Says";
import { useEvery } from "./useEvery";

const EVERY_MS = 800;
/** Whether a test was begun on this page; until then there is none to ask for. */
const isRunning = signal(false);

/** Asks for one thing after the other at a window and ticks off what was detected. */
export function SelfTest({ windows }: { windows: readonly string[] }) {
  const [window, setWindow] = useState(windows[0]!);
  const [test, setTest] = useState<Test | null>(null);
  const look = async () => {
    if (!isRunning.value) return setTest(null);
    const now = await api.selfTest().catch((error: unknown) => {
      if (error instanceof ApiError && error.status === 404) return null;
      throw error;
    });
    setTest(now !== null && windows.includes(now.window) ? now : null);
  };
  useEvery(EVERY_MS, look, [windows.join()]);
  const act = (deed: Promise<unknown>) => void deed.then(look).catch(complain);
  const seen = test?.steps.filter((one) => one.state === "seen").length ?? 0;
  const current = test?.steps.find((one) => one.state === "waiting");
  return (
    <Section title={t("calibrate.self_test")} lead={t("calibrate.self_test_lead")}>
      {test === null && (
        <div class="row">
          <select aria-label={t("ui.window_label")} value={window} onChange={(event) => setWindow(event.currentTarget.value)}>
            {windows.map((id) => <option key={id} value={id}>{t("ui.window", { window: id })}</option>)}
          </select>
          <button type="button" onClick={() => act(api.startSelfTest(window).then(() => (isRunning.value = true)))}><Icon name="person" />{t("calibrate.self_test_start")}</button>
        </div>
      )}
      {test !== null && (
        <>
          <p role="status" class="muted">{t("ui.window", { window: test.window })} · {t("calibrate.self_test_seen", { n: seen, of: test.steps.length })}</p>
          <ol class="ticks">
            {test.steps.map((one) => (
              <li key={one.step} data-step={one.step} data-state={one.state} class={one === current ? "current" : ""}>
                <span class={`tick ${one.state}`}>{one.state === "seen" ? <Icon name="check" /> : one.state === "skipped" ? "–" : ""}</span>
                <span class="grow">
                  {label("calibrate.do", one.step)}
                  {one === current && one.now && <small class="hint">{t("calibrate.now")} <Saying said={one.now} /></small>}
                  <span class="hidden">{label("calibrate.tick", one.state)}</span>
                </span>
                {one.state === "waiting" && <button type="button" class="tool quiet" onClick={() => act(api.skip(one.step))}>{t("calibrate.skip")}</button>}
              </li>
            ))}
          </ol>
          {current === undefined && <p class="good tone"><Icon name="check" />{t("calibrate.self_test_done")}</p>}
          <button type="button" onClick={() => act(api.endSelfTest().then(() => (isRunning.value = false)))}>{t("calibrate.self_test_end")}</button>
        </>
      )}
    </Section>
  );
}
