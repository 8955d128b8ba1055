// What an installer does once with the calibration page, in a real browser against a running agent: learning to the end, a
// frozen picture, areas, items, lens and level, files, a camera that was knocked. One agent for all, nothing saved before the end.

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { HALLS, arriveAt, centre, clip, corners, inForce, signIn, startCalibration, step } from "./calibration-parts.mjs";
import { accessible, catalogue, fits, freePort, screenshot, startBrowser, until } from "./parts.mjs";

const zh = catalogue("zh-CN");
/** The clip's cup: left, top, width and height in fractions of the picture. */
const CUP = clip("demo").truth.flatMap((part) => part.items ?? []).find((item) => item.class === "cup").box;
let browser, agent, page, complaints;

const rectangle = (left, top, right, bottom) => [[left, top], [right, top], [right, bottom], [left, bottom]];
const windowAt = (id, camera, left, right) => ({
  id, camera, post: 1, required: [], permitted: [],
  seat: rectangle(left, 0.02, right, 0.6), desk: rectangle(left, 0.64, right, 0.96),
});
/** A printer stands on no desk here. */
const WINDOWS = [windowAt("1", "cam-1", 0.01, 0.47), { ...windowAt("2", "cam-1", 0.52, 0.98), required: ["printer"] }, windowAt("3", "cam-2", 0.01, 0.47), windowAt("4", "cam-4", 0.2, 0.6)];

before(async () => {
  // There is no broker: what is done here needs none.
  [browser, agent] = await Promise.all([startBrowser(), freePort().then((port) => startCalibration(port, HALLS.tools))]);
  ({ page, complaints } = await arriveAt(browser, agent));
  await signIn(page);
  // The view of the camera that will be knocked is learnt from when its zones are in force.
  const saved = await page.evaluate(async (windows) => {
    const { version } = await (await fetch("/api/calibration")).json();
    const headers = { "content-type": "application/json", "x-requested-with": "chuangming" };
    const body = JSON.stringify({ expected: version, draft: { windows, smoking_zones: [], privacy_masks: [], lenses: [] } });
    return (await fetch("/api/calibration", { method: "PUT", headers, body })).status;
  }, WINDOWS);
  assert.equal(saved, 200);
  await page.reload();
  await page.locator(".panel").waitFor();
});

after(async () => {
  await browser?.close();
  await agent?.stop();
});

const camera = (id) => page.getByLabel(zh["calibrate.step.camera"], { exact: true }).selectOption(id);
const button = (key, values = {}) =>
  page.getByRole("button", { name: Object.entries(values).reduce((text, [name, value]) => text.replace(`{${name}}`, value), zh[key]), exact: true });
const picture = () => page.locator(".stage canvas").first();
/** What the canvas shows, as a number that changes with any pixel. */
const shown = () => picture().evaluate((canvas) => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return data.reduce((sum, value, i) => (sum * 31 + value * (1 + (i % 7))) % 1_000_003, 0);
});
/** The share of pixels that are as their right neighbour, within a part of the picture: most of them where it was made coarse. */
const coarse = ([left, top, right, bottom]) => picture().evaluate((canvas, [l, t, r, b]) => {
  const [x, y] = [Math.round(l * canvas.width), Math.round(t * canvas.height)];
  const [w, h] = [Math.round((r - l) * canvas.width), Math.round((b - t) * canvas.height)];
  const { data } = canvas.getContext("2d").getImageData(x, y, w, h);
  let alike = 0;
  for (let i = 0; i + 7 < data.length; i += 4) alike += Number([0, 1, 2].every((c) => Math.abs(data[i + c] - data[i + 4 + c]) <= 2));
  return alike / (w * h);
}, [left, top, right, bottom]);
/** The share of pixels that are as the mean of a part of the picture. */
const plain = ([left, top, right, bottom]) => picture().evaluate((canvas, [l, t, r, b]) => {
  const at = [l * canvas.width, t * canvas.height, (r - l) * canvas.width, (b - t) * canvas.height].map(Math.round);
  const { data } = canvas.getContext("2d").getImageData(...at);
  const greens = Array.from({ length: data.length / 4 }, (_, i) => data[4 * i + 1]);
  const mean = greens.reduce((sum, value) => sum + value, 0) / greens.length;
  return greens.filter((value) => Math.abs(value - mean) <= 4).length / greens.length;
}, [left, top, right, bottom]);

