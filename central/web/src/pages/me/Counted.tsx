import { useState } from "preact/hooks";
import { label, say, t } from "../../i18n";
import { Dialog } from "../../ui/Dialog";
import { Icon } from "../../ui/Icon";
import { Section } from "../../ui/Page";
import { type Summary, apart, shares } from "./counting";
import { dayWritten, hourOf } from "../../time";

const HOURS = ["observed", "unknown", "unreported"] as const;

/** What counts, what does not and why, and the time it rests on. */
export function Counted({ summary }: { summary: Summary }) {
  const rest = apart(summary.events);
  const share = shares(summary);
  return (
    <div class="counted">
      <Section title={t("me.counted")}>
        <p class="big"><strong data-figure="counted">{summary.counted}</strong> {t("me.counted_unit")} <Means name={t("me.counted")} text={t("me.counted.means")} /></p>
        {summary.rules.length > 0 && (
          <ul class="tally">
            {summary.rules.map((rule) => <li key={rule.rule}><span>{say(rule.title)} <span class="muted">{t("ui.article", { article: rule.article })}</span></span> <span class="n">{rule.counted}</span></li>)}
          </ul>
        )}
      </Section>
      <Section title={t("me.apart")} lead={t("me.apart_lead")}>
        {rest.length === 0 ? <p class="muted">{t("me.apart_none")}</p> : (
          <ul class="tally muted">
            {rest.map(({ standing, n }) => <li key={standing} data-standing={standing}><span>{label("me.apart", standing)}</span> <span class="n">{n}</span></li>)}
          </ul>
        )}
      </Section>
      <Section title={t("me.time")} lead={t("me.time_lead")}>
        {share === null ? <p class="muted">{t("me.no_time")}</p> : (
          <>
            <span class="coverage-bar wide" aria-hidden="true">
              <span class="observed" style={{ width: `${share.observed * 100}%` }} />
              <span class="unknown-part" style={{ width: `${share.unknown * 100}%` }} />
            </span>
            <dl class="own-hours">
              {HOURS.map((name) => (
                <div key={name} data-figure={name}>
                  <dt><i class={`key ${name}`} aria-hidden="true" />{t(`me.${name}`)}<Means name={t(`me.${name}`)} text={t(`me.${name}.means`)} /></dt>
                  <dd>{t("me.hours", { n: summary[`${name}_h`].toFixed(1) })}</dd>
                </div>
              ))}
            </dl>
          </>
        )}
        {summary.posts.length > 0 && (
          <details class="own-posts">
            <summary>{t("me.posts", { n: summary.posts.length })}</summary>
            <ul class="tally">
              {summary.posts.map((post) => <li key={`${post.window} ${post.from}`}><span>{dayWritten(post.from)} {hourOf(post.from)} – {hourOf(post.to)}</span> <span>{post.window_name}</span></li>)}
            </ul>
            <p class="muted">{t("me.posts_lead")}</p>
          </details>
        )}
      </Section>
    </div>
  );
}

/** A question mark that tells what a figure means. */
function Means({ name, text }: { name: string; text: string }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <button type="button" class="means" aria-label={t("me.what_is", { name })} onClick={() => setOpen(true)}><Icon name="help" /></button>
      {open && <Dialog title={name} onClose={() => setOpen(false)}><p>{text}</p></Dialog>}
    </>
  );
}
