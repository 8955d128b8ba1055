import { lang, setLang, t } from "@central/i18n";
import { nextTheme, theme } from "@central/theme";
import { Icon } from "@central/ui/Icon";

/** Language and appearance. */
export function Choices() {
  const other = lang.value === "en" ? "zh-CN" : "en";
  const look = theme.value === "dark" ? "moon" : theme.value === "light" ? "sun" : "contrast";
  const name = t(`ui.theme.${theme.value}`);
  return (
    <div class="tools">
      <button type="button" class="tool quiet" onClick={nextTheme} title={name} aria-label={name}><Icon name={look} /></button>
      <button type="button" class="tool quiet" onClick={() => void setLang(other)} lang={other}>{other === "en" ? "English" : "中文"}</button>
    </div>
  );
}