/** Looks at the page as it is on a desktop by day and on a phone by night; nothing may be cut off or hard to reach. */
async function look(name) {
  await accessible(page, name);
  await screenshot(page, `calibrate-${name}`);
  await page.setViewportSize({ width: 360, height: 740 });
  await page.emulateMedia({ colorScheme: "dark" });
  await fits(page, `${name} on a phone`);
  await accessible(page, `${name} on a phone at night`);
  await screenshot(page, `calibrate-${name}-phone-dark`);
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize({ width: 1280, height: 800 });
}

/** Forgets what was drawn. */
async function discard() {
  await step(page, "save");
  await button("calibrate.discard").click();
  await page.locator(".saved").waitFor();
}

test("learning begins, and goes on while other things are done", async () => {
  await camera("cam-2");
  await step(page, "learn");
  await page.locator(".panel button.primary:enabled").click();
  await page.locator("[data-window='3'][data-state=learning]").waitFor();
});

test("a picture is frozen and goes on; heads are shown on request alone, and that is noted", async () => {
  await camera("cam-1");
  await step(page, "windows");
  const live = page.locator(".picture-tools .live");
  await until(async () => (await shown()) !== 0, "there is a picture");
  await live.click();
  await live.getByText(zh["calibrate.frozen"]).waitFor();
  const still = await shown();
  await page.waitForTimeout(1500);
  assert.equal(await shown(), still, "a frozen picture stays");
  await live.click();
  await until(async () => (await shown()) !== still, "a live one goes on");

  // The head of whoever sits at the right window.
  const head = [0.86, 0.22, 0.94, 0.34];
  await until(async () => (await coarse(head)) > 0.6, "the head is coarse");
  assert.ok(!agent.log().includes("heads as they are"));
  await button("calibrate.picture_options").click();
  await page.getByRole("menuitem", { name: zh["calibrate.clear_heads"] }).click();
  await until(async () => (await coarse(head)) < 0.5, "the head is as it is");
  await until(() => agent.log().includes("heads as they are"), "it is noted");
  await screenshot(page, "calibrate-clear-heads");
  await button("calibrate.picture_options").click();
  await page.getByRole("menuitem", { name: zh["calibrate.pixelate"] }).click();
  await until(async () => (await coarse(head)) > 0.6, "and coarse again");
});

test("what each signal says is told on request, of a desk also what is missing and what may be hidden", async () => {
  const says = page.locator(".says");
  await button("calibrate.picture_options").click();
  await page.getByRole("menuitem", { name: zh["calibrate.show_analysis"] }).click();
  const printer = (key) => zh[key].replace("{items}", zh["item.printer"]);
  await says.getByText(printer("calibrate.desk_missing")).waitFor({ timeout: 60_000 });
  await look("says");
  // Somebody before it: the same answer of the agent, with the printer hidden.
  await page.route("**/api/analysis?*", async (route) => {
    const answer = await (await route.fetch()).json();
    const desk = answer.windows["2"].desk.on_desk;
    if (desk) [desk.missing, desk.may_be_hidden] = [[], ["printer"]];
    await route.fulfill({ json: answer });
  });
  await says.getByText(printer("calibrate.desk_hidden")).waitFor({ timeout: 60_000 });
  await page.unroute("**/api/analysis?*");
  await button("calibrate.picture_options").click();
  await page.getByRole("menuitem", { name: zh["calibrate.hide_analysis"] }).click();
  await says.waitFor({ state: "detached" });
});

test("a picture of a slow camera says how old it is", async () => {
  await camera("cam-5");
  const age = page.locator(".picture-tools .at");
  const [before, after] = zh["calibrate.seconds_ago"].split("{n}");
  await until(async () => new RegExp(`^${before}[2-9]${after}$`).test(await age.innerText()), "its age is told", 60);
  await screenshot(page, "calibrate-slow");
  await camera("cam-1");
});

test("a side's handle puts a corner in; a window is copied with all that is set for it", async () => {
  await page.locator(".chip[data-window='1']").click();
  await corners(page).first().waitFor();
  assert.equal(await corners(page).count(), 4);
  await page.mouse.click(...(await centre(page.locator(".handle.new").first())));
  await until(async () => (await corners(page).count()) === 5, "a tap on a side's handle puts a corner in");
  const [x, y] = await centre(page.locator(".handle.new").last());
  await page.mouse.move(x, y);
  await page.mouse.down();
  await page.mouse.move(x + 30, y + 24, { steps: 5 });
  await page.mouse.up();
  assert.equal(await corners(page).count(), 6, "and so does pulling at it");
  await look("corners");
  await page.keyboard.press("Control+z");
  await page.keyboard.press("Control+z");
  assert.equal(await corners(page).count(), 4, "each is one step");

  await page.locator(".chip[data-window='2']").click();
  await button("calibrate.delete_window", { window: "2" }).click();
  await page.locator(".chip[data-window='1']").click();
  await step(page, "details");
  await button("calibrate.more").click();
  await step(page, "windows");
  await page.locator(".chip[data-window='1']").click();
  await button("calibrate.copy_along").click();
  const copy = page.locator(".chip[data-window='2'][aria-pressed=true]");
  await copy.waitFor();
  await step(page, "details");
  assert.equal(await page.locator(".post output").innerText(), "2", "as many people as at the one it was copied from");
  await discard();
});

