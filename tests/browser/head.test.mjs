// A center head's work with the page, in a real browser against the real central.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { accessible, catalogue, fits, screenshot, signIn, startAgent, startBrowser, startCentral, until } from "./parts.mjs";

const zh = catalogue("zh-CN");
const en = catalogue("en");
let central, browser, agent;

before(async () => {
  central = await startCentral();
  browser = await startBrowser();
  agent = await startAgent(central.broker);
});

after(async () => {
  await agent?.stop();
  await browser?.close();
  await central?.stop();
});

test("a wrong password is refused in words", async () => {
  const page = await browser.newPage({ locale: "zh-CN" });
  await page.goto(central.url);
  await page.locator("input[name=name]").fill("head");
  await page.locator("input[name=password]").fill("wrong");
  await page.locator("form button.primary").click();
  await page.getByText(zh["ui.error.wrong_credentials"]).waitFor();
  await accessible(page, "sign-in");
  await screenshot(page, "sign-in");
  await page.close();
});

test("an event shows at once, is acknowledged, closes, and stays in the list", async () => {
  const { page, complaints } = await signIn(browser, central.url);
  await page.locator(".tile.unknown[data-window='3']").waitFor();

  const event = agent.opened("slumped", "1");
  await agent.send("events", event);
  const alert = page.locator(".alert[data-window='1'][data-rule='slumped']");
  await alert.waitFor();
  const text = await alert.innerText();
  for (const part of [zh["rule.slumped.title"], "1 号窗口", "16.4", "93%"]) assert.ok(text.includes(part), `${part} in ${text}`);
  assert.ok(!/睡|asleep/.test(text), "a posture is shown, never a state of mind");
  await until(() => agent.isAcked(event), "central acknowledges the event");

  await alert.getByRole("button", { name: zh["ui.acknowledge"] }).click();
  await alert.getByText(zh["ui.seen_by"].replace("{name}", "head")).waitFor();

  await agent.send("events", event);
  await agent.send("events", agent.closed(event));
  await alert.waitFor({ state: "detached" });
  assert.equal(await page.locator(".alert").count(), 0, "a repeated message shows nothing new");

  await page.getByRole("link", { name: zh["ui.events"], exact: true }).click();
  const row = page.locator("tbody tr", { hasText: zh["rule.slumped.title"] });
  await row.waitFor();
  assert.equal(await page.locator("tbody tr").count(), 1, "one episode, one row");
  await page.locator("select[name=rule]").selectOption("smoking");
  await page.getByText(zh["ui.no_events"]).waitFor();
  await page.locator("select[name=rule]").selectOption("slumped");
  await row.getByRole("link").click();
  await page.getByText(zh["ui.no_picture"]).waitFor();
  assert.equal(await page.locator(".history").first().locator("li").count(), 2, "opened and closed");
  await accessible(page, "one event");
  await screenshot(page, "event");
  assert.deepEqual(complaints, []);
  await page.context().close();
});

