// A real agent with its calibration page, on played clips.

import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import mqtt from "mqtt";
import { BIN, HALL, ROOT, freePort, until } from "./parts.mjs";

const CLIPS = join(ROOT, "scenes/clips");
const AGENT = join(BIN, "edge-agent");

/** What is known of a bundled clip. */
export function clip(id) {
  return readFileSync(join(CLIPS, "manifest.jsonl"), "utf8").trim().split("\n").map((line) => JSON.parse(line)).find((one) => one.id === id);
}

function ffmpeg(...args) {
  const made = spawnSync("ffmpeg", ["-loglevel", "error", ...args], { encoding: "utf8" });
  if (made.status !== 0) throw new Error(`ffmpeg: ${made.error ?? made.stderr}`);
  return args.at(-1);
}

/** Two windows with tidy desks and nobody there, as a camera sees them: the bundled reference picture with a sensor's noise. */
function emptyHall(folder) {
  const noise = "noise=alls=6:allf=t";
  return ffmpeg("-loop", "1", "-i", join(CLIPS, "img/demo.ref.jpg"), "-t", "8", "-r", "5", "-vf", noise, "-pix_fmt", "yuv420p", join(folder, "empty.mp4"));
}

/** Four windows in one picture: both bundled clips side by side. */
function fourWindows(folder) {
  const beside = "[0:v]fps=5,scale=-2:720[a];[1:v]fps=5,scale=-2:720[b];[a][b]hstack=shortest=1";
  return ffmpeg("-i", join(CLIPS, clip("demo").media), "-i", join(CLIPS, clip("quiet").media), "-filter_complex", beside, "-pix_fmt", "yuv420p", join(folder, "four.mp4"));
}

/** What the cameras of a hall see. */
export const HALLS = {
  /** The demo clip, and a hall with nobody in it. */
  test: (folder) => ({ "cam-1": join(CLIPS, clip("demo").media), "cam-2": emptyHall(folder) }),
  four: (folder) => ({ "cam-1": fourWindows(folder) }),
};

/** `edge-agent run` without any calibration, on a broker of this machine. */
export async function startCalibration(brokerPort, hall = HALLS.test) {
  const folder = mkdtempSync(join(tmpdir(), "chuangming-calibrate-"));
  const demo = clip("demo");
  const port = await freePort();
  const rules = Object.entries(demo.policy).map(([rule, keys]) => `[rules.${rule}]\n${Object.entries(keys).map(([key, value]) => `${key} = ${value}\n`).join("")}`);
  writeFileSync(join(folder, "policy.toml"), `version = 1\n${rules.join("")}`);
  writeFileSync(join(folder, "calibration.toml"), "version = 1\n");
  writeFileSync(
    join(folder, "agent.toml"),
    `hall = "${HALL}"\nagent = "edge-01"\ncalibration = "calibration.toml"\npolicy = "policy.toml"\ndata_dir = "data"\n` +
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

/** Every event that the broker is sent. */
export async function followEvents(brokerPort) {
  const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${brokerPort}`, { protocolVersion: 5 });
  const events = [];
  client.on("message", (_, payload) => events.push(JSON.parse(payload)));
  await client.subscribeAsync(`chuangming/v1/${HALL}/edge-01/events`, { qos: 1 });
  return { events, stop: () => client.endAsync() };
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
