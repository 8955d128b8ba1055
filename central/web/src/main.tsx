import { render } from "preact";
import { App } from "./app";
import { lang, setLang } from "./i18n";
import { keepLinksInPage } from "./route";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/shell.css";
import "./styles/ui.css";
import "./styles/pages.css";
import "./styles/report.css";
import { showTheme } from "./theme";
import { startClock } from "./time";

showTheme();
startClock();
keepLinksInPage();
await setLang(lang.value);
render(<App />, document.getElementById("app")!);
