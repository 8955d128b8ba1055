// The first view of a role, with an empty cache: light, and without waiting for what need not come first. How long it takes is
// measured by first-view.mjs.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { VIEWS, firstView, startMonth } from "./first-view-parts.mjs";
import { IN_CHINA, accessible, signIn, until } from "./parts.mjs";

let month;
before(async () => (month = await startMonth()));
after(() => month?.stop());

/** The first request whose address has this in it. */
const find = (seen, part) => {
  const found = seen.requests.find(({ address }) => address.includes(part));
  assert.ok(found, `${part} among ${seen.requests.map((one) => one.address).join(" ")}`);
  return found;
};

test("the first view is light", async () => {
  for (const view of VIEWS) {
    const seen = await firstView(month, view);
    const addresses = seen.requests.map((one) => one.address);
    assert.ok(seen.bytes <= 75 * 1024, `${view.view}: ${seen.bytes} bytes`);
    assert.ok(addresses.length <= 16, `${view.view}: ${addresses.length} requests: ${addresses.join(" ")}`);
    assert.ok(!addresses.some((address) => /engine|widgets/.test(address)), `${view.view} needs neither charts nor widgets`);
  }
});

test("a menu opens at the first click and by keyboard, though its code comes later", async () => {
  const { page, complaints } = await signIn(month.browser, month.url, { name: "li", ...IN_CHINA });
  const button = page.locator("header [aria-haspopup=menu]");
  await page.goto(`${month.url}/me`);
  await button.click();
  await page.getByRole("menu").waitFor();
  await accessible(page, "an open menu");
  await page.keyboard.press("Escape");
  await page.getByRole("menu").waitFor({ state: "hidden" });
  await until(() => button.evaluate((it) => it === document.activeElement), "the focus is back at the button");
  for (const key of ["Enter", "ArrowDown"]) {
    await page.goto(`${month.url}/me`);
    await button.press(key);
    await page.locator("[role=menuitem][data-highlighted]").waitFor();
    await until(() => page.evaluate(() => document.activeElement?.closest("[role=menu]") != null), `the focus is in the menu, after ${key}`);
    await page.keyboard.press("Enter");
    await until(() => new URL(page.url()).pathname === "/security", `the first deed, after ${key}`);
  }
  assert.deepEqual(complaints, []);
  await page.context().close();
});

test("when the server is gone a moment later, what was not needed at first is there all the same", async () => {
  const { page } = await signIn(month.browser, month.url, { name: "li", ...IN_CHINA });
  await page.waitForFunction(() => performance.getEntriesByType("resource").some((one) => one.name.includes("widgets")));
  await page.context().setOffline(true);
  await page.locator("header [aria-haspopup=menu]").click();
  await page.getByRole("menu").waitFor();
  await page.context().close();
});

test("texts, session and the page's code are asked for together", async () => {
  for (const [view, code] of [[VIEWS[0], "Board"], [VIEWS[1], "Summary"], [VIEWS[2], "Fleet"]]) {
    const seen = await firstView(month, view);
    const [texts, session, page] = ["zh-CN", "/api/v1/session", code].map((part) => find(seen, part));
    assert.ok(session.from < texts.to, `${view.view}: the session waited for the texts`);
    assert.ok(page.from < session.to, `${view.view}: its code waited for the session`);
  }
});

test("what came first is shown though it is asked for again", async () => {
  const { page, complaints } = await signIn(month.browser, month.url, { name: "li", ...IN_CHINA });
  // The page that the sign-in led to asks again too, and must not be taken for the next one.
  await page.goto("about:blank");
  let [asked, free] = [0, null];
  const held = new Promise((done) => (free = done));
  await page.route("**/api/v1/me/summary?*", async (route) => {
    if (++asked > 1) await held;
    await route.continue();
  });
  await page.goto(`${month.url}/me`);
  await page.locator("[data-figure=counted]").waitFor();
  assert.ok(await until(() => asked > 1, "it is asked for again"));
  free();
  assert.deepEqual(complaints, []);
  await page.context().close();
});
