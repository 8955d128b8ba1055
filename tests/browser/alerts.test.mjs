// A staff member's day on a phone: their own record, contesting in two taps, stepping away in one; and the other side of it.

import assert from "node:assert/strict";
import { createDecipheriv, createECDH, createHmac, randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { HALL, accessible, catalogue, fits, screenshot, signIn, startAgent, startBrowser, startCentral, until } from "./parts.mjs";

const zh = catalogue("zh-CN");
const en = catalogue("en");
const PHONE = { viewport: { width: 360, height: 740 } };
let central, browser, agent, service;
const pushed = [];

before(async () => {
  service = createServer((request, response) => {
    const parts = [];
    request.on("data", (part) => parts.push(part));
    request.on("end", () => {
      pushed.push({ url: request.url, headers: request.headers, body: Buffer.concat(parts) });
      response.writeHead(201, { "content-type": "application/json" });
      response.end('{"errcode":0,"code":0}');
    });
  });
  await new Promise((done) => service.listen(0, "127.0.0.1", done));
  const host = `127.0.0.1:${service.address().port}`;
  central = await startCentral({ more: `[notify]\ncontact = "mailto:it@hall.example"\nhosts = ["${host}"]\n` });
  service.host = host;
  for (const [name, role] of [["li", "staff"], ["wang", "staff"], ["deputy", "center_head"]]) central.addAccount(name, role, "--hall", HALL);
  central.addAccount("auditor", "auditor", "--all-halls");
  browser = await startBrowser();
  agent = await startAgent(central.broker);
});

after(async () => {
  await agent?.stop();
  await browser?.close();
  await central?.stop();
  service?.close();
});

/** Calls the API as whoever is signed in on the page. */
async function call(page, method, path, data) {
  const session = await (await page.request.get(`${central.url}/api/v1/session`)).json();
  const answer = await page.request.fetch(`${central.url}${path}`, { method, headers: { "x-csrf-token": session.csrf }, ...(data && { data }) });
  assert.ok(answer.ok(), `${method} ${path}: ${answer.status()} ${await answer.text()}`);
  return answer.status() === 204 ? null : answer.json();
}

/** The hall's days around now: whoever is posted on both is posted whatever the hour. */
function days() {
  const day = (shift) => new Date(Date.now() + 8 * 3600_000 + shift * 86_400_000).toISOString().slice(0, 10);
  return [day(-1), day(0), day(1)];
}

test("a head plans the week on the page, and from a file", async () => {
  const { page, complaints } = await signIn(browser, central.url);
  await page.getByRole("link", { name: zh["duty.title"] }).click();
  await page.getByText(zh["duty.no_shifts"]).waitFor();
  await accessible(page, "duty without shifts");
  await page.getByRole("tab", { name: zh["duty.shifts"] }).click();
  await page.getByRole("button", { name: zh["duty.shift_add"] }).click();
  await page.locator("input[name=id]").fill("day");
  await page.locator("input[name=name]").fill("全天班");
  await page.locator("input[name=hours]").fill("00:00-23:59");
  await page.getByRole("dialog").getByRole("button", { name: zh["ui.save"] }).click();
  await page.getByText("00:00-23:59").waitFor();
  await accessible(page, "shifts");
  await page.getByRole("tab", { name: zh["duty.roster"] }).click();
  const post = page.locator(".post").first();
  await post.click();
  await page.getByRole("dialog").getByText("wang").click();
  await page.getByRole("dialog").getByRole("button", { name: zh["ui.save"] }).click();
  await page.locator(".post", { hasText: "wang" }).first().waitFor();
  await accessible(page, "roster");
  await screenshot(page, "duty-roster");
  await page.getByRole("button", { name: zh["duty.import"] }).click();
  const file = (text) => ({ name: "roster.csv", mimeType: "text/csv", buffer: Buffer.from(text) });
  await page.locator("input[type=file]").setInputFiles(file(`日期,窗口,班次,姓名\n${days()[1]},1,全天班,没有这个人\n`));
  await page.getByText(zh["duty.problem.staff"]).waitFor();
  await page.locator("input[type=file]").setInputFiles(file(`日期,窗口,班次,姓名\n${days().map((day) => `${day},1,全天班,li`).join("\n")}\n`));
  await page.getByText(zh["duty.imported"].replace("{n}", "3")).waitFor();
  await page.locator(".post", { hasText: "li" }).first().waitFor();
  await page.getByRole("tab", { name: zh["duty.calendar"] }).click();
  await page.locator(".month .day").first().waitFor();
  await accessible(page, "calendar");
  await screenshot(page, "duty-calendar");
  for (const view of ["pauses", "accommodations"]) {
    await page.getByRole("tab", { name: zh[`duty.${view}`] }).click();
    await page.locator(".filters").waitFor();
    await accessible(page, view);
    assert.equal(await page.locator("textarea").count(), 0, "nowhere is a reason asked");
    await screenshot(page, `duty-${view}`);
  }
  await page.setViewportSize(PHONE.viewport);
  for (const view of ["roster", "shifts", "calendar", "pauses", "accommodations"]) {
    await page.goto(`${central.url}/duty?view=${view}`);
    await page.getByRole("tab", { name: zh[`duty.${view}`] }).waitFor();
    await page.locator("[role=tabpanel]:not([hidden]) .page > *").nth(1).waitFor();
    await fits(page, `duty ${view} on a phone`);
    await screenshot(page, `duty-${view}-phone`);
  }
  assert.deepEqual(complaints, []);
  await page.context().close();
});

test("staff see an event at once, contest it in two taps, and read the answer of another head", async () => {
  const head = await signIn(browser, central.url);
  const staff = await signIn(browser, central.url, { name: "li", ...PHONE });
  const page = staff.page;
  await page.getByText(zh["me.no_events"]).waitFor();
  await accessible(page, "my work without events");
  const event = agent.opened("slumped", "1");
  await agent.send("events", event);
  const own = page.locator(".own-event");
  await own.waitFor();
  await head.page.locator(".alert[data-rule=slumped]").waitFor();
  const text = await own.innerText();
  for (const part of [zh["rule.slumped.title"], "16.4", "93%", zh["me.standing.unconfirmed"]]) assert.ok(text.includes(part), `${part} in ${text}`);
  // The head confirms it on the board, after having looked.
  await head.page.locator(".alert").getByRole("button", { name: zh["ui.acknowledge"] }).click();
  await head.page.locator(".alert").getByRole("button", { name: zh["review.confirm"] }).click();
  await page.locator(".own-event[data-standing=counts]").waitFor();
  await screenshot(page, "my-work-phone");
  await accessible(page, "my work");
  await fits(page, "my work on a phone");

  // Two taps.
  await own.getByRole("button", { name: zh["me.contest"] }).click();
  await page.getByRole("dialog").locator("textarea").waitFor();
  await accessible(page, "contesting");
  await screenshot(page, "contest-phone");
  await page.getByRole("dialog").getByRole("button", { name: zh["me.choice.not_my_shift"] }).click();
  await page.locator(".own-event[data-standing=contested]").waitFor();
  assert.ok((await page.locator("[data-figure=counted] dd").innerText()).startsWith("0"), "what is contested does not count");

  // Whoever confirmed it may not answer; the deputy may.
  await head.page.getByRole("link", { name: zh["appeal.title"] }).click();
  await head.page.getByText(zh["appeal.own"]).waitFor();
  const deputy = await signIn(browser, central.url, { name: "deputy" });
  await deputy.page.getByRole("link", { name: zh["appeal.title"] }).click();
  await deputy.page.locator("textarea[name=reason]").fill("排班表确认不是她的班");
  await accessible(deputy.page, "appeals");
  await screenshot(deputy.page, "appeals");
  await deputy.page.getByRole("button", { name: zh["appeal.grant"] }).click();
  await deputy.page.getByText(zh["appeal.none"]).waitFor();
  await page.locator(".own-event[data-standing=void]", { hasText: "排班表确认不是她的班" }).waitFor();
  // What a figure means is one tap away.
  await page.locator("[data-figure=unknown] .means").click();
  await page.getByText(zh["me.unknown.means"]).waitFor();
  await page.keyboard.press("Escape");

  await page.getByRole("button", { name: "English" }).click();
  await page.getByText(en["me.lead"]).waitFor();
  await page.emulateMedia({ colorScheme: "dark" });
  await accessible(page, "my work in the dark");
  await fits(page, "my work in English");
  await screenshot(page, "my-work-phone-dark-en");
  assert.deepEqual([...staff.complaints, ...head.complaints, ...deputy.complaints], []);
  for (const one of [head, staff, deputy]) await one.page.context().close();
});

test("stepping away is one tap, shows on the board and on a wall, and asks nothing", async () => {
  const head = await signIn(browser, central.url);
  await head.page.getByRole("button", { name: zh["floor.walls"] }).click();
  await head.page.locator("input[name=wall]").fill("大厅屏幕");
  await head.page.getByRole("button", { name: zh["floor.wall_make"] }).click();
  const address = await head.page.locator(".wall-address").innerText();
  await accessible(head.page, "screens");
  await head.page.keyboard.press("Escape");
  await head.page.getByRole("button", { name: zh["floor.arrange"] }).click();
  for (const name of ["第 1 行第 1 列", "第 1 行第 2 列", "第 2 行第 1 列"]) await head.page.getByRole("button", { name, exact: true }).click();
  await accessible(head.page, "arranging");
  await screenshot(head.page, "arrange");
  await head.page.getByRole("dialog").getByRole("button", { name: zh["ui.save"] }).click();
  await head.page.locator(".tiles.floor").waitFor();

  const staff = await signIn(browser, central.url, { name: "li", ...PHONE });
  await staff.page.getByRole("button", { name: zh["me.away"] }).click();
  await staff.page.getByRole("button", { name: zh["me.back"] }).waitFor();
  assert.equal(await staff.page.getByRole("dialog").count(), 0, "nothing is asked");
  await screenshot(staff.page, "away-phone");
  await head.page.locator(".tile[data-window='1']", { hasText: zh["resting.away"] }).waitFor();
  await screenshot(head.page, "board-floor");

  // Nobody is signed in before the wall, and no conduct is on it.
  const event = agent.opened("smoking", "3", { severity: "critical", article: "19.4" });
  await agent.send("events", event);
  await head.page.locator(".alert[data-rule=smoking]").waitFor();
  const context = await browser.newContext({ locale: "zh-CN", viewport: { width: 1280, height: 720 } });
  const wall = await context.newPage();
  await wall.goto(address);
  await wall.locator(".wall li.rests", { hasText: zh["resting.away"] }).waitFor();
  const text = await wall.locator("body").innerText();
  for (const rule of ["smoking", "slumped", "absence"]) assert.ok(!text.includes(zh[`rule.${rule}.title`]), rule);
  assert.ok(!/警情|事件|条款/.test(text), text);
  await accessible(wall, "wall");
  await screenshot(wall, "wall");
  await wall.setViewportSize(PHONE.viewport);
  await fits(wall, "wall on a phone");
  await staff.page.getByRole("button", { name: zh["me.back"] }).click();
  await staff.page.getByRole("button", { name: zh["me.away"] }).waitFor();
  await head.page.locator(".tile[data-window='1']", { hasText: zh["resting.away"] }).waitFor({ state: "detached" });
  await agent.send("events", agent.closed(event));
  assert.deepEqual([...staff.complaints, ...head.complaints], []);
  await context.close();
  for (const one of [head, staff]) await one.page.context().close();
});

test("a copy of everything, and who looked", async () => {
  const { page, complaints } = await signIn(browser, central.url, { name: "li", ...PHONE });
  await page.getByRole("link", { name: zh["me.rights"] }).first().click();
  await page.locator("tbody tr", { hasText: "deputy" }).first().waitFor();
  await accessible(page, "my data");
  await fits(page, "my data on a phone");
  await screenshot(page, "my-data-phone");
  const [file] = await Promise.all([page.waitForEvent("download"), page.locator("a[href='/api/v1/me/export']").click()]);
  assert.match(file.suggestedFilename(), /^chuangming-.*\.json$/);
  assert.deepEqual(complaints, []);
  await page.context().close();
});

test("a head decides, notes and snoozes, and takes it back", async () => {
  const { page, complaints } = await signIn(browser, central.url);
  const event = agent.opened("clutter", "2", { severity: "info", article: "19.2", evidence: { hit_ratio: 1, observed_s: 300, unknown_s: 0, items: ["cup"] } });
  await agent.send("events", event);
  await page.locator(".alert[data-rule=clutter] h3 a").click();
  await page.getByRole("button", { name: zh["review.snooze"] }).click();
  await page.locator("input[name=reason]").fill("在路上");
  await page.getByRole("dialog").getByRole("button", { name: zh["review.snooze"] }).click();
  await page.getByText("在路上").first().waitFor();
  await page.locator("textarea[name=note]").fill("已当面提醒");
  await page.getByRole("button", { name: zh["review.save_note"] }).click();
  await page.locator(".steps-said li", { hasText: "已当面提醒" }).waitFor();
  await page.getByRole("button", { name: zh["review.wrong"] }).click();
  await page.locator(".steps-said li", { hasText: zh["audit.mark_wrong"] }).waitFor();
  await accessible(page, "deciding");
  await screenshot(page, "event-decided");
  await page.getByRole("button", { name: zh["review.withdraw"] }).click();
  await page.locator(".steps-said li", { hasText: zh["audit.withdraw_verdict"] }).waitFor();
  await page.setViewportSize(PHONE.viewport);
  await fits(page, "deciding on a phone");
  await agent.send("events", agent.closed(event));
  assert.deepEqual(complaints, []);
  await page.context().close();
});

test("a group robot is tried from the page, and shows a count and nothing more", async () => {
  const { page, complaints } = await signIn(browser, central.url);
  await page.getByRole("link", { name: zh["notify.title"] }).click();
  await page.getByText(zh["notify.none"]).waitFor();
  await page.getByRole("button", { name: zh["notify.add"] }).click();
  await page.locator("select[name=kind]").selectOption("feishu");
  await page.locator("input[name=name]").fill("值班群");
  await page.locator("input[name=target]").fill("https://evil.example/hook");
  const add = page.getByRole("dialog").getByRole("button", { name: zh["notify.add"] });
  await add.click();
  await page.getByRole("dialog").locator(".failed").waitFor();
  await page.locator("input[name=target]").fill(`http://${service.host}/hook`);
  await page.locator("input[name=secret]").fill("s");
  await accessible(page, "adding a channel");
  await screenshot(page, "channel");
  await add.click();
  await page.getByRole("button", { name: zh["notify.test"] }).click();
  const hook = await until(() => pushed.find((one) => one.url === "/hook"), "the robot is told");
  const body = JSON.parse(hook.body);
  assert.equal(body.sign, createHmac("sha256", `${body.timestamp}\ns`).update("").digest("base64"));
  await page.reload();
  await page.locator("tbody tr", { hasText: zh["notify.state.sent"] }).waitFor();
  await page.locator("input[name=quiet]").fill("22:00-07:00");
  await page.locator("form", { has: page.locator("input[name=quiet]") }).getByRole("button").click();
  await page.getByText(zh["notify.saved"]).first().waitFor();
  await accessible(page, "notifications");
  await screenshot(page, "notifications");
  await page.setViewportSize(PHONE.viewport);
  await fits(page, "notifications on a phone");
  await screenshot(page, "notifications-phone");
  // Chromium says on the console that the one answer was a refusal.
  assert.deepEqual(complaints.filter((line) => !line.includes("400")), []);
  await page.context().close();
});

/** Reads what only the browser with these keys can read (RFC 8291). */
function opened(body, keys, auth) {
  const [salt, length] = [body.subarray(0, 16), body[20]];
  const [own, text] = [body.subarray(21, 21 + length), body.subarray(21 + length)];
  const hmac = (key, ...parts) => createHmac("sha256", key).update(Buffer.concat(parts)).digest();
  const shared = keys.computeSecret(own);
  const input = hmac(hmac(auth, shared), Buffer.from("WebPush: info\0"), keys.getPublicKey(), own, Buffer.from([1]));
  const random = hmac(salt, input);
  const key = hmac(random, Buffer.from("Content-Encoding: aes128gcm\0\x01")).subarray(0, 16);
  const nonce = hmac(random, Buffer.from("Content-Encoding: nonce\0\x01")).subarray(0, 12);
  const cipher = createDecipheriv("aes-128-gcm", key, nonce);
  cipher.setAuthTag(text.subarray(-16));
  const plain = Buffer.concat([cipher.update(text.subarray(0, -16)), cipher.final()]);
  return JSON.parse(plain.subarray(0, plain.lastIndexOf(2)));
}

test("a message to a phone is encrypted for it, says no more than a count, and the page shows it", async () => {
  const staff = await signIn(browser, central.url, { name: "li", permissions: ["notifications"] });
  const { page } = staff;
  const keys = createECDH("prime256v1");
  keys.generateKeys();
  const auth = randomBytes(16);
  const endpoint = `http://${service.host}/push/li`;
  await call(page, "POST", "/api/v1/account/push", { endpoint, keys: { p256dh: keys.getPublicKey("base64url"), auth: auth.toString("base64url") } });
  const event = agent.opened("tilted", "1");
  await agent.send("events", event);
  const message = await until(() => pushed.find((one) => one.url === "/push/li"), "the phone is told");
  assert.equal(message.headers["content-encoding"], "aes128gcm");
  assert.match(message.headers.authorization, /^vapid t=.+, k=.+$/);
  const said = opened(message.body, keys, auth);
  assert.equal(said.title, zh["notify.message.own"].replace("{n}", "1"));
  assert.ok(!JSON.stringify(said).includes(zh["rule.tilted.title"]), "no rule in a message");

  // What the push service would hand to the browser is shown by the page's worker.
  const shown = await page.evaluate(async (data) => {
    const worker = await navigator.serviceWorker.register("/push.js");
    await navigator.serviceWorker.ready;
    globalThis.shownBefore = data;
    return worker.scope;
  }, said);
  const session = await page.context().newCDPSession(page);
  const registrations = [];
  session.on("ServiceWorker.workerRegistrationUpdated", ({ registrations: all }) => registrations.push(...all));
  await session.send("ServiceWorker.enable");
  const registration = await until(() => registrations.find((one) => one.scopeURL === shown), "the worker is registered");
  await session.send("ServiceWorker.deliverPushMessage", { origin: central.url, registrationId: registration.registrationId, data: JSON.stringify(said) });
  const titles = () => page.evaluate(async () => (await (await navigator.serviceWorker.ready).getNotifications()).map((one) => one.title));
  await until(async () => (await titles()).includes(said.title), "the notification shows");
  await agent.send("events", agent.closed(event));
  await page.context().close();
});

test("an auditor sees whole months, and no small group", async () => {
  const { page, complaints } = await signIn(browser, central.url, { name: "auditor" });
  await page.locator(".withheld").first().waitFor();
  assert.equal(await page.locator("tbody").getByText(zh["rule.slumped.title"]).count(), 0);
  await accessible(page, "aggregates");
  await screenshot(page, "aggregate");
  await page.setViewportSize(PHONE.viewport);
  await fits(page, "aggregates on a phone");
  assert.deepEqual(complaints, []);
  await page.context().close();
});
