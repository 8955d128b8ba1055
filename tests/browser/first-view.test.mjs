// The first view of a role, with an empty cache: light, and without waiting for what need not come first. How long it takes is
// measured by first-view.mjs.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { VIEWS, firstView, startMonth } from "./first-view-parts.mjs";
import { IN_CHINA, signIn } from "./parts.mjs";

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
    assert.ok(seen.bytes <= 130 * 1024, `${view.view}: ${seen.bytes} bytes`);
    assert.ok(addresses.length <= 22, `${view.view}: ${addresses.length} requests: ${addresses.join(" ")}`);
    assert.ok(!addresses.some((address) => address.includes("engine")), `${view.view} draws no chart`);
  }
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
  let [asked, free] = [0, null];
  const held = new Promise((done) => (free = done));
  await page.route("**/api/v1/me/summary?*", async (route) => {
    if (++asked > 1) await held;
    await route.continue();
  });
  await page.reload();
  await page.locator("[data-figure=counted]").waitFor();
  free();
  assert.deepEqual(complaints, []);
  await page.context().close();
});
