// Measures the way from the QR code to four windows saved, on a phone: taps, drags and seconds. Run by `make bench`; prints one
// JSON line. The script taps without thinking: a person adds the time for looking.

import { cpus, loadavg } from "node:os";
import { HALLS, pull, startCalibration } from "./calibration-parts.mjs";
import { catalogue, startBrowser, startCentral } from "./parts.mjs";

const zh = catalogue("zh-CN");
const central = await startCentral();
const [browser, agent] = await Promise.all([startBrowser(), startCalibration(central.broker, HALLS.four)]);
const context = await browser.newContext({ locale: "zh-CN", viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2, ignoreHTTPSErrors: true });
const page = await context.newPage();
const { address, code } = agent.invite();

const began = performance.now();
const since = () => (performance.now() - began) / 1000;
const done = { taps: 0, drags: 0 };
const tap = async (locator) => {
  await locator.tap();
  done.taps++;
};
const button = (key) => page.getByRole("button", { name: zh[key], exact: true });

await page.goto(`${address}/#code=${code}`);
await button("ui.sign_in").waitFor();
const page_s = since();
await tap(button("ui.sign_in"));
await tap(page.locator("[data-camera=cam-1]"));
await tap(button("calibrate.propose"));
const looking = since();
await page.locator(".chip[data-window]").first().waitFor({ timeout: 150_000 });
const proposing_s = since() - looking;
const proposed = await page.locator(".chip[data-window]").count();
// Every window is looked at large, and one corner of it put right.
for (let i = 0; i < proposed; i++) {
  await tap(page.locator(".chip[data-window]").nth(i));
  const corner = page.locator(".handle.corner").nth(2);
  const { x, y, width, height } = await corner.boundingBox();
  const from = [x + width / 2, y + height / 2];
  await pull(page, from, [from[0] - 12, from[1] - 8]);
  done.drags++;
}
await tap(page.locator(".stepper [data-step=save]"));
await tap(page.locator("button.save"));
await page.locator(".saved").waitFor({ timeout: 30_000 });
const result = { windows: proposed, ...done, seconds: since(), page_s, proposing_s, cores: cpus().length, load: loadavg()[0] };

await browser.close();
await agent.stop();
await central.stop();
console.log(JSON.stringify(result));