test("the most urgent alert is first, and a window that cannot be observed never looks well", async () => {
  const { page, complaints } = await signIn(browser, central.url);
  const clutter = agent.opened("clutter", "1", { severity: "info", article: "19.2", evidence: { hit_ratio: 1, observed_s: 300, unknown_s: 0, items: ["cup", "unrecognised"] } });
  const smoking = agent.opened("smoking", "3", { severity: "critical", article: "19.4" });
  const offline = agent.health("camera_offline", "raised");
  await agent.send("events", clutter);
  await agent.send("events", smoking);
  await agent.send("health", offline);
  await page.locator(".alert").nth(1).waitFor();
  assert.equal(await page.locator(".alert").first().getAttribute("data-rule"), "smoking");
  assert.ok((await page.locator(".alert[data-rule=clutter]").innerText()).includes(zh["item.cup"]));
  await page.locator(".tile.unknown[data-window='2']", { hasText: zh["health.camera_offline"] }).waitFor();
  await accessible(page, "board");
  await screenshot(page, "board");

  await page.getByRole("button", { name: "English" }).click();
  await page.getByText(en["rule.smoking.title"]).first().waitFor();
  await page.emulateMedia({ colorScheme: "dark" });
  await accessible(page, "board in the dark");
  await screenshot(page, "board-dark-en");
  await fits(page, "desktop");
  await page.setViewportSize({ width: 360, height: 740 });
  await fits(page, "phone");
  await screenshot(page, "board-phone");
  await page.getByRole("link", { name: en["ui.events"], exact: true }).click();
  await page.locator("tbody tr").first().waitFor();
  await fits(page, "events on a phone");
  await accessible(page, "events on a phone");
  await screenshot(page, "events-phone");
  // Of a machine that has not told of itself a phone shows what is known, and no dashes.
  await page.goto(`${central.url}/fleet`);
  await page.locator("tbody td", { hasText: "0.1.0" }).waitFor();
  assert.equal(await page.locator("tbody td", { hasText: /^—$/ }).filter({ visible: true }).count(), 0);
  await fits(page, "the fleet on a phone");

  await agent.send("health", { ...offline, seq: 1, phase: "cleared", at: new Date().toISOString() });
  await agent.send("events", agent.closed(clutter));
  await agent.send("events", agent.closed(smoking));
  await page.goto(central.url);
  await page.locator(".alert").first().waitFor({ state: "detached" });
  await page.locator(".tile.calm[data-window='2']").waitFor();
  assert.deepEqual(complaints, []);
  await page.context().close();
});

test("historical events never ring and never show as alerts", async () => {
  const { page } = await signIn(browser, central.url);
  const old = agent.opened("tilted", "1", { historical: true });
  const fresh = agent.opened("tilted", "2");
  await agent.send("events", old);
  await agent.send("events", fresh);
  await page.locator(".alert[data-window='2']").waitFor();
  assert.equal(await page.locator(".alert").count(), 1);
  await agent.send("events", agent.closed(fresh));
  await page.context().close();
});

test("signing out ends the live connection and the page's access", async () => {
  const { page } = await signIn(browser, central.url);
  await page.getByRole("button", { name: new RegExp(zh["ui.account"]) }).click();
  await page.getByRole("menuitem", { name: zh["ui.sign_out"] }).click();
  await page.locator("input[name=password]").waitFor();
  assert.equal((await page.request.get(`${central.url}/api/v1/halls`)).status(), 401);
  assert.equal(await page.getByText(zh["ui.error.unauthenticated"]).count(), 0, "whoever left knows");
  await page.context().close();
});

test("a session that ended says so at the sign-in", async () => {
  const { page } = await signIn(browser, central.url);
  await page.context().clearCookies();
  await page.getByRole("link", { name: zh["ui.events"] }).first().click();
  await page.getByText(zh["ui.error.unauthenticated"]).waitFor();
  await accessible(page, "the sign-in after a session ended");
  await page.context().close();
});

test("a page that could not be fetched comes by itself once the server is there again", async () => {
  const { page } = await signIn(browser, central.url);
  await page.route("**/api/v1/events?*", (route) => route.abort());
  await page.route("**/api/v1/events", (route) => route.abort());
  await page.getByRole("link", { name: zh["ui.events"] }).first().click();
  await page.getByText(zh["ui.error.unreachable"]).waitFor();
  await page.unrouteAll();
  await page.locator("table").waitFor();
  assert.equal(await page.getByText(zh["ui.error.unreachable"]).count(), 0);
  await page.context().close();
});

test("what a page's address asks for in vain is said, with a way out", async () => {
  const { page } = await signIn(browser, central.url);
  await page.goto(`${central.url}/events?page=none`);
  await page.getByText(zh["ui.error.address"]).waitFor();
  await page.getByRole("link", { name: zh["ui.reset"] }).last().click();
  await page.locator(".state.failed").waitFor({ state: "detached" });
  assert.equal(new URL(page.url()).search, "");
  await page.context().close();
});
