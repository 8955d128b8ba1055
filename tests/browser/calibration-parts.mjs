// A real agent with its calibration page, on played clips.

import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import mqtt from "mqtt";
import { BIN, HALL, ROOT, catalogue, complaint, freePort, until } from "./parts.mjs";

const zh = catalogue("zh-CN");

const CLIPS = join(ROOT, "scenes/clips");
const AGENT = join(BIN, "edge-agent");

/** What is known of a bundled clip. */
export function clip(id) {
  return readFileSync(join(CLIPS, "manifest.jsonl"), "utf8").trim().split("\n").map((line) => JSON.parse(line)).find((one) => one.id === id);
}

function tool(name, ...args) {
  const made = spawnSync(name, args, { encoding: "utf8" });
  if (made.status !== 0) throw new Error(`${name}: ${made.error ?? made.stderr}`);
  return args.at(-1);
}

const ffmpeg = (...args) => tool("ffmpeg", "-loglevel", "error", ...args);

/** A sensor's noise: without it a still picture is a frozen camera. */
const NOISE = "noise=alls=6:allf=t";
/** Long enough for the agent to have started and learnt the view, however busy the machine is. */
const KNOCKED_AFTER_S = 150;

/** Two windows with tidy desks and nobody there, as a camera sees them: the bundled reference picture with a sensor's noise. */
function emptyHall(folder) {
  return ffmpeg("-loop", "1", "-i", join(CLIPS, "img/demo.ref.jpg"), "-t", "8", "-r", "5", "-vf", NOISE, "-pix_fmt", "yuv420p", join(folder, "empty.mp4"));
}

/** Four windows in one picture: both bundled clips side by side. */
function fourWindows(folder) {
  const beside = "[0:v]fps=5,scale=-2:720[a];[1:v]fps=5,scale=-2:720[b];[a][b]hstack=shortest=1";
  return ffmpeg("-i", join(CLIPS, clip("demo").media), "-i", join(CLIPS, clip("quiet").media), "-filter_complex", beside, "-pix_fmt", "yuv420p", join(folder, "four.mp4"));
}

/** A cup on a desk while nobody is at it, and somebody at the next window. */
function cup(folder) {
  const picture = ffmpeg("-ss", "30.5", "-i", join(CLIPS, clip("demo").media), "-frames:v", "1", join(folder, "cup.png"));
  return ffmpeg("-loop", "1", "-i", picture, "-t", "8", "-r", "5", "-vf", NOISE, "-pix_fmt", "yuv420p", join(folder, "cup.mp4"));
}

/** The printed chart before a wall, rolled by three degrees. */
function chart(folder) {
  const page = tool("pdftoppm", "-r", "40", "-gray", "-singlefile", join(ROOT, "calibration/board.pdf"), join(folder, "chart"));
  const rolled = "pad=640:360:(ow-iw)/2:(oh-ih)/2:white,rotate=3*PI/180:bilinear=1:fillcolor=white";
  return ffmpeg("-loop", "1", "-i", `${page}.pgm`, "-t", "8", "-r", "5", "-vf", `${rolled},${NOISE}`, "-pix_fmt", "yuv420p", join(folder, "chart.mp4"));
}

/** An empty hall whose camera is knocked aside after a while: by 6 % of its width to the left, and a little down. */
function knocked(folder) {
  const part = (name, seconds, more) => `[0:v]${more}${NOISE},trim=duration=${seconds}[${name}]`;
  const filter = `${part("a", KNOCKED_AFTER_S, "")};${part("b", 400, "scroll=hpos=0.94:vpos=0.03,")};[a][b]concat=n=2`;
  return ffmpeg("-loop", "1", "-t", "400", "-r", "2", "-i", join(CLIPS, "img/demo.ref.jpg"), "-filter_complex", filter, "-r", "2", "-preset", "ultrafast", "-pix_fmt", "yuv420p", join(folder, "knocked.mp4"));
}

/** An empty hall as a camera on a thin line shows it: one picture each four seconds. */
function slow(folder) {
  return ffmpeg("-loop", "1", "-framerate", "1/4", "-i", join(CLIPS, "img/demo.ref.jpg"), "-t", "40", "-vf", NOISE, "-r", "1/4", "-pix_fmt", "yuv420p", join(folder, "slow.mp4"));
}

/** What the cameras of a hall see. */
export const HALLS = {
  /** The demo clip, and a hall with nobody in it. */
  test: (folder) => ({ "cam-1": join(CLIPS, clip("demo").media), "cam-2": emptyHall(folder) }),
  /** For what is done once: teaching, levelling, learning to the end, a camera that was knocked, a slow one. */
  tools: (folder) => ({ "cam-1": cup(folder), "cam-2": emptyHall(folder), "cam-3": chart(folder), "cam-4": knocked(folder), "cam-5": slow(folder) }),
  four: (folder) => ({ "cam-1": fourWindows(folder) }),
};

