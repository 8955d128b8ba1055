// The installer's and the administrator's day, and the center head at the rules: real central, real broker, real Chromium.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { HALL, accessible, catalogue, fits, screenshot, signIn, startAgent, startBrowser, startCentral, until } from "./parts.mjs";

const zh = catalogue("zh-CN");
const PHONE = { viewport: { width: 360, height: 740 }, hasTouch: true };
let central, browser;
const agents = [];

/** An agent that goes when the tests end, however they end. */
async function connect(name) {
  const agent = await startAgent(central.broker, name);
  agents.push(agent);
  return agent;
}

before(async () => {
  central = await startCentral({ signing: true });
  for (const [name, role] of [["installer", "installer"], ["admin", "administrator"], ["worker", "staff"]]) central.addAccount(name, role, "--hall", HALL);
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  await Promise.all(agents.map((agent) => agent.stop().catch(() => undefined)));
  await central?.stop();
});

const GEOMETRY = `version = 1

[[windows]]
id = "1"
camera = "cam-1"
seat = [[0.05,0.1],[0.47,0.1],[0.47,0.6],[0.05,0.6]]
desk = [[0.05,0.64],[0.47,0.64],[0.47,0.96],[0.05,0.96]]
post = 1
permitted = ["cup","custom:seal-box"]
`;
const HASH = (digit) => `sha256:${digit.repeat(64)}`;
const machine = (change = {}) => ({
  schema: "chuangming.machine/1", at: new Date().toISOString(), policy: HASH("1"), calibration: HASH("2"),
  cameras: [{ id: "cam-1", windows: ["1", "2"], looked_per_s: 4.9, dropped: 0.03 }, { id: "cam-2", windows: ["3"], looked_per_s: 5, dropped: 0 }],
  load: { cores: 4, cpu: 0.41, memory: 0.37, disk_free: 52_000_000_000, waiting: 0 }, ...change,
});

/** Coverage of some days: office hours with a dead morning. */
async function report(agent, days) {
  const hour = 3600_000;
  const now = Math.floor(Date.now() / hour) * hour;
  for (let at = now - days * 24 * hour; at < now; at += hour) {
    const local = new Date(at).getHours();
    if (local < 8 || local > 17) continue;
    const dead = new Date(at).getDate() % 3 === 0 && local < 12;
    const seconds = (share) => ({ observed_s: 3600 * share, unknown_s: 3600 * (1 - share) });
    const windows = Object.fromEntries(["1", "2", "3"].map((w, i) => [w, { presence: seconds(dead && i === 1 ? 0 : 0.98 - i * 0.12), posture: seconds(dead && i === 1 ? 0 : 0.9 - i * 0.2) }]));
    await agent.send("coverage", { schema: "chuangming.coverage/1", hour: new Date(at).toISOString(), windows });
  }
}

/** Opens a page in both themes and keeps a picture of each. */
async function look(page, name) {
  for (const theme of ["light", "dark"]) {
    await page.evaluate((chosen) => (document.documentElement.dataset.theme = chosen), theme);
    await accessible(page, `${name}, ${theme}`);
    await screenshot(page, `${name}-${theme}`);
  }
  await fits(page, name);
  await page.evaluate(() => (document.documentElement.dataset.theme = "light"));
}

