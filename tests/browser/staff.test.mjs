// A staff member's day: they see what was seen of their window, contest it in two taps, step away in one, and take a copy of everything.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { HALL, IN_CHINA, accessible, call, catalogue, fits, hallDay, screenshot, signIn, startAgent, startBrowser, startCentral, until } from "./parts.mjs";

const [zh, en] = [catalogue("zh-CN"), catalogue("en")];
const fill = (key, places) => zh[key].replace(/\{(\w+)\}/g, (_, name) => places[name]);
let central, browser, agent, head, deputy, li;

before(async () => {
  central = await startCentral();
  central.addAccount("li", "staff", "--hall", HALL);
  central.addAccount("deputy", "center_head", "--hall", HALL);
  browser = await startBrowser();
  agent = await startAgent(central.broker);
  head = await signIn(browser, central.url, IN_CHINA);
  deputy = await signIn(browser, central.url, { name: "deputy", ...IN_CHINA });
  const hall = (method, path, data) => call(head.page, central.url, method, `/halls/${HALL}${path}`, data);
  await hall("PUT", "/shifts/day", { name: "全天", hours: ["00:00-24:00"], breaks: [] });
  const { staff } = await hall("GET", "/duty");
  const cells = [hallDay(-1), hallDay()].map((day) => ({ day, window: "1", shift: "day", staff: staff.map((one) => one.id) }));
  await hall("PUT", "/roster", { cells });
  li = await signIn(browser, central.url, { name: "li", viewport: { width: 360, height: 740 }, ...IN_CHINA });
});

after(async () => {
  await agent?.stop();
  await browser?.close();
  await central?.stop();
});

const card = (event) => li.page.locator(`[data-event='${event.id}']`);

/** An event at li's window, shown on li's page. */
async function happens(rule) {
  const event = agent.opened(rule, "1");
  await agent.send("events", event);
  await card(event).waitFor();
  return event;
}

test("an event shows by itself, in plain words, and does not count until a head confirms it", async () => {
  await li.page.locator(".here", { hasText: "1 号窗口" }).waitFor();
  const others = agent.opened("slumped", "2");
  await agent.send("events", others);
  const event = await happens("slumped");
  const text = await card(event).innerText();
  for (const part of [zh["rule.slumped.title"], zh["me.reason.slumped"], "1 号窗口", "16.4", "93%", zh["me.standing.unconfirmed"]]) assert.ok(text.includes(part), `${part} in ${text}`);
  assert.ok(!/睡|asleep/.test(text), "a posture, never a state of mind");
  assert.equal(await card(others).count(), 0, "what was seen elsewhere is not theirs");
  assert.equal(await li.page.locator("[data-figure=counted]").innerText(), "0");

  await call(head.page, central.url, "PUT", `/events/${event.id}/verdict`, { verdict: "confirmed" });
  await li.page.locator(`[data-event='${event.id}'][data-standing=counts]`).waitFor();
  assert.equal(await li.page.locator("[data-figure=counted]").innerText(), "1");
  await fits(li.page, "summary on a phone");
  await accessible(li.page, "summary");
  await screenshot(li.page, "me-phone");
  assert.deepEqual(li.complaints, []);
});

test("an event is contested in two taps and judged by somebody else than who confirmed it", async () => {
  const event = await happens("tilted");
  await call(head.page, central.url, "PUT", `/events/${event.id}/verdict`, { verdict: "confirmed" });
  await card(event).getByRole("button", { name: zh["me.contest"] }).click();
  await accessible(li.page, "contesting");
  await screenshot(li.page, "me-contest-phone");
  await li.page.getByRole("button", { name: zh["me.choice.not_my_shift"] }).click();
  await li.page.locator(`[data-event='${event.id}'][data-standing=contested]`).waitFor();
  assert.ok((await card(event).innerText()).includes(zh["me.choice.not_my_shift"]));
  assert.equal(await card(event).getByRole("button", { name: zh["me.contest"] }).count(), 0, "once");

  await head.page.goto(`${central.url}/appeals`);
  await head.page.locator(".appeal", { hasText: zh["appeal.own"] }).waitFor();
  assert.equal(await head.page.locator(".appeal button").count(), 0, "who confirmed it does not judge");

  await deputy.page.goto(`${central.url}/appeals`);
  await deputy.page.getByRole("button", { name: zh["appeal.grant"] }).click();
  await deputy.page.locator("textarea[name=reason]").fill("换班表上确实不是她");
  await accessible(deputy.page, "answering");
  await deputy.page.locator(".dialog button.primary").click();
  await deputy.page.getByText(zh["appeal.none"]).waitFor();
  await card(event).getByText(fill("me.answer.granted", { reason: "换班表上确实不是她" })).waitFor();
  await deputy.page.getByRole("tab", { name: zh["appeal.ended"] }).click();
  await deputy.page.locator(".appeal", { hasText: zh["appeal.decision.granted"] }).waitFor();
  await accessible(deputy.page, "appeals");
  await screenshot(deputy.page, "appeals");
  assert.deepEqual([li.complaints, deputy.complaints, head.complaints], [[], [], []]);
});

