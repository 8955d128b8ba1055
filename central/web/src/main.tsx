import { render } from "preact";
import { App } from "./app";
import { lang, setLang } from "./i18n";
import "./style.css";
import { showTheme } from "./theme";
import { startClock } from "./time";

setLang(lang.value);
showTheme();
startClock();
render(<App />, document.getElementById("app")!);
