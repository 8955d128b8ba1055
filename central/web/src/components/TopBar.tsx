import type { Session } from "../api";
import { label, lang, setLang, t } from "../i18n";
import { link } from "../live";
import { follow, route } from "../route";
import { soundOn, toggleSound } from "../sound";
import { nextTheme, theme } from "../theme";
import { Icon } from "./Icon";

interface Props {
  account: Session["account"];
  onLeave: () => void;
}

export function TopBar({ account, onLeave }: Props) {
  const here = (page: string) => (route.value.page === page ? ("page" as const) : undefined);
  return (
    <header class="topbar">
      <a class="skip" href="#main">{t("ui.skip")}</a>
      <a class="brand" href="/" onClick={follow} aria-label={t("ui.product")}>
        <img src="/icon.svg" alt="" width="26" height="26" />
        <span>{t("ui.product")}</span>
      </a>
      <nav aria-label={t("ui.pages")}>
        <a href="/" onClick={follow} aria-current={here("board")}>{t("ui.board")}</a>
        <a href="/events" onClick={follow} aria-current={here("events") ?? here("event")}>{t("ui.events")}</a>
      </nav>
      <span class={`link ${link.value}`} role="status">
        <span class="dot" aria-hidden="true" />
        {t(`ui.link.${link.value}`)}
      </span>
      <div class="tools">
        <button type="button" class="tool" onClick={toggleSound} aria-pressed={soundOn.value} title={t("ui.sound")} aria-label={t("ui.sound")}>
          <Icon name={soundOn.value ? "sound" : "mute"} />
        </button>
        <button type="button" class="tool" onClick={nextTheme} title={t(`ui.theme.${theme.value}`)} aria-label={t(`ui.theme.${theme.value}`)}>
          <Icon name={theme.value === "dark" ? "moon" : theme.value === "light" ? "sun" : "contrast"} />
        </button>
        <button type="button" class="tool" onClick={() => setLang(lang.value === "en" ? "zh-CN" : "en")} lang={lang.value === "en" ? "zh-CN" : "en"}>
          {lang.value === "en" ? "中文" : "English"}
        </button>
        <span class="who" title={label("role", account.role)}>{account.name}</span>
        <button type="button" class="tool" onClick={onLeave}>{t("ui.sign_out")}</button>
      </div>
    </header>
  );
}
