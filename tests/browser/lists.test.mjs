// Long lists: page by page, and what is left when the last entry of the last page is gone.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { HALL, IN_CHINA, accessible, call, catalogue, fits, hallDay, screenshot, signIn, startAgent, startBrowser, startCentral, until } from "./parts.mjs";

const zh = catalogue("zh-CN");
const PER_PAGE = 50;
const fill = (key, places) => zh[key].replace(/\{(\w+)\}/g, (_, name) => places[name]);
let central, browser, agent, page;

before(async () => {
  // A host that nobody answers at: messages are made and wait.
  central = await startCentral({ more: `[notify]\ncontact = "mailto:it@hall.example"\nhosts = ["127.0.0.1:9"]\n` });
  central.addAccount("li", "staff", "--hall", HALL);
  browser = await startBrowser();
  agent = await startAgent(central.broker);
  ({ page } = await signIn(browser, central.url, IN_CHINA));
  const hall = (method, path, data) => call(page, central.url, method, `/halls/${HALL}${path}`, data);
  await hall("PUT", "/shifts/day", { name: "全天", hours: ["00:00-24:00"], breaks: [] });
  const { staff } = await hall("GET", "/duty");
  await hall("PUT", "/roster", { cells: [hallDay(-1), hallDay()].map((day) => ({ day, window: "1", shift: "day", staff: staff.map((one) => one.id) })) });
});

after(async () => {
  await agent?.stop();
  await browser?.close();
  await central?.stop();
});

test("appeals come page by page, and a page whose last one is answered turns back", async () => {
  const li = await signIn(browser, central.url, { name: "li", ...IN_CHINA });
  for (let n = 0; n <= PER_PAGE; n++) {
    const event = agent.opened("slumped", "1");
    for (const message of [event, agent.closed(event)]) {
      await agent.send("events", message);
      await until(() => agent.isAcked(message), "central has it");
    }
    await call(li.page, central.url, "POST", `/me/events/${event.id}/contest`, { choice: "not_so", text: "" });
  }
  await page.goto(`${central.url}/appeals`);
  const pager = (at, pages, total) => page.locator(".pager", { hasText: fill("ui.page_of", { page: at, pages, total }) });
  await pager(1, 2, PER_PAGE + 1).waitFor();
  assert.equal(await page.locator(".appeal").count(), PER_PAGE);
  await accessible(page, "appeals");
  await page.setViewportSize({ width: 360, height: 740 });
  await fits(page, "appeals on a phone");
  await page.getByRole("button", { name: zh["ui.next"] }).click();
  await pager(2, 2, PER_PAGE + 1).waitFor();
  await until(async () => (await page.locator(".appeal").count()) === 1, "the second page shows");
  await screenshot(page, "appeals-phone");
  const [back, on] = await Promise.all(["ui.previous", "ui.next"].map((key) => page.getByRole("button", { name: zh[key] }).boundingBox()));
  assert.equal(back.y, on.y, "both ways stand side by side");

  await page.getByRole("button", { name: zh["appeal.grant"] }).click();
  await page.locator(".dialog textarea").fill("看过了，当时在帮群众填表。");
  await page.locator(".dialog button.primary").click();
  await until(async () => (await page.locator(".appeal").count()) === PER_PAGE, "the first page shows");
  assert.equal(await page.getByText(zh["appeal.none"]).count(), 0, "fifty still wait");
});

test("messages come page by page", async () => {
  const channel = { kind: "feishu", name: "值班群", target: "http://127.0.0.1:9/hook", secret: "", detailed: false, severity: "info", escalation: false };
  await call(page, central.url, "POST", `/halls/${HALL}/channels`, channel);
  const { channels } = await call(page, central.url, "GET", `/halls/${HALL}/notifications`);
  for (let n = 0; n <= PER_PAGE; n++) await call(page, central.url, "POST", `/halls/${HALL}/channels/${channels[0].id}/test`);
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.goto(`${central.url}/notifications`);
  await page.locator(".pager").waitFor();
  await accessible(page, "messages");
  await screenshot(page, "messages");
  await page.setViewportSize({ width: 360, height: 740 });
  await fits(page, "messages on a phone");
  await page.getByRole("button", { name: zh["ui.next"] }).click();
  await until(async () => (await page.locator("tbody tr").count()) <= 3, "the second page shows");
  await screenshot(page, "messages-phone");
  const value = await page.locator("tbody tr").last().getByText("值班群").boundingBox();
  assert.ok(value.width > value.height, `a channel's name is read along, not down: ${JSON.stringify(value)}`);
});
