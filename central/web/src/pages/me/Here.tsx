import { useState } from "preact/hooks";
import { type Schema, client } from "../../api";
import { t } from "../../i18n";
import { Icon } from "../../ui/Icon";
import { complain } from "../../ui/toast";
import { hourOf } from "../../time";

interface Props {
  now: Schema<"OwnNow">;
  reload: () => Promise<void>;
}

/** Where one is posted now, and stepping away with one tap. Nobody is asked why. */
export function Here({ now, reload }: Props) {
  const [busy, setBusy] = useState(false);
  const away = now.away_until !== null;
  const tap = async () => {
    setBusy(true);
    try {
      await (away ? client.DELETE("/api/v1/me/away") : client.PUT("/api/v1/me/away"));
      await reload();
    } catch (error) {
      complain(error);
    } finally {
      setBusy(false);
    }
  };
  if (now.post === null && !away) return <p class="here off muted"><Icon name="clock" />{t("me.off_duty")}</p>;
  return (
    <section class={`here ${away ? "away" : ""}`} aria-label={t("me.away")}>
      <div role="status">
        <strong>{away ? t("me.away_until", { time: hourOf(now.away_until as string) }) : t("me.at_post", { window: now.post?.window_name ?? "", time: hourOf(now.post?.to ?? "") })}</strong>
        <p class="muted">{away ? t("me.away_rests") : t("me.away_lead")}</p>
      </div>
      <button type="button" class={away ? "primary" : ""} disabled={busy} onClick={() => void tap()}>
        <Icon name={away ? "check" : "leave"} />{away ? t("me.back") : t("me.away")}
      </button>
    </section>
  );
}