/** `edge-agent run` without any calibration, on a broker of this machine; with central's key it knows central's codes. */
export async function startCalibration(brokerPort, hall = HALLS.test, centralKey = null) {
  const folder = mkdtempSync(join(tmpdir(), "chuangming-calibrate-"));
  const demo = clip("demo");
  const port = await freePort();
  const rules = Object.entries(demo.policy).map(([rule, keys]) => `[rules.${rule}]\n${Object.entries(keys).map(([key, value]) => `${key} = ${value}\n`).join("")}`);
  writeFileSync(join(folder, "policy.toml"), `version = 1\n${rules.join("")}`);
  writeFileSync(join(folder, "calibration.toml"), "version = 1\n");
  if (centralKey !== null) writeFileSync(join(folder, "central.pub"), centralKey);
  writeFileSync(
    join(folder, "agent.toml"),
    `hall = "${HALL}"\nagent = "edge-01"\ncalibration = "calibration.toml"\npolicy = "policy.toml"\ndata_dir = "data"\n` +
      (centralKey === null ? "" : 'config_key_file = "central.pub"\n') +
      `[broker]\nurl = "mqtt://127.0.0.1:${brokerPort}"\n[calibrate]\nlisten = "127.0.0.1:${port}"\n` +
      Object.entries(hall(folder)).map(([id, source]) => `[[cameras]]\nid = "${id}"\nsource = "${source}"\n`).join(""),
  );
  const running = spawn(AGENT, ["run", "--config", "agent.toml"], { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
  let log = "";
  running.stderr.on("data", (text) => (log += text));
  await until(() => {
    if (running.exitCode !== null) throw new Error(`the agent ended:\n${log}`);
    return existsSync(join(folder, "data/calibrate.sock"));
  }, "the agent offers its page", 90);

  /** A fresh invitation: address, code and fingerprint, as the agent's screen shows them. */
  const invite = () => {
    const shown = spawnSync(AGENT, ["calibrate", "--config", "agent.toml", "--json"], { cwd: folder, encoding: "utf8" });
    if (shown.status !== 0) throw new Error(`calibrate: ${shown.error ?? shown.stderr}\n${log}`);
    return JSON.parse(shown.stdout);
  };
  const stop = async () => {
    running.kill("SIGTERM");
    await until(() => running.exitCode !== null || running.signalCode !== null, "the agent ends");
    rmSync(folder, { recursive: true });
  };
  return { folder, invite, log: () => log, stop };
}

/** Every message on one of the agent's topics. */
export async function follow(brokerPort, topic) {
  const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${brokerPort}`, { protocolVersion: 5 });
  const messages = [];
  client.on("message", (_, payload) => messages.push(JSON.parse(payload)));
  await client.subscribeAsync(`chuangming/v1/${HALL}/edge-01/${topic}`, { qos: 1 });
  return { messages, stop: () => client.endAsync() };
}

/** Spreads two fingers around a point. */
export async function pinch(page, [x, y]) {
  const session = await page.context().newCDPSession(page);
  const touch = (type, apart) => session.send("Input.dispatchTouchEvent", { type, touchPoints: apart === null ? [] : [{ x: x - apart, y, id: 0 }, { x: x + apart, y, id: 1 }] });
  await touch("touchStart", 20);
  for (const apart of [28, 36, 44, 52]) await touch("touchMove", apart);
  await touch("touchEnd", null);
  await session.detach();
}

/** Drags with one finger; `meanwhile` happens before the finger is lifted. */
export async function pull(page, from, to, meanwhile = async () => undefined) {
  const session = await page.context().newCDPSession(page);
  const touch = (type, [x, y] = []) => session.send("Input.dispatchTouchEvent", { type, touchPoints: x === undefined ? [] : [{ x, y }] });
  await touch("touchStart", from);
  for (let i = 1; i <= 6; i++) await touch("touchMove", [from[0] + ((to[0] - from[0]) * i) / 6, from[1] + ((to[1] - from[1]) * i) / 6]);
  await meanwhile();
  await touch("touchEnd");
  await session.detach();
}

/** An open page before the sign-in, reached as the QR code leads there. */
export async function arriveAt(browser, agent, options) {
  const invitation = agent.invite();
  const context = await browser.newContext({ locale: "zh-CN", viewport: { width: 1280, height: 800 }, ignoreHTTPSErrors: true, ...options });
  const page = await context.newPage();
  const complaints = [];
  page.on("console", (message) => message.type() === "error" && complaints.push(complaint(message)));
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("request", (request) => request.url().startsWith(invitation.address) || complaints.push(`outside: ${request.url()}`));
  await page.goto(`${invitation.address}/#code=${invitation.code}`);
  await page.locator("input[name=code]").waitFor();
  // Before the sign-in the page asks who it is: that refusal is not a complaint.
  complaints.length = 0;
  return { page, complaints, invitation };
}

/** Signs in and goes to a camera, once every camera sees: a busy machine takes its time to start. */
export async function signIn(page, camera = "cam-1") {
  await page.getByRole("button", { name: zh["ui.sign_in"] }).click();
  await page.locator(`[data-camera='${camera}']`).waitFor();
  await until(() => page.evaluate(async () => (await (await fetch("/api/cameras")).json()).every((one) => one.width > 0)), "every camera sees", 90);
  await page.locator(`[data-camera='${camera}']`).click();
  await page.locator(".panel[data-step=windows]").waitFor();
}

/** Goes to a step. */
export const step = (page, name) => page.locator(`.stepper [data-step=${name}]`).click();
/** The corners of the selected polygon. */
export const corners = (page) => page.locator(".handle.corner");
/** The middle of an element on the screen. */
export const centre = async (locator) => {
  const { x, y, width, height } = await locator.boundingBox();
  return [x + width / 2, y + height / 2];
};
/** What is in force, as the agent says. */
export const inForce = (page) => page.evaluate(() => fetch("/api/calibration").then((answer) => answer.json()));