test("an installer adds a machine, sees how it is, and takes its access away", async () => {
  const { page, complaints } = await signIn(browser, central.url, { name: "installer" });
  await page.goto(`${central.url}/fleet`);
  await page.getByText(zh["fleet.none"]).waitFor();
  await look(page, "fleet-empty");

  await page.getByRole("link", { name: zh["fleet.enrol"] }).first().click();
  await page.locator("input[name=agent]").fill("Edge 01");
  await page.getByRole("button", { name: zh["fleet.make_token"] }).click();
  await page.locator("[aria-invalid=true]").waitFor();
  await page.locator("input[name=agent]").fill("edge-01");
  await page.getByRole("button", { name: zh["fleet.make_token"] }).click();
  const command = await page.locator(".command").innerText();
  assert.match(command, /^edge-agent enrol --central http:\/\/127\.0\.0\.1:\d+ --token [0-9a-f]{32}$/);
  await page.locator(".qr").waitFor();
  await look(page, "enrol");

  // The machine spends it; the page notices by itself.
  const answer = await fetch(`${central.url}/api/v1/enrol`, {
    method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ secret: command.split(" ").pop(), version: "0.1.0" }),
  });
  assert.equal(answer.status, 200);
  await page.getByText(zh["fleet.enrolled"].replace("{agent}", "edge-01")).waitFor();

  const agent = await connect("edge-01");
  await agent.send("machine", machine({ page: "192.0.2.7:8443" }));
  await agent.send("calibration", { schema: "chuangming.calibration/1", calibration: HASH("2"), at: new Date().toISOString(), text: GEOMETRY }, true);
  await report(agent, 7);
  const trouble = agent.health("camera_dark", "raised", { camera: "cam-2", windows: ["3"] });
  await agent.send("health", trouble);
  await until(() => agent.isAcked(trouble), "the problem is stored");
  await page.goto(`${central.url}/fleet`);
  await page.getByRole("link", { name: "edge-01" }).waitFor();
  await page.getByText(zh["fleet.state.troubled"]).first().waitFor();
  await page.locator("tbody tr", { hasText: "塘沽中心" }).waitFor();
  await look(page, "fleet");
  await page.getByRole("link", { name: "edge-01" }).click();
  await page.locator(".coverage-row").nth(2).waitFor();
  assert.equal(await page.locator(".coverage-row").count(), 3);
  assert.ok((await page.locator(".step-0").count()) > 1, "a dead morning is seen");
  const calibrations = page.locator(".section", { has: page.getByRole("heading", { name: zh["fleet.calibrations"] }) });
  await calibrations.getByText("22222222").waitFor();
  await calibrations.getByText(zh["fleet.geometry_show"]).click();
  assert.equal((await page.locator("pre.geometry").innerText()).trim(), GEOMETRY.trim(), "the zones, as the agent copied them here");
  await look(page, "fleet-agent");

  await page.setViewportSize(PHONE.viewport);
  await look(page, "fleet-agent-phone");

  // A code for its calibration page: shown once, another one each time.
  const codes = [];
  for (let n = 0; n < 2; n++) {
    await page.getByRole("button", { name: zh["fleet.code"] }).click();
    const dialog = page.getByRole("alertdialog");
    if (n === 0) await look(page, "fleet-code-ask-phone");
    await dialog.getByRole("button", { name: zh["fleet.code_make"] }).click();
    codes.push(await dialog.locator("[data-code]").innerText());
    await dialog.locator(".qr").waitFor();
    // The machine said that its page is open, and where.
    const link = dialog.getByRole("link", { name: "https://192.0.2.7:8443" });
    assert.equal(await link.getAttribute("href"), `https://192.0.2.7:8443/#code=${codes[n]}`);
    if (n === 0) await look(page, "fleet-code-phone");
    await dialog.getByRole("button", { name: zh["ui.close"], exact: true }).last().click();
    await dialog.waitFor({ state: "detached" });
  }
  assert.ok(codes.every((code) => /^[0-9a-f]{160}$/.test(code)) && codes[0] !== codes[1], codes.join());
  assert.ok(!(await page.content()).includes(codes[1]), "it is gone with the dialog");
  await page.goto(`${central.url}/fleet`);
  await page.getByRole("link", { name: "edge-01" }).waitFor();
  await look(page, "fleet-phone");
  await page.goto(`${central.url}/fleet/enrol?hall=${HALL}&agent=edge-01`);
  await page.getByRole("button", { name: zh["fleet.make_token"] }).click();
  await page.locator(".qr").waitFor();
  await look(page, "enrol-phone");
  await page.setViewportSize({ width: 1280, height: 800 });

  await page.goto(`${central.url}/fleet/${HALL}/edge-01`);
  await page.getByRole("button", { name: zh["fleet.revoke"] }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: zh["fleet.revoke"] }).click();
  await page.getByText(zh["fleet.state.revoked"]).first().waitFor();
  assert.deepEqual(complaints, []);
  await page.context().close();
});