test("what nobody may see is masked, and what the law asks is said before a smoking zone is drawn", async () => {
  await camera("cam-1");
  await step(page, "details");
  await page.getByText(zh["calibrate.zones_law"]).waitFor();
  await page.getByText(zh["calibrate.zones_off"]).waitFor();
  await button("calibrate.add_zone").click();
  await page.locator(".outline.zone.selected").waitFor();
  await button("calibrate.delete_zone").waitFor();
  await look("zone");
  await button("calibrate.add_mask").click();
  await page.locator(".outline.mask.selected").waitFor();
  await page.getByText(zh["calibrate.masks_lead"]).waitFor();
  await look("mask");
  await step(page, "save");
  const changes = await page.locator(".differences").first().innerText();
  for (const what of ["zone-1", zh["calibrate.what.mask"].replace("{id}", "cam-1/1")]) assert.ok(changes.includes(what), `${what} is not in ${changes}`);
  await discard();
});

test("an item is shown with a box and a name, and is permitted from then on", async () => {
  await camera("cam-1");
  await step(page, "details");
  await page.locator(".chip[data-window='1']").click();
  await button("calibrate.teach").click();
  await page.getByText(zh["calibrate.draw_box"]).waitFor();
  await screenshot(page, "calibrate-teaching");
  // Where the cup is on the screen follows from where the desk is.
  const desk = await page.locator(".outline.desk.selected .line").boundingBox();
  const { desk: drawn } = WINDOWS[0];
  const [[left, top], , [right, bottom]] = drawn;
  const at = (x, y) => [desk.x + ((x - left) / (right - left)) * desk.width, desk.y + ((y - top) / (bottom - top)) * desk.height];
  await page.mouse.move(...at(CUP[0], CUP[1]));
  await page.mouse.down();
  await page.mouse.move(...at(CUP[0] + CUP[2], CUP[1] + CUP[3]), { steps: 6 });
  await page.mouse.up();
  const name = page.getByLabel(zh["calibrate.item_name"]);
  await name.fill("Seal pot!");
  assert.ok(await button("calibrate.teach_this").isDisabled(), "that is no name");
  await name.fill("seal-pot");
  await look("naming");
  await button("calibrate.teach_this").click();
  await page.getByText(zh["calibrate.taught"].replace("{name}", "seal-pot")).waitFor({ timeout: 60_000 });
  await page.locator(".custom").getByText("seal-pot").waitFor();
  const row = page.locator(".item-row", { hasText: "seal-pot" });
  await row.getByText(zh["calibrate.seen_here"]).waitFor({ timeout: 60_000 });
  assert.ok(await row.getByLabel(zh["calibrate.permitted"]).isChecked());
  assert.ok(await row.getByLabel(zh["calibrate.required"]).isDisabled(), "it cannot be required");
  await page.getByText(zh["calibrate.custom_only_permitted"]).waitFor();
  await look("taught");
  await button("calibrate.forget_item", { name: "seal-pot" }).click();
  await page.locator(".custom").waitFor({ state: "detached" });
  await discard();
});

test("as long as nothing was observed, trying does not say that nothing would happen", async () => {
  const trial = "**/api/trial";
  const nothing = { events: [], observed_s: {}, unknown: {} };
  await page.route(trial, (route) => (route.request().method() === "GET" ? route.fulfill({ json: nothing }) : route.fallback()));
  await camera("cam-2");
  await step(page, "try");
  await page.getByText(zh["calibrate.would_wait"]).waitFor();
  assert.equal(await page.getByText(zh["calibrate.would_none"]).count(), 0);
  await page.unroute(trial);
  await page.locator(".would").or(page.getByText(zh["calibrate.would_none"])).first().waitFor({ timeout: 60_000 });
});

