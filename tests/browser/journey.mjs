// The pages as people meet them: a journey without script, every page measured by axe-core, and
// nothing wider than a phone.
//   node journey.mjs PROJECT MEENT OUT [CHROMIUM]   screenshots go to OUT; 77: a tool is missing
// MEENT: the program, or the address of a server with the demo (a node of a cluster).
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import assert from "node:assert/strict";

const [project, meent, out, chromium = "/usr/bin/chromium"] = process.argv.slice(2);
const require = createRequire(path.join(project, "web", "package.json"));

function skip(what) {
  console.log(`skipped: ${what}`);
  process.exit(77);
}
if (!existsSync(chromium)) skip(`no ${chromium} here`);
let playwright, axe;
try {
  playwright = require("playwright-core");
  axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
} catch {
  skip("web/node_modules is not there: ops/setup web");
}

const patience = { timeout: 30_000 };

/** Starts a demo on a free port and waits until it says where. */
async function serve(folder) {
  const child = spawn(meent, ["serve", "--data", folder, "--port", "0", "--demo"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const address = await new Promise((found, failed) => {
    const timer = setTimeout(() => failed(new Error("the server says nothing")), 120_000);
    let text = "";
    child.stdout.on("data", (bytes) => {
      text += bytes;
      const match = text.match(/http:\/\/127\.0\.0\.1:\d+/);
      if (match) {
        clearTimeout(timer);
        found(match[0]);
      }
    });
    child.on("exit", (code) => failed(new Error(`the server ended with ${code}`)));
  });
  return { child, address };
}

/** One person's way through a platform, in a browser that runs no script. */
async function journey(browser, address) {
  const context = await browser.newContext({
    javaScriptEnabled: false,
    viewport: { width: 1200, height: 1000 },
    locale: "nl-NL",
  });
  const page = await context.newPage();
  page.setDefaultTimeout(patience.timeout);
  const shot = (name) => page.screenshot({ path: path.join(out, `${name}.png`), fullPage: true });
  const sees = (text) => page.getByText(text, { exact: false }).first().waitFor();

  await page.goto(address);
  await shot("1-installation");
  await page.getByRole("link", { name: "Samen in Overijssel" }).click();
  await page.getByRole("link", { name: "Meest gesteund" }).click();
  await page.locator('.sorts [aria-current="true"]', { hasText: "Meest gesteund" }).waitFor();
  await shot("2-platform");
  await page.getByRole("navigation", { name: "Dit platform" })
    .getByRole("link", { name: "Markelo: het plein van ons allemaal" }).click();
  await shot("3-space");
  await page.getByRole("link", { name: "Een plein dat water opvangt en waar je kunt zitten" })
    .click();
  await sees("Meepraten of kiezen? Doe eerst mee.");
  await shot("4-contribution-guest");
  const idea = page.url();

  await page.getByRole("link", { name: "Kies wie je bent" }).first().click();
  await shot("5-demo-people");
  await page.getByRole("button", { name: "Dineke Schreurs" }).click();
  await sees("Je doet nu mee als Dineke Schreurs.");

  assert.equal(page.url(), idea, "back where the choice was made");
  await page.getByRole("button", { name: "Oneens" }).click();
  await sees("Jij bent het oneens.");
  const disagree = () => page.locator(".numbers .d strong").innerText();
  const before = Number(await disagree());
  await page.getByRole("button", { name: "Eens", exact: true }).click();
  await sees("Jij bent het eens.");
  assert.equal(Number(await disagree()), before - 1, "a later choice replaces the earlier");

  await page.getByLabel("Schrijf een reactie").fill("  ");
  await page.getByRole("button", { name: "Plaats reactie" }).click();
  await page.locator('.error-summary a[href="#body"]').waitFor();
  await shot("6-form-error");
  await page.getByLabel("Schrijf een reactie").fill("Met een **trappetje** graag.");
  await page.getByRole("button", { name: "Plaats reactie" }).click();
  await sees("Je reactie is geplaatst.");
  await page.locator("strong", { hasText: "trappetje" }).waitFor();
  await shot("7-comment-placed");

  await page.getByRole("link", { name: "Bekijk je reactie" }).click();
  await page.getByLabel("Jouw tekst").fill("Met een **hellingbaan** graag.");
  await page.getByRole("button", { name: "Bewaar" }).click();
  await sees("Je wijziging is bewaard.");
  await page.getByRole("link", { name: "bewerkt" }).click();
  await sees("Met een trappetje graag.");
  await shot("8-history");

  await page.goto(idea);
  await page.getByRole("link", { name: "Antwoord op Bennie Koldewijn" }).first().click();
  await page.getByRole("textbox", { name: "Antwoord op Bennie Koldewijn" })
    .fill("Ik houd van oude kaas.");
  await page.getByRole("button", { name: "Plaats reactie" }).click();
  await page.locator(".replies", { hasText: "Ik houd van oude kaas." }).first().waitFor();

  await page.getByRole("search").getByRole("searchbox").fill("wandlen");
  await page.getByRole("button", { name: "Zoek" }).first().click();
  await page.locator(".suggestion a").click();
  await page.locator("mark").first().waitFor();
  await shot("9-search");

  await page.getByRole("navigation", { name: "Dit platform" })
    .getByRole("link", { name: "Ideeën voor je dorp of wijk" }).click();
  await page.getByRole("link", { name: "Plaats een idee" }).click();
  await page.getByLabel("Vertel meer").fill("Een kist op het plein, met *boeken*.");
  await page.getByRole("button", { name: "Plaats", exact: true }).click();
  await page.locator('.error-summary a[href="#title"]').waitFor();
  await shot("10-place-error");
  await page.getByLabel("Jouw idee in één zin").fill("Een ruilkast voor boeken");
  await page.getByRole("button", { name: "Plaats", exact: true }).click();
  await sees("Je bijdrage staat erop.");
  await page.getByRole("heading", { level: 1, name: "Een ruilkast voor boeken" }).waitFor();
  await page.getByRole("link", { name: "Bewerk", exact: true }).click();
  await page.getByLabel("Vertel meer").fill("Een kist op het plein, met boeken **en puzzels**.");
  await page.getByRole("button", { name: "Bewaar" }).click();
  await page.locator("strong", { hasText: "en puzzels" }).waitFor();
  await shot("11-placed");

  await page.getByRole("link", { name: "Dineke Schreurs" }).first().click();
  await sees("Wat deze persoon deed");
  await shot("12-person");
  await page.getByRole("button", { name: "Stoppen met meedoen" }).click();
  await sees("Je leest nu als gast.");
  await context.close();
  return idea;
}

/** Every page, wide and narrow, light and dark: no fault that axe-core knows, nothing cut off. */
async function measure(browser, address, idea) {
  const person = `${address}/p/overijssel`;
  const pages = {
    installation: address,
    platform: person,
    space: `${person}/s/markelo`,
    contribution: idea,
    search: `${person}/search?q=plein`,
    manege: `${address}/p/manege`,
    techniek: `${address}/p/techniek`,
    standaard: `${address}/p/standaard`,
    missing: `${person}/s/nergens`,
  };
  const faults = [];
  for (const [width, colorScheme] of [[360, "light"], [1200, "dark"]]) {
    const context = await browser.newContext({ viewport: { width, height: 800 }, colorScheme });
    const page = await context.newPage();
    page.on("console", (message) => {
      const expected = message.text().includes("404");
      if (message.type() === "error" && !expected) faults.push(`console: ${message.text()}`);
    });
    for (const [name, url] of Object.entries(pages)) {
      await page.goto(url);
      const where = `${name} at ${width}, ${colorScheme}`;
      const over = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      if (over > 0) faults.push(`${where}: ${over} px wider than the window`);
      await page.evaluate(axe);
      const { violations, passes } = await page.evaluate(() => window.axe.run(document, {
        runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
      }));
      assert.ok(passes.length > 15, `${where}: axe-core looked at nothing`);
      for (const violation of violations) {
        const first = violation.nodes[0];
        faults.push(`${where}: ${violation.id}: ${violation.help}\n    ${first.html}\n    ` +
          first.failureSummary);
      }
      await page.screenshot({ path: path.join(out, `${name}-${width}.png`) });
    }
    await context.close();
  }
  assert.deepEqual(faults, [], faults.join("\n"));
}

mkdirSync(out, { recursive: true });
const folder = mkdtempSync(path.join(tmpdir(), "meent-browser-"));
const { child, address } = meent.startsWith("http://") ? { address: meent } : await serve(folder);
let browser;
try {
  browser = await playwright.chromium.launch({
    executablePath: chromium,
    args: ["--no-sandbox", "--disable-gpu"],
  });
  const idea = await journey(browser, address);
  await measure(browser, address, idea);
  console.log("the journey and every page are as they should be");
} finally {
  await browser?.close();
  if (child) {
    child.removeAllListeners("exit");
    child.kill("SIGTERM");
    await new Promise((ended) => child.on("exit", ended));
  }
  rmSync(folder, { recursive: true, force: true });
}