test("something else needs a word, and gets one", async () => {
  const event = await happens("clutter");
  await card(event).getByRole("button", { name: zh["me.contest"] }).click();
  await li.page.getByRole("button", { name: zh["me.choice.other"] }).click();
  await li.page.getByText(zh["me.contest_needed"]).waitFor();
  await li.page.locator("textarea[name=text]").fill("群众落下的雨伞");
  await li.page.getByRole("button", { name: zh["me.choice.other"] }).click();
  await card(event).getByText("群众落下的雨伞").waitFor();
});

test("stepping away takes one tap and no reason", async () => {
  await li.page.getByRole("button", { name: zh["me.away"], exact: true }).click();
  await li.page.locator(".here.away").waitFor();
  assert.equal(await li.page.locator("input, textarea, select").count(), 0, "nobody asks why");
  const event = agent.opened("absence", "1", { opened_at: new Date().toISOString(), article: "16.5" });
  await agent.send("events", event);
  await li.page.locator(`[data-event='${event.id}'][data-standing=suspended]`).waitFor();
  await li.page.getByRole("button", { name: zh["me.back"] }).click();
  await li.page.getByRole("button", { name: zh["me.away"], exact: true }).waitFor();
});

test("a copy of everything, what is kept, and who looked", async () => {
  await li.page.goto(`${central.url}/me/data`);
  const download = li.page.waitForEvent("download");
  await li.page.getByRole("link", { name: zh["me.export"] }).click();
  const copy = JSON.parse(readFileSync(await (await download).path(), "utf8"));
  assert.equal(copy.events.length, 4, "every event of the own window and no other");
  assert.equal(copy.appeals.length, 2);
  await li.page.locator("tbody tr", { hasText: "head" }).first().waitFor();
  await li.page.getByText(zh["retention.events.what"]).waitFor();
  await fits(li.page, "own data on a phone");
  await accessible(li.page, "own data");
  await screenshot(li.page, "me-data-phone");
});

test("any day, week or month, in English and in the dark", async () => {
  await li.page.setViewportSize({ width: 1280, height: 800 });
  await li.page.emulateMedia({ colorScheme: "dark" });
  await li.page.goto(`${central.url}/me?grain=month`);
  await li.page.getByRole("button", { name: "English" }).click();
  await li.page.getByText(en["me.compare"]).waitFor();
  await li.page.getByText(en["me.compare_withheld"].replace("{n}", "5")).first().waitFor();
  await accessible(li.page, "month in the dark");
  await screenshot(li.page, "me-month-dark-en");
  await li.page.getByRole("button", { name: en["me.earlier"] }).click();
  await li.page.getByText(en["me.no_posts"]).waitFor();
  assert.equal(await until(() => new URL(li.page.url()).searchParams.get("grain"), "the address says it"), "month");
  assert.deepEqual(li.complaints, []);
});

test("when the server is gone the page says so, and keeps what it showed", async () => {
  await li.page.goto(`${central.url}/me`);
  await li.page.locator("[data-figure=counted]").waitFor();
  await agent.stop();
  await central.stop();
  [agent, central] = [null, null];
  await li.page.getByText(en["ui.error.unreachable"]).waitFor();
  assert.equal(await li.page.locator("[data-figure=counted]").count(), 1);
  await accessible(li.page, "without a server");
});
