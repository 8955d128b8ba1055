// How alerts reach people: on the board and its floor plan, decided on the event's page, by robots and phones; and a wall that shows none.

import assert from "node:assert/strict";
import { createDecipheriv, createECDH, createHmac, randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { HALL, accessible, catalogue, fits, screenshot, signIn, startAgent, startBrowser, startCentral, until } from "./parts.mjs";

const zh = catalogue("zh-CN");
const PHONE = { viewport: { width: 360, height: 740 } };
let central, browser, agent, service;
const pushed = [];

before(async () => {
  service = createServer((request, response) => {
    if (request.url === "/gone") return request.socket.destroy();
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
  central.addAccount("li", "staff", "--hall", HALL);
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

/** Posts `li` at window 1 around the clock, yesterday until tomorrow. */
async function post(page) {
  const hall = `/api/v1/halls/${HALL}`;
  await call(page, "PUT", `${hall}/shifts/day`, { name: "全天班", hours: ["00:00-23:59"], breaks: [] });
  const { staff } = await call(page, "GET", `${hall}/duty`);
  const who = staff.find((member) => member.name === "li").id;
  const days = [-1, 0, 1].map((shift) => new Date(Date.now() + 8 * 3600_000 + shift * 86_400_000).toISOString().slice(0, 10));
  await call(page, "PUT", `${hall}/roster`, { cells: days.map((day) => ({ day, window: "1", shift: "day", staff: [who] })) });
}

test("windows stand as on the floor, and a wall shows service and no conduct", async () => {
  const head = await signIn(browser, central.url);
  const { page } = head;
  await page.getByRole("button", { name: zh["floor.walls"] }).click();
  await page.locator("input[name=wall]").fill("大厅屏幕");
  await page.getByRole("button", { name: zh["floor.wall_make"] }).click();
  const address = await page.locator(".wall-address").innerText();
  await accessible(page, "screens");
  await screenshot(page, "screens");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: zh["floor.arrange"] }).click();
  for (const [y, x] of [[1, 1], [1, 2], [2, 1]]) await page.getByRole("button", { name: zh["floor.place"].replace("{y}", y).replace("{x}", x), exact: true }).click();
  await accessible(page, "arranging");
  await screenshot(page, "arrange");
  await page.getByRole("dialog").getByRole("button", { name: zh["ui.save"] }).click();
  await page.locator(".tiles.floor").waitFor();

  const staff = await signIn(browser, central.url, { name: "li" });
  await post(page);
  await call(staff.page, "PUT", "/api/v1/me/away");
  await page.locator(".tile[data-window='1']", { hasText: zh["resting.away"] }).waitFor();
  const event = agent.opened("smoking", "3", { severity: "critical", article: "19.4" });
  await agent.send("events", event);
  await page.locator(".alert[data-rule=smoking]").waitFor();
  await screenshot(page, "board-floor");
  await page.setViewportSize(PHONE.viewport);
  await fits(page, "the floor on a phone");
  await screenshot(page, "board-floor-phone");

  // Nobody is signed in before the wall.
  const context = await browser.newContext({ locale: "zh-CN", viewport: { width: 1280, height: 720 } });
  const wall = await context.newPage();
  await wall.goto(address);
  await wall.locator(".wall li.rests", { hasText: zh["resting.away"] }).waitFor();
  const text = await wall.locator("body").innerText();
  for (const rule of ["smoking", "slumped", "absence"]) assert.ok(!text.includes(zh[`rule.${rule}.title`]), rule);
  assert.ok(!/警情|事件|条款/.test(text), text);
  await accessible(wall, "wall");
  await screenshot(wall, "wall");
  await wall.emulateMedia({ colorScheme: "dark" });
  await accessible(wall, "wall in the dark");
  await screenshot(wall, "wall-dark");
  await wall.setViewportSize(PHONE.viewport);
  await fits(wall, "wall on a phone");
  await call(staff.page, "DELETE", "/api/v1/me/away");
  await wall.locator(".wall li.serves").first().waitFor();
  await agent.send("events", agent.closed(event));
  assert.deepEqual(head.complaints, []);
  for (const one of [context, page.context(), staff.page.context()]) await one.close();
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
  assert.equal(await page.getByRole("dialog").locator(".failed").innerText(), zh["ui.wrong.target"]);
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
  // One that cannot be reached: why is said in the reader's language.
  await page.getByRole("button", { name: zh["notify.add"] }).click();
  await page.locator("input[name=name]").fill("夜班群");
  await page.locator("input[name=target]").fill(`http://${service.host}/gone`);
  await add.click();
  await page.locator("tbody tr", { hasText: "夜班群" }).getByRole("button", { name: zh["notify.test"] }).click();
  await page.locator("tbody tr", { hasText: zh["notify.error.unreachable"] }).waitFor();
  await page.locator("input[name=quiet]").fill("22:00-07:00");
  await page.locator("form", { has: page.locator("input[name=quiet]") }).getByRole("button").click();
  await page.getByText(zh["notify.saved"]).first().waitFor();
  await accessible(page, "notifications");
  await screenshot(page, "notifications");
  await page.setViewportSize(PHONE.viewport);
  await fits(page, "notifications on a phone");
  await screenshot(page, "notifications-phone");
  // Chromium says on the console that the one answer was a refusal.
  assert.deepEqual(complaints.filter((line) => !line.includes("status of 400")), []);
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
  const head = await signIn(browser, central.url);
  await post(head.page);
  await head.page.context().close();
  const staff = await signIn(browser, central.url, { name: "li", permissions: ["notifications"] });
  const { page } = staff;
  const keys = createECDH("prime256v1");
  keys.generateKeys();
  const auth = randomBytes(16);
  const endpoint = `http://${service.host}/push/li`;
  await call(page, "POST", "/api/v1/account/push", { endpoint, keys: { p256dh: keys.getPublicKey("base64url"), auth: auth.toString("base64url") } });
  // Smoking rings even where somebody was away a moment ago, as in the test before.
  const event = agent.opened("smoking", "1");
  await agent.send("events", event);
  const message = await until(() => pushed.find((one) => one.url === "/push/li"), "the phone is told");
  assert.equal(message.headers["content-encoding"], "aes128gcm");
  assert.match(message.headers.authorization, /^vapid t=.+, k=.+$/);
  const said = opened(message.body, keys, auth);
  assert.equal(said.title, zh["notify.message.own"].replace("{n}", "1"));
  assert.ok(!JSON.stringify(said).includes(zh["rule.smoking.title"]), "no rule in a message");

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
  const shows = () => page.evaluate(async () => (await (await navigator.serviceWorker.ready).getNotifications()).map((one) => one.title));
  // Chromium drops what comes before it has stored the worker, and says nothing. A message sent twice shows once: it has a tag.
  await until(async () => {
    await session.send("ServiceWorker.deliverPushMessage", { origin: central.url, registrationId: registration.registrationId, data: JSON.stringify(said) });
    await page.waitForTimeout(500);
    return (await shows()).includes(said.title);
  }, "the notification shows");
  assert.deepEqual(await shows(), [said.title]);
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