test("a center head changes a rule, sees what it would have meant, and sends it; a refusal is undone", async () => {
  const agent = await connect("edge-02");
  // Three absences of twelve, fourteen and thirty minutes.
  for (const minutes of [12, 14, 30]) {
    const began = new Date(Date.now() - 86_400_000 + minutes * 3_600_000 / 10);
    const opened = agent.opened("absence", "1", {
      article: "16.5", opened_at: began.toISOString(), at: new Date(began.getTime() + 600_000).toISOString(), historical: true,
      evidence: { hit_ratio: 0.97, observed_s: 600, unknown_s: 0 },
    });
    const ended = new Date(began.getTime() + minutes * 60_000).toISOString();
    const closed = { ...agent.closed(opened), at: ended, closed_at: ended, evidence: { hit_ratio: 0.97, observed_s: minutes * 60, unknown_s: 0 } };
    for (const message of [opened, closed]) await agent.send("events", message);
    await until(() => agent.isAcked(closed), "the episode is stored");
  }

  const { page, complaints } = await signIn(browser, central.url);
  await page.goto(`${central.url}/policy`);
  await page.getByText(zh["policy.not_managed"]).waitFor();
  const absence = page.locator("details.rule").first();
  await absence.locator("summary").click();
  await page.locator("input[name='rules.absence.raise_after_s']").fill("5000");
  await page.locator(".problem-list").waitFor();
  await page.locator("details.rule.wrong").waitFor();
  await look(page, "policy-problem");
  await page.locator("input[name='rules.absence.raise_after_s']").fill("900");
  await page.locator(".differences ins").waitFor();
  const row = page.locator(".section tbody tr", { hasText: zh["rule.absence.title"] }).first();
  await row.waitFor();
  await page.getByText(zh["policy.under_unknown"].replace("{n}", "3")).waitFor();
  assert.deepEqual(await row.locator("td").evaluateAll((cells) => cells.slice(0, 4).map((cell) => cell.textContent)), ["3", "1", "2", "0"]);
  await look(page, "policy-preview");

  // A looser rule: what it would add nobody knows, and the page says so.
  await page.locator("input[name='rules.absence.raise_after_s']").fill("300");
  await page.locator(".section .badge.warning").first().waitFor();
  await page.locator("input[name='rules.absence.raise_after_s']").fill("900");

  const asked = [];
  await agent.onDesired((desired) => asked.push(desired));
  await page.getByRole("button", { name: zh["policy.save_and_send"] }).click();
  await page.locator("input[name=note]").fill("窗口午间轮岗,离岗放宽到十五分钟");
  await look(page, "policy-send");
  await page.getByRole("button", { name: zh["policy.send"], exact: true }).click();
  const first = await until(() => asked.at(-1), "the agent is asked");
  assert.ok(first.policy.includes("raise_after_s = 900") && first.calibration === "" && first.signature.startsWith("ed25519:"));
  await agent.send("config/applied", { version: first.version, ok: true, problems: [] }, true);
  await page.locator(".badge.good", { hasText: zh["policy.state.applied"] }).first().waitFor();

  // The next one is refused by the machine, and the version before comes back with one button.
  await page.locator("details.rule").first().locator("summary").click();
  await page.locator("input[name='rules.absence.cooldown_s']").fill("600");
  await page.locator(".differences ins").waitFor();
  await page.getByRole("button", { name: zh["policy.save_and_send"] }).click();
  await page.getByRole("button", { name: zh["policy.send"], exact: true }).click();
  const second = await until(() => asked.find((one) => one.version !== first.version), "the agent is asked again");
  await agent.send("config/applied", { version: second.version, ok: false, problems: ["calibration.toml: windows \"3\".camera: camera cam-9 is not in agent.toml"] }, true);
  await page.locator(".badge.critical").first().waitFor();
  await look(page, "policy-refused");
  await page.setViewportSize(PHONE.viewport);
  await look(page, "policy-refused-phone");
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.locator(".section header button.primary").first().click();
  await page.getByRole("alertdialog").getByRole("button", { name: zh["policy.send"], exact: true }).click();
  await until(() => asked.length >= 3 && asked.at(-1).version === first.version, "the first version comes back");
  await agent.send("config/applied", { version: first.version, ok: true, problems: [] }, true);
  await page.locator(".badge.good", { hasText: zh["policy.state.applied"] }).first().waitFor();

  await page.getByRole("tab", { name: zh["policy.history"] }).click();
  await page.getByText("窗口午间轮岗,离岗放宽到十五分钟").first().waitFor();
  await look(page, "policy-history");
  await page.getByRole("button", { name: zh["policy.compare"] }).first().click();
  await page.getByRole("dialog").locator(".differences ins").first().waitFor();
  await look(page, "policy-difference");
  assert.deepEqual(complaints, []);
  await page.context().close();

  // On a phone, in English, for a member of staff: to read, not to change.
  const { page: phone } = await signIn(browser, central.url, { name: "worker", ...PHONE, locale: "en-GB" });
  await phone.goto(`${central.url}/policy`);
  const en = catalogue("en");
  await phone.getByText(en["policy.read_only"]).waitFor();
  await phone.locator("details.rule").first().locator("summary").click();
  assert.equal(await phone.locator("fieldset:enabled input:enabled").count(), 0);
  await look(phone, "policy-staff-phone");
  assert.equal((await phone.request.get(`${central.url}/api/v1/fleet`)).status(), 403);
  await phone.context().close();
});

test("an administrator edits on a phone, without a preview of conduct", async () => {
  const { page, complaints } = await signIn(browser, central.url, { name: "admin", ...PHONE });
  await page.goto(`${central.url}/policy`);
  await page.locator("details.rule").first().waitFor();
  await look(page, "policy-phone");
  await page.locator("details.rule").nth(2).locator("summary").click();
  await page.locator("input[name='rules.slumped.raise_after_s']").fill("90");
  await page.locator(".differences ins").waitFor();
  assert.equal(await page.getByText(zh["policy.preview"]).count(), 0);
  await look(page, "policy-edit-phone");
  assert.deepEqual(complaints, []);
  await page.context().close();
});
