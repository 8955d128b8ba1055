// The real parts that a browser test needs: central with its embedded broker, Chromium, and an agent's side of MQTT.

import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import mqtt from "mqtt";
import { chromium } from "playwright-core";

export const ROOT = resolve(import.meta.dirname, "../..");
export const BIN = process.env.CHUANGMING_BIN ?? join(ROOT, "target/debug");
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
export const PASSWORD = "a long test password";
export const HALL = "tanggu";

/** A port that is free now. */
export function freePort() {
  return new Promise((found) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => found(port));
    });
  });
}

/** Waits until `ready` holds; a bound on liveness, not a measure of speed. */
export async function until(ready, what, seconds = 30) {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const value = await ready();
    if (value) return value;
    if (Date.now() > deadline) throw new Error(`${what} did not happen within ${seconds} s`);
    await new Promise((next) => setTimeout(next, 25));
  }
}

/** Starts central with a center head `head`; `addAccount` adds others with the same password, `stop()` ends it and removes its files. With `signing` it has a key for the agents' configuration, whose public half is `publicKey`; `more` are further tables of its configuration. */
export async function startCentral({ signing = false, more = "" } = {}) {
  const folder = mkdtempSync(join(tmpdir(), "chuangming-"));
  const [port, broker] = [await freePort(), await freePort()];
  writeFileSync(
    join(folder, "central.toml"),
    `listen = "127.0.0.1:${port}"\ndata_dir = "data"\n${signing ? 'config_key_file = "config-key.pem"\n' : ""}${more}[broker]\nembedded = true\nlisten = "127.0.0.1:${broker}"\n` +
      `[[halls]]\nid = "${HALL}"\nname = "塘沽中心"\n` +
      ["1", "2", "3"].map((w) => `[[halls.windows]]\nid = "${w}"\nname = "${w} 号窗口"\n`).join(""),
  );
  writeFileSync(join(folder, "password.txt"), `${PASSWORD}\n`);
  const addAccount = (name, role, ...more) => {
    const account = ["account", "add", "--config", "central.toml", "--name", name, "--role", role, ...more];
    const added = spawnSync(join(BIN, "central"), [...account, "--password-file", "password.txt"], { cwd: folder, encoding: "utf8" });
    if (added.status !== 0) throw new Error(`account add: ${added.error ?? added.stderr}`);
  };
  const publicKey = signing ? spawnSync(join(BIN, "central"), ["config-key", "--out", "config-key.pem"], { cwd: folder, encoding: "utf8" }).stdout : null;
  addAccount("head", "center_head", "--hall", HALL);
  const server = spawn(join(BIN, "central"), ["serve", "--config", "central.toml"], { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
  let log = "";
  server.stderr.on("data", (text) => (log += text));
  const url = `http://127.0.0.1:${port}`;
  await until(async () => {
    if (server.exitCode !== null) throw new Error(`central ended:\n${log}`);
    return fetch(`${url}/readyz`).then((r) => r.ok, () => false);
  }, "central answers");
  const stop = async () => {
    server.kill("SIGTERM");
    await until(() => server.exitCode !== null || server.signalCode !== null, "central ends");
    rmSync(folder, { recursive: true });
  };
  return { url, broker, publicKey, addAccount, stop };
}

/** Headless Chromium that reaches nothing outside. */
export function startBrowser() {
  const quiet = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"];
  const still = ["--disable-background-networking", "--disable-component-update", "--disable-sync"];
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: [...quiet, ...still] });
}

/** What a page's console complains of, and where. */
export function complaint(message) {
  return `${message.text()} (${message.location().url})`;
}

/** An open page, signed in: as the center head unless `name` says who else. */
export async function signIn(browser, url, { name = "head", ...options } = {}) {
  const context = await browser.newContext({ locale: "zh-CN", viewport: { width: 1280, height: 800 }, ...options });
  const page = await context.newPage();
  const complaints = [];
  page.on("console", (message) => message.type() === "error" && complaints.push(complaint(message)));
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("request", (request) => request.url().startsWith(url) || request.url().startsWith("data:") || complaints.push(`outside: ${request.url()}`));
  await page.goto(url);
  await page.locator("input[name=name]").fill(name);
  await page.locator("input[name=password]").fill(PASSWORD);
  await page.locator("form button.primary").click();
  await page.locator(name === "head" ? ".link.live" : "#main[data-role]").waitFor();
  // Before the sign-in the page asks who it is: that refusal is not a complaint.
  complaints.length = 0;
  return { page, complaints };
}

/** Calls the API as whoever is signed in on the page; the answer's JSON where it has one. */
export async function call(page, url, method, path, data) {
  const { csrf } = await (await page.request.get(`${url}/api/v1/session`)).json();
  const answer = await page.request.fetch(`${url}/api/v1${path}`, { method, data, headers: { "x-csrf-token": csrf } });
  assert.ok(answer.ok(), `${method} ${path}: ${answer.status()} ${await answer.text()}`);
  const text = await answer.text();
  return text === "" ? null : JSON.parse(text);
}

