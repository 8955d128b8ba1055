import { t } from "@central/i18n";
import { camera, goTo, step, steps } from "../place";
import { findings, unsaved } from "../work";

/** The steps, to be taken in any order: tabs at the bottom of a phone, a row above the panel elsewhere. */
export function Stepper() {
  const problems = findings.value.problems.length;
  return (
    <nav class="stepper" aria-label={t("calibrate.steps")}>
      <ol>
        {steps.value.map((name, i) => (
          <li key={name}>
            <button
              type="button" data-step={name} aria-current={step.value === name ? "step" : undefined}
              disabled={name !== "camera" && name !== "save" && camera.value === null} onClick={() => goTo(name)}
            >
              <span class="ordinal" aria-hidden="true">{i + 1}</span>
              {t(`calibrate.tab.${name}`)}
              {name === "windows" && problems > 0 && <span class="count critical"><span class="hidden">{t("calibrate.problems", { n: problems })}</span><span aria-hidden="true">{problems}</span></span>}
              {name === "save" && unsaved.value.length > 0 && <span class="dot"><span class="hidden">{t("calibrate.unsaved")}</span></span>}
            </button>
          </li>
        ))}
      </ol>
    </nav>
  );
}
