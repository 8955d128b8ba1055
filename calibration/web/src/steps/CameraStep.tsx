import { label, t } from "@central/i18n";
import { Icon } from "@central/ui/Icon";
import { Section } from "@central/ui/Page";
import { EmptyState } from "@central/ui/states";
import type { Camera } from "../api";
import { cameraId, cameras, goTo, pick } from "../place";
import { hello } from "../session";

/** Which camera to set up. */
export function CameraStep() {
  const all = cameras.value ?? [];
  const agent = hello.value;
  const open = (camera: Camera) => {
    pick(camera.id);
    goTo("windows");
  };
  return (
    <>
      <h1>{t("calibrate.step.camera")}</h1>
      {all.length === 0 && <EmptyState icon="camera" title={t("calibrate.no_cameras")} hint={t("calibrate.no_cameras_hint")} />}
      <ul class="cameras">
        {all.map((camera) => (
          <li key={camera.id}>
            <button type="button" class="camera" aria-pressed={camera.id === cameraId.value} data-camera={camera.id} onClick={() => open(camera)}>
              <Icon name="camera" />
              <span class="name">{camera.id}</span>
              <State camera={camera} />
              <span class="muted facts">
                {camera.width > 0 && <span>{t("calibrate.size", { width: camera.width, height: camera.height })}</span>}
                <span>{t("calibrate.windows_drawn", { n: camera.windows })}</span>
              </span>
              <Icon name="forward" />
            </button>
          </li>
        ))}
      </ul>
      <Section title={t("calibrate.who_title")}>
        <p>{t("calibrate.who_sees")}</p>
        {agent && (
          <dl class="facts-list">
            <dt>{t("calibrate.agent_label")}</dt><dd>{agent.hall} / {agent.agent}</dd>
            <dt>{t("calibrate.version")}</dt><dd>{agent.version}</dd>
            <dt>{t("calibrate.certificate")}</dt><dd class="hashes fingerprint">{agent.fingerprint}</dd>
          </dl>
        )}
      </Section>
    </>
  );
}

/** The camera's state: what is well says so in few words, what is not says what is known. */
function State({ camera }: { camera: Camera }) {
  const tone = camera.state === "ok" ? "good" : camera.state === "starting" ? "unknown" : "warning";
  return <span class={`badge ${tone}`}>{label("calibrate.camera", camera.state)}</span>;
}