/** A day of the hall's calendar, so many days from today. */
export function hallDay(n = 0) {
  return new Date(Date.now() + (8 + 24 * n) * 3600e3).toISOString().slice(0, 10);
}

/** A browser in the hall's time zone. */
export const IN_CHINA = { timezoneId: "Asia/Shanghai" };

const HASH = `sha256:${"0".repeat(64)}`;

/** A UUIDv7 of now. */
function uuid7() {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(Date.now(), 0, 6);
  bytes[6] = 0x70 | (bytes[6] & 0x0f);
  bytes[8] = 0x80 | (bytes[8] & 0x3f);
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

/** An agent as far as the broker can tell: status, events and acknowledgements of contract's section on MQTT. */
export async function startAgent(brokerPort, agent = "edge-01") {
  const topic = (channel) => `chuangming/v1/${HALL}/${agent}/${channel}`;
  const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${brokerPort}`, { protocolVersion: 5, clientId: `${HALL}-${agent}` });
  const acked = new Set();
  client.on("message", (from, payload) => from === topic("ack") && JSON.parse(payload).acks.forEach((ack) => acked.add(`${ack.id}/${ack.seq}`)));
  await client.subscribeAsync(topic("ack"), { qos: 1 });
  const send = async (channel, message, retain = false) => client.publishAsync(topic(channel), JSON.stringify(message), { qos: 1, retain });
  await send("status", { online: true, version: "0.1.0", since: new Date().toISOString() }, true);

  const opened = (rule, window, change = {}) => {
    const [at, began] = [new Date(), new Date(Date.now() - 60_000)];
    return {
      schema: "chuangming.event/1", id: uuid7(), seq: 0, phase: "opened", hall: HALL, agent, window, zone: null, rule, article: "16.4",
      severity: "warning", opened_at: began.toISOString(), at: at.toISOString(), closed_at: null, close_reason: null, confidence: 0.93,
      evidence: { hit_ratio: 0.97, observed_s: 60.2, unknown_s: 0.4 }, policy: HASH, calibration: HASH, models: {}, historical: false, ...change,
    };
  };
  const closed = (event) => {
    const at = new Date().toISOString();
    return { ...event, seq: event.seq + 1, phase: "closed", at, closed_at: at, close_reason: "cleared" };
  };
  const health = (kind, phase, change = {}) => ({
    schema: "chuangming.health/1", id: uuid7(), seq: 0, kind, phase, camera: "cam-1", windows: ["2"], at: new Date().toISOString(), ...change,
  });
  const isAcked = (event) => acked.has(`${event.id}/${event.seq}`);
  /** Tells every configuration that the agent is asked to have. */
  const onDesired = async (tell) => {
    client.on("message", (from, payload) => from === topic("config/desired") && payload.length > 0 && tell(JSON.parse(payload)));
    await client.subscribeAsync(topic("config/desired"), { qos: 1 });
  };
  return { send, opened, closed, health, isAcked, onDesired, stop: () => client.endAsync() };
}

/** Nothing serious for people who cannot see or use a mouse. */
export async function accessible(page, where) {
  // Playwright evaluates outside the page's content security policy.
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  const serious = violations.filter((v) => ["serious", "critical"].includes(v.impact));
  assert.deepEqual(serious.map((v) => `${v.id}: ${v.nodes.map((n) => n.target).join(" ")}`), [], where);
}

/** No sideways scrolling. */
export async function fits(page, where) {
  const [content, view, wide] = await page.evaluate(() => {
    const reaches = [...document.body.querySelectorAll("*")].filter((one) => one.getBoundingClientRect().right > innerWidth);
    return [document.documentElement.scrollWidth, innerWidth, reaches.map((one) => `${one.tagName}.${one.getAttribute("class")}`).join(" ")];
  });
  assert.ok(content <= view, `${where}: ${content} px of content in ${view} px: ${wide}`);
}

/** Text of the one catalogue. */
export function catalogue(lang) {
  return JSON.parse(readFileSync(join(ROOT, "locales", `${lang}.json`), "utf8"));
}

/** The sheets of a workbook, name to rows of cells. */
export function workbook(file) {
  const python = join(ROOT, ".venv/bin/python");
  return JSON.parse(execFileSync(existsSync(python) ? python : "python3", [join(import.meta.dirname, "workbook.py"), file], { encoding: "utf8" }));
}

/** Keeps a picture of the page under target/screenshots, to be looked at. */
export function screenshot(page, name) {
  return page.screenshot({ path: join(ROOT, "target/screenshots", `${name}.png`), fullPage: true });
}
