import { render } from "preact";
import { App, onWall } from "./app";
import { lang, setLang } from "./i18n";
import { foresee } from "./pages";
import { keepLinksInPage, location } from "./route";
import { resume } from "./session";
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
// Texts, who it is and the page's code are asked for together; a wall has nobody signed in.
if (!onWall()) {
  foresee(location.value.path);
  void resume();
}
await setLang(lang.value);
render(<App />, document.getElementById("app")!);
