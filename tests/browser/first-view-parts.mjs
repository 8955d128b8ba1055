// The first view of each role: a browser with an empty cache opens its home, signed in before, against a month gone by.

import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { BIN, HALL, IN_CHINA, PASSWORD, call, hallDay, signIn, startAgent, startBrowser, startCentral } from "./parts.mjs";

/** Who opens what, and what stands there once their data is shown. */
export const VIEWS = [
  { view: "board", name: "head", path: "/", shows: ".hall .tiles > li" },
  { view: "summary", name: "li", path: "/me", shows: "[data-figure=counted]" },
  { view: "fleet", name: "fitter", path: "/fleet", shows: "table a[href^='/fleet/']" },
];

/** Central with a month of what three windows saw, `li` posted at one of them, and an installer `fitter`. */
export async function startMonth() {
  const central = await startCentral();
  central.addAccount("li", "staff", "--hall", HALL);
  central.addAccount("fitter", "installer", "--hall", HALL);
  const story = ["--broker", `mqtt://127.0.0.1:${central.broker}`, "--hall", HALL, "--agent", "edge-01", "--windows", "1,2,3"];
  const told = spawnSync(join(BIN, "central"), ["history", ...story], { encoding: "utf8" });
  if (told.status !== 0) throw new Error(`history: ${told.error ?? told.stderr}`);
  const agent = await startAgent(central.broker);
  const browser = await startBrowser();
  const { page } = await signIn(browser, central.url, IN_CHINA);
  const hall = (method, path, data) => call(page, central.url, method, `/halls/${HALL}${path}`, data);
  await hall("PUT", "/shifts/day", { name: "全天", hours: ["08:30-17:30"], breaks: [] });
  const { staff } = await hall("GET", "/duty");
  const days = Array.from({ length: 31 }, (_, back) => hallDay(-back));
  await hall("PUT", "/roster", { cells: days.map((day) => ({ day, window: "1", shift: "day", staff: staff.map((one) => one.id) })) });
  await page.context().close();
  const stop = async () => {
    await browser.close();
    await agent.stop();
    await central.stop();
  };
  return { url: central.url, browser, stop };
}

/**
 * Opens a view and tells the milliseconds until its data is shown, the requests begun until then, the most of them that came one
 * after the other, and what they weighed on the wire.
 */
export async function firstView({ url, browser }, { name, path, shows }, slower = 1) {
  const context = await browser.newContext({ locale: "zh-CN", viewport: { width: 1280, height: 800 }, ...IN_CHINA });
  const answer = await context.request.post(`${url}/api/v1/session`, { data: { name, password: PASSWORD } });
  if (!answer.ok()) throw new Error(`${name} cannot sign in: ${answer.status()}`);
  const page = await context.newPage();
  await (await context.newCDPSession(page)).send("Emulation.setCPUThrottlingRate", { rate: slower });
  await page.addInitScript((selector) => {
    const look = () => (document.querySelector(selector) ? (globalThis.shownAt = performance.now()) : requestAnimationFrame(look));
    look();
  }, shows);
  await page.goto(url + path, { waitUntil: "commit" });
  await page.waitForFunction(() => globalThis.shownAt !== undefined);
  const seen = await page.evaluate(() => {
    const all = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")];
    const until = all.filter((one) => one.startTime < globalThis.shownAt);
    const requests = until.map((one) => ({ address: new URL(one.name).pathname, from: one.startTime, to: one.responseEnd, bytes: one.transferSize }));
    return { ms: globalThis.shownAt, requests };
  });
  await context.close();
  const bytes = seen.requests.reduce((sum, one) => sum + one.bytes, 0);
  return { ...seen, inTurn: inTurn(seen.requests), bytes };
}

/** The most requests of which each began after the one before had ended; one that has not ended yet is before none. */
function inTurn(requests) {
  let [turns, ended] = [0, 0];
  for (const { from, to } of requests.filter((one) => one.to > 0).sort((a, b) => a.to - b.to)) {
    if (from >= ended) [turns, ended] = [turns + 1, to];
  }
  return turns;
}