test("lens and level are told by edges of the room and by the printed chart", async () => {
  const said = page.locator(".panel [role=status]");
  await camera("cam-2");
  await step(page, "details");
  await button("calibrate.level_edges").click();
  await said.getByText(zh["calibrate.level_edges_done"].split("{")[0]).waitFor({ timeout: 60_000 });
  await button("calibrate.level_chart").click();
  await page.locator(".failed").getByText(zh["ui.error.no_chart"]).waitFor({ timeout: 60_000 });
  await camera("cam-3");
  await button("calibrate.level_chart").click();
  await said.getByText(zh["calibrate.level_chart_done"].split("{")[0]).waitFor({ timeout: 60_000 });
  const now = zh["calibrate.level_now"];
  const measured = await page.getByText(now.slice(0, now.indexOf("{"))).first().innerText();
  assert.ok(Math.abs(parseFloat(measured.match(/-?\d+\.\d/)[0]) - 3) < 0.4, measured);
  await look("level");
  await button("calibrate.level_drop").click();
  await page.getByText(now.slice(0, now.indexOf("{"))).waitFor({ state: "detached" });
  await discard();
});

test("a calibration goes out as a file and comes in as a draft", async () => {
  await step(page, "save");
  const downloaded = page.waitForEvent("download");
  await page.getByRole("link", { name: zh["calibrate.export"] }).click();
  const text = readFileSync(await (await downloaded).path(), "utf8");
  const file = join(agent.folder, "edited.toml");
  writeFileSync(file, text.replace('id = "2"', 'id = "7"'));
  const before = await inForce(page);
  await page.locator("input[type=file]").setInputFiles(file);
  await page.getByText(zh["calibrate.imported"]).waitFor();
  const changes = await page.locator(".differences").first().innerText();
  assert.ok(["2", "7"].every((id) => changes.includes(zh["calibrate.what.window"].replace("{id}", id))), changes);
  await look("imported");
  assert.equal((await inForce(page)).version, before.version, "nothing is saved yet");
  writeFileSync(file, "version = 1\nwindows = 3\n");
  await page.locator("input[type=file]").setInputFiles(file);
  await page.locator("[data-scope=toast]").getByText(zh["ui.error.unreadable"]).waitFor();
  await screenshot(page, "calibrate-unreadable");
  complaints.splice(0, complaints.length, ...complaints.filter((one) => !one.includes("status of 422")));
  await discard();
});

test("a camera that was knocked is told of, and its zones are moved after it", async () => {
  await camera("cam-4");
  await step(page, "windows");
  const banner = page.locator(".moved");
  await banner.waitFor({ timeout: 240_000 });
  await look("moved");
  await banner.getByRole("button", { name: zh["calibrate.realign"] }).click();
  await page.getByText(zh["calibrate.realigned"]).waitFor();
  await step(page, "save");
  await page.locator("button.save").click();
  await page.locator(".saved").waitFor();
  const { draft } = await inForce(page);
  const [was, is] = [WINDOWS[3], draft.windows.find((one) => one.id === "4")].map(({ desk }) => desk[0]);
  assert.ok(Math.abs(is[0] - was[0] + 0.06) < 0.01 && Math.abs(is[1] - was[1] - 0.03) < 0.01, `${was} went to ${is}`);
  assert.deepEqual(draft.windows.filter((one) => one.camera !== "cam-4"), WINDOWS.slice(0, 3), "other cameras' windows stay");
  await banner.waitFor({ state: "detached", timeout: 60_000 });
});

test("what is masked is hidden on this page too, from when it is saved", async () => {
  await camera("cam-1");
  await step(page, "details");
  await button("calibrate.add_mask").click();
  await page.locator(".outline.mask.selected").waitFor();
  const middle = [0.42, 0.42, 0.58, 0.58];
  await until(async () => (await shown()) !== 0, "there is a picture");
  assert.ok((await plain(middle)) < 0.8, "whoever draws a mask sees what it will hide");
  await step(page, "save");
  await page.locator("button.save").click();
  await page.locator(".saved").waitFor();
  await until(async () => (await plain(middle)) > 0.98, "what is masked is one grey");
  await screenshot(page, "calibrate-masked");
});

test("two minutes with nobody there are enough: desk and seat are learnt, and can be forgotten", async () => {
  await camera("cam-2");
  await step(page, "learn");
  const learnt = page.locator("[data-window='3'][data-state=learnt]");
  await learnt.waitFor({ timeout: 300_000 });
  await learnt.getByText(zh["calibrate.lights"].replace("{n}", "1")).waitFor();
  await look("learnt");
  await learnt.getByRole("button", { name: zh["calibrate.forget"] }).click();
  await page.locator("[data-window='3'][data-state=none]").waitFor();
  assert.deepEqual(complaints.filter((one) => !one.includes("status of 422")), []);
});
