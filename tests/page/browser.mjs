// A real Chromium that looks at the page of a real node, and what every look has in common: whatever happens, no error in the
// console, no violation of the page's own policy, no request to anybody else.
import assert from 'node:assert/strict';
import {createRequire} from 'node:module';
import fs from 'node:fs';
import path from 'node:path';

export const settings = JSON.parse(fs.readFileSync(process.argv[2], 'utf8'));
const {chromium} = createRequire(import.meta.url)(settings.playwright);
fs.mkdirSync(path.join(settings.out, 'html'), {recursive: true});

const browser = await chromium.launch({executablePath: settings.chromium, args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage']});
const complaints = [];

/// Complaints of answers that a test asks for are its own.
export const expectedAnswers = new Set();

export async function visit(options = {}, hash = '', signedIn = true) {
  const context = await browser.newContext({locale: 'en-US', viewport: {width: 1280, height: 860}, ...options});
  if (signedIn) await context.addInitScript((token) => sessionStorage.setItem('dosigate.token', token), settings.token);
  await context.addInitScript(() => {
    window.violations = [];
    document.addEventListener('securitypolicyviolation', (event) => window.violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
  });
  context.on('request', (request) => {
    if (!request.url().startsWith(settings.url)) complaints.push(`request to ${request.url()}`);
  });
  const page = await context.newPage();
  page.setDefaultTimeout(15000);
  page.on('console', (message) => {
    const expected = [...expectedAnswers].some((status) => message.text().includes(`status of ${status}`));
    if (['error', 'warning'].includes(message.type()) && !expected) complaints.push(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => complaints.push(`error: ${error.stack}`));
  page.on('dialog', (dialog) => { complaints.push(`dialog: ${dialog.message()}`); dialog.dismiss(); });
  await page.goto(`${settings.url}/${hash}`);
  await page.waitForSelector('main h1');
  return page;
}

export async function leave(page) {
  complaints.push(...(await page.evaluate(() => window.violations)).map((v) => `policy: ${v}`));
  await page.context().close();
}

/// A picture for a person, and what the page holds for the search for identifiers.
export async function keep(page, name) {
  await page.screenshot({path: path.join(settings.out, `${name}.png`), fullPage: true});
  fs.writeFileSync(path.join(settings.out, 'html', `${name}.html`), await page.content());
}

let passed = 0, failed = 0;
export async function step(name, act) {
  try {
    await act();
    assert.deepEqual(complaints.splice(0), []);
    ++passed;
    console.log(`ok ${name}`);
  } catch (error) {
    ++failed;
    complaints.length = 0;
    console.log(`FAILED ${name}\n${error.stack}`);
  }
}
export async function end() {
  await browser.close();
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed ? 1 : 0;
}
