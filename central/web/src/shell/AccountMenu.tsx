import type { Session } from "../api";
import { label, lang, setLang, t } from "../i18n";
import { go } from "../route";
import { isLive, leave } from "../session";
import { soundOn, toggleSound } from "../sound";
import { nextTheme, theme } from "../theme";
import { Icon } from "../ui/Icon";
import { Menu } from "../ui/Menu";

/** Who is signed in, and the choices of this browser. */
export function AccountMenu({ account }: { account: Pick<Session["account"], "name" | "role"> }) {
  const other = lang.value === "en" ? "zh-CN" : "en";
  const look = theme.value === "dark" ? "moon" : theme.value === "light" ? "sun" : "contrast";
  return (
    <div class="tools">
      {isLive(account.role) && (
        <button type="button" class="tool quiet" onClick={toggleSound} aria-pressed={soundOn.value} title={t("ui.sound")} aria-label={t("ui.sound")}>
          <Icon name={soundOn.value ? "sound" : "mute"} />
        </button>
      )}
      <button type="button" class="tool quiet" onClick={nextTheme} title={t(`ui.theme.${theme.value}`)} aria-label={t(`ui.theme.${theme.value}`)}>
        <Icon name={look} />
      </button>
      <button type="button" class="tool quiet" onClick={() => void setLang(other)} lang={other}>{other === "en" ? "English" : "中文"}</button>
      <Menu
        label={`${t("ui.account")} ${account.name}`}
        trigger={<><Icon name="person" /><span class="who">{account.name}</span></>}
        note={`${account.name} · ${label("role", account.role)}`}
        items={[
          { id: "security", text: t("security.title"), icon: "key", act: () => go("/security") },
          { id: "retention", text: t("retention.title"), icon: "clock", act: () => go("/retention") },
          { id: "leave", text: t("ui.sign_out"), icon: "leave", act: () => void leave() },
        ]}
      />
    </div>
  );
}
