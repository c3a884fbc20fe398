// What an administrator does with the page, in a real Chromium, with a node that has real studies: run by wire_page.
import assert from 'node:assert/strict';
import {execFile} from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import {end, expectedAnswers, keep, leave, settings, step, visit} from './browser.mjs';

const SECTIONS = ['overview', 'destinations', 'queue', 'studies', 'quarantine', 'ledger', 'security'];
const text = (page, selector = 'main') => page.locator(selector).innerText();
/// The link to the patient with the therapy, in the list of studies.
const patient = (page) => page.locator('tbody tr', {hasText: 'NM'}).first().locator('a');
const until = (page, condition, argument) => page.waitForFunction(condition, argument, {timeout: 20000});

await step('both languages say everything, and nothing else is asked of them', async () => {
  const folder = settings.sources, read = (name) => fs.readFileSync(path.join(folder, name), 'utf8');
  const {words} = await import(`data:text/javascript,${encodeURIComponent(read('words.js'))}`);
  assert.deepEqual(Object.keys(words.pt).sort(), Object.keys(words.en).sort());
  for (const [key, value] of Object.entries(words.en))
    assert.deepEqual((words.pt[key].match(/\{\w+\}/g) ?? []).sort(), (value.match(/\{\w+\}/g) ?? []).sort(), key);
  // Every condition that a node can raise has its name here.
  const listed = fs.readFileSync(settings.conditions, 'utf8').match(/std::string name;[\s\S]*?std::string of;/)[0];
  for (const [, name] of listed.matchAll(/"([a-z0-9-]+)"/g)) assert.ok(`condition.${name}` in words.en, name);
  for (const file of fs.readdirSync(folder).filter((name) => name.endsWith('.js')))
    for (const [, key] of read(file).matchAll(/\bt\('([\w.]+)'/g)) assert.ok(key in words.en, `${file}: ${key}`);
});

await step('every file has its headers and its tag', async () => {
  for (const file of ['', ...fs.readdirSync(settings.sources).filter((name) => name !== 'index.html').map((name) => `page/${name}`)]) {
    const answer = await fetch(`${settings.url}/${file}`), header = (name) => answer.headers.get(name) ?? '';
    assert.equal(answer.status, 200, file);
    const policy = header('content-security-policy');
    for (const part of ["default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'", "connect-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'"])
      assert.ok(policy.includes(part), `${file}: ${part}`);
    assert.ok(!policy.includes('unsafe'), file);
    assert.equal(header('x-content-type-options'), 'nosniff');
    assert.equal(header('referrer-policy'), 'no-referrer');
    assert.equal(header('cross-origin-opener-policy'), 'same-origin');
    assert.ok(header('permissions-policy').includes('camera=()'));
    assert.equal(header('set-cookie'), '');
    assert.match(header('etag'), /^"[0-9a-f]{32}"$/);
    assert.equal((await fetch(`${settings.url}/${file}`, {headers: {'If-None-Match': header('etag')}})).status, 304, file);
  }
  for (const wrong of ['page/index.htm', 'page/..%2f..%2fetc%2fpasswd', 'page/']) {
    assert.ok([401, 404].includes((await fetch(`${settings.url}/${wrong}`)).status), wrong);
    assert.equal((await fetch(`${settings.url}/${wrong}`, {headers: {Authorization: `Bearer ${settings.token}`}})).status, 404, wrong);
  }
});

await step('the overview shows the way of an instance and what needs a person', async () => {
  const page = await visit();
  assert.equal(await page.locator('.stage').count(), 4);
  assert.deepEqual(await page.locator('.stage h3').allInnerTexts(), ['Receive', 'De-identify', 'Spool', 'Forward']);
  const all = await text(page);
  assert.match(all, /Destination cannot be reached: second/);
  assert.match(all, /Held for a decision/);
  assert.equal(await page.locator('.verdict.bad h1').innerText(), 'Something needs you now');
  assert.match(await page.title(), /Overview · dosigate: DOSIGATE/);
  await keep(page, 'overview-en-light');
  await leave(page);
});

await step('rates are those of the moment', async () => {
  const page = await visit();
  await until(page, () => document.querySelector('[data-rate=receive]'));
  assert.match(await text(page, '[data-rate=receive]'), /^0/);
  const sent = new Promise((done, broken) => execFile(settings.more[0], settings.more.slice(1), (error) => (error ? broken(error) : done())));
  await until(page, () => document.querySelector('.stage.busy[data-stage=receive]') && document.querySelector('.stage.busy[data-stage=deid]'));
  await sent;
  await until(page, () => document.querySelector('.stage.busy[data-stage=forward]'));
  await keep(page, 'overview-en-light-busy');
  await leave(page);
});

await step('destinations say in words what is wrong, and are paused and resumed with a reason', async () => {
  const page = await visit({}, '#/destinations');
  assert.match(await text(page, '.destination.down'), /second[\s\S]*down[\s\S]*Last error: /);
  await page.locator('article:has(h2:text-is("archive"))').getByRole('button', {name: 'Pause'}).click();
  await page.getByRole('dialog').getByRole('button', {name: 'Pause'}).click();
  assert.match(await text(page, 'dialog .wrong'), /A reason is needed/);
  await page.getByLabel('Reason').fill('the archive is moved <b>today</b>');
  await page.getByRole('dialog').getByRole('button', {name: 'Pause'}).click();
  await page.locator('article.paused').waitFor();
  assert.match(await text(page, 'article.paused'), /Paused by .*the archive is moved <b>today<\/b>/);
  await keep(page, 'destinations-en-light');
  await page.locator('article.paused').getByRole('button', {name: 'Resume'}).click();
  await page.getByRole('dialog').getByRole('button', {name: 'Resume'}).click();
  await until(page, () => !document.querySelector('article.paused'));
  await leave(page);
});

await step('the queue is listed and sent by hand', async () => {
  const page = await visit({}, '#/queue');
  assert.match(await text(page, 'tbody'), /second[\s\S]*DSG-TEST-.*\s+90\s/);  // of one study, in one row
  await page.getByRole('button', {name: 'Send everything now'}).click();
  await page.locator('.told').waitFor();
  assert.match(await text(page, '.told'), /To be sent now: \d+/);
  await keep(page, 'queue-en-light');
  await leave(page);
});

await step('a study has its verdict, its time points as a picture and as a table', async () => {
  const page = await visit({}, '#/studies');
  assert.ok(await page.locator('tbody tr').count() >= 3);
  assert.match(await text(page), /ready/);
  await keep(page, 'studies-en-light');
  await patient(page).click();
  await page.locator('svg.plot').waitFor();
  const hours = await page.locator('svg.plot g[data-hours]').evaluateAll((all) => all.map((g) => g.dataset.hours));
  assert.deepEqual(hours.toSorted(), ['1.07', '24.12', '95.5']);
  assert.match(await page.locator('svg.plot').getAttribute('aria-label'), /24\.12 h, .*: ready/);
  const table = await text(page, 'section.card table');
  for (const words of ['Lu-177', '7,400 MBq', '24.12', '95.5', 'CAM-01']) assert.ok(table.includes(words), words);
  await keep(page, 'study-en-light');
  await leave(page);
});

await step('an identity is shown to who asks with a reason, and kept nowhere', async () => {
  const page = await visit({}, '#/studies');
  await patient(page).click();
  await page.getByRole('button', {name: 'Who is this?'}).click();
  await page.getByRole('dialog').getByRole('button', {name: 'Reveal'}).click();
  assert.match(await text(page, 'dialog .wrong'), /A reason is needed/);
  await page.getByLabel('Reason').fill('the physician asks');
  await page.getByRole('dialog').getByRole('button', {name: 'Reveal'}).click();
  await page.getByRole('dialog', {name: /^Identity of/}).waitFor();
  assert.ok((await text(page, 'dialog')).includes(settings.patientId));
  await page.keyboard.press('Escape');
  await until(page, () => !document.querySelector('dialog'));
  const left = await page.evaluate(() => document.documentElement.outerHTML + JSON.stringify({...sessionStorage}) + JSON.stringify({...localStorage}) + location.href);
  assert.ok(!left.includes(settings.patientId));
  await leave(page);
});

await step('what a sender calls itself is text', async () => {
  const page = await visit({}, '#/quarantine');
  assert.ok((await text(page)).includes(settings.hostile));
  assert.equal(await page.locator('td svg').count(), 0);
  await page.goto(`${settings.url}/#/security`);
  await page.getByRole('table', {name: 'Refused senders'}).waitFor();
  assert.ok((await text(page)).includes(settings.hostile));
  assert.equal(await page.locator('td svg').count(), 0);
  await keep(page, 'security-en-light');
  await leave(page);
});

await step('a held original is released after a look and discarded with a reason', async () => {
  const page = await visit({}, '#/quarantine');
  const rows = page.locator('tbody tr'), before = await rows.count();
  assert.equal(before, 2);
  assert.match(await text(page), /Identity may be burned into the pixels/);
  await keep(page, 'quarantine-en-light');
  await rows.first().getByRole('button', {name: 'Release'}).click();
  await page.getByLabel('Reason').fill('nothing is there');
  await keep(page, 'dialog-en-light');
  await page.getByRole('dialog').getByRole('button', {name: 'Release'}).click();
  await page.locator('.told', {hasText: 'It stays held'}).waitFor();
  await rows.first().getByRole('button', {name: 'Release'}).click();
  await page.getByLabel('Reason').fill('nothing is there');
  await page.getByLabel(/Somebody has looked/).check();
  await page.getByRole('dialog').getByRole('button', {name: 'Release'}).click();
  await until(page, (n) => document.querySelectorAll('tbody tr').length === n - 1, before);
  await rows.first().getByRole('button', {name: 'Discard'}).click();
  await page.getByLabel('Reason').fill('a test image');
  await page.getByRole('dialog').getByRole('button', {name: 'Discard'}).click();
  await page.getByText('Nothing is held').waitFor();
  await leave(page);
});

await step('the book of the day adds up', async () => {
  const page = await visit({}, '#/ledger');
  assert.match(await text(page), /The book adds up/);
  assert.ok(await page.locator('svg.bar rect').count() >= 2);
  assert.equal(await page.getByRole('table', {name: 'Studies of the day'}).locator('tbody tr').count() >= 3, true);
  await keep(page, 'ledger-en-light');
  await page.getByLabel(/Day/).fill('2020-01-01');
  await page.getByText('Nothing was received on this day.').waitFor();
  assert.ok(page.url().endsWith('#/ledger/2020-01-01'));
  await leave(page);
});

await step('an incident is closed with a reason', async () => {
  const page = await visit({}, '#/security');
  await page.getByRole('table', {name: 'Incidents'}).getByRole('button', {name: 'Close'}).first().click();
  await page.getByLabel('Reason').fill('a camera that is set up');
  await page.getByRole('dialog').getByRole('button', {name: 'Close'}).click();
  await page.getByRole('table', {name: 'Incidents'}).getByText('closed').first().waitFor();
  await leave(page);
});

await step('Portuguese by the browser, another language by choice, remembered', async () => {
  const page = await visit({locale: 'pt-BR'});
  assert.equal(await page.getAttribute('html', 'lang'), 'pt-BR');
  assert.deepEqual(await page.locator('.stage h3').allInnerTexts(), ['Receber', 'Desidentificar', 'Fila em disco', 'Encaminhar']);
  for (const section of SECTIONS) {
    await page.goto(`${settings.url}/#/${section}`);
    await page.locator(`nav a[href="#/${section}"][aria-current]`).waitFor();
    await until(page, () => !document.querySelector('main > p.faint'));
    await page.waitForTimeout(150);
    await keep(page, `${section}-pt-light`);
  }
  await page.getByRole('button', {name: 'English'}).click();
  await page.getByRole('link', {name: 'Quarantine'}).waitFor();
  await page.reload();
  await page.getByRole('link', {name: 'Quarantine'}).waitFor();
  assert.equal(await page.getAttribute('html', 'lang'), 'en');
  await leave(page);
});

await step('dark as the system says, light by choice, remembered; words can be read in both', async () => {
  const page = await visit({colorScheme: 'dark', locale: 'pt-BR'});
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const dark = await ground();
  for (const section of [...SECTIONS, 'study']) {
    await page.goto(`${settings.url}/#/${section === 'study' ? 'studies' : section}`);
    await page.waitForTimeout(700);
    if (section === 'study') { await patient(page).click(); await page.locator('svg.plot').waitFor(); }
    assert.deepEqual(await page.evaluate(faint), [], `${section} dark`);
    await keep(page, `${section}-pt-dark`);
  }
  await page.getByLabel('Tema').selectOption('light');
  assert.notEqual(await ground(), dark);
  for (const section of SECTIONS) {
    await page.goto(`${settings.url}/#/${section}`);
    await page.waitForTimeout(500);
    assert.deepEqual(await page.evaluate(faint), [], `${section} light`);
  }
  await page.reload();
  await page.waitForSelector('main h1');
  assert.notEqual(await ground(), dark);
  assert.equal(await page.getByLabel('Tema').inputValue(), 'light');
  await leave(page);
});

/// Text whose contrast is under 4.5 to 1 (WCAG 2.2, 1.4.3; 3 to 1 for large text), measured in the page.
function faint() {
  const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  const rgba = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const over = ([r, g, b, a], under) => [r, g, b].map((c, i) => c * a / 255 + under[i] * (1 - a / 255));
  const light = (c) => c.map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)).reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (node) => {
    const layers = [];
    for (let at = node; at; at = at.parentElement) layers.push(rgba(getComputedStyle(at).backgroundColor));
    return layers.reverse().reduce((under, layer) => over(layer, under), [255, 255, 255]);
  };
  const out = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const holder = node.parentElement;
    if (!node.data.trim() || !holder.checkVisibility() || holder.closest('.unseen, caption, thead, noscript, option, svg, .skip')) continue;
    const style = getComputedStyle(holder), under = behind(holder), a = light(over(rgba(style.color), under)), b = light(under);
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), size = parseFloat(style.fontSize);
    if (ratio < (size >= 24 || (size >= 18.6 && style.fontWeight >= 700) ? 3 : 4.5)) out.push(`${node.data.trim().slice(0, 30)} ${ratio.toFixed(2)}`);
  }
  return out;
}

await step('everything can be done with the keyboard, and the focus stays where it is', async () => {
  const page = await visit({}, '#/overview');
  const focused = () => page.evaluate(() => document.activeElement.textContent.trim());
  await page.keyboard.press('Tab');
  assert.equal(await focused(), 'Skip to content');
  assert.notEqual(await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle), 'none');
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'main');
  await page.evaluate(() => document.activeElement.blur());
  for (let presses = 0; presses < 30 && !(await focused()).startsWith('Queue'); ++presses) await page.keyboard.press('Tab');
  await page.waitForTimeout(4500);  // two looks at the node
  assert.equal(await focused(), 'Queue', 'the focus stays in the navigation');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', {name: 'Queue'}).waitFor();
  await until(page, () => document.activeElement.id === 'main');
  for (let presses = 0; presses < 30 && (await focused()) !== 'Send now'; ++presses) await page.keyboard.press('Tab');
  await page.evaluate(() => { document.activeElement.dataset.mine = 'yes'; window.kept = document.activeElement; });
  await page.waitForTimeout(5000);  // two looks at the node
  assert.ok(await page.evaluate(() => window.kept === document.activeElement && document.body.contains(window.kept)), 'the focus stays');
  await page.goto(`${settings.url}/#/destinations`);
  await page.getByRole('heading', {name: 'Destinations', level: 1}).waitFor();
  for (let presses = 0; presses < 30 && (await focused()) !== 'Pause'; ++presses) await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate(() => document.activeElement.name), 'reason');
  await page.keyboard.press('Escape');
  await until(page, () => !document.querySelector('dialog'));
  assert.equal(await focused(), 'Pause', 'back to the button');
  await leave(page);
});

await step('whoever hears the page gets names, one heading of the first level, and what changes', async () => {
  const page = await visit();
  for (const section of SECTIONS) {
    await page.goto(`${settings.url}/#/${section}`);
    await page.locator(`nav a[href="#/${section}"][aria-current]`).waitFor();
    await page.waitForTimeout(300);
    const faults = await page.evaluate(() => {
      const out = [], ids = new Set();
      if (document.querySelectorAll('h1').length !== 1) out.push(`h1: ${document.querySelectorAll('h1').length}`);
      for (const node of document.querySelectorAll('[id]')) ids.has(node.id) ? out.push(`id ${node.id}`) : ids.add(node.id);
      for (const node of document.querySelectorAll('button, a, input, select, textarea, meter'))
        if (node.checkVisibility() && !(node.textContent.trim() || node.getAttribute('aria-label') || node.labels?.length)) out.push(node.outerHTML);
      for (const node of document.querySelectorAll('img:not([alt]), table:not(:has(caption)), th:not([scope])')) out.push(node.outerHTML);
      return out;
    });
    assert.deepEqual(faults, [], section);
  }
  await page.waitForTimeout(2500);
  const heard = until(page, () => /Drained: nothing new/.test(document.getElementById('live').textContent));
  await page.evaluate(async (token) => {
    const headers = {'Content-Type': 'application/json', ...(token ? {Authorization: `Bearer ${token}`} : {})};
    await fetch('/api/v1/drain', {method: 'POST', headers, body: '{"on":true}'});
  }, settings.token);
  await heard;
  const gone = until(page, () => /No longer: Drained/.test(document.getElementById('live').textContent));
  await page.evaluate(async (token) => {
    const headers = {'Content-Type': 'application/json', ...(token ? {Authorization: `Bearer ${token}`} : {})};
    await fetch('/api/v1/drain', {method: 'POST', headers, body: '{"on":false}'});
  }, settings.token);
  await gone;
  await leave(page);
});

await step('a telephone shows it without scrolling sideways', async () => {
  for (const colorScheme of ['light', 'dark']) {
    const page = await visit({viewport: {width: 390, height: 844}, colorScheme, locale: 'pt-BR'});
    for (const section of SECTIONS) {
      await page.goto(`${settings.url}/#/${section}`);
      await page.locator(`nav a[href="#/${section}"][aria-current]`).waitFor();
      await page.waitForTimeout(300);
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), section);
      await keep(page, `${section}-pt-${colorScheme}-narrow`);
    }
    await leave(page);
  }
});

await step('who has no token is asked for one, and it stays in the tab', async () => {
  expectedAnswers.add(401);
  const page = await visit({}, '', false);
  await page.getByRole('heading', {name: 'Sign in'}).waitFor();
  assert.equal(await page.locator('nav').isVisible(), false);
  await keep(page, 'sign-in-en-light');
  await page.getByLabel('Token').fill('no-token-of-this-node');
  await page.getByRole('button', {name: 'Sign in'}).click();
  await page.getByText('does not accept this token').waitFor();
  await page.getByLabel('Token').fill(settings.token);
  await page.keyboard.press('Enter');
  await page.locator('.stage').first().waitFor();
  assert.deepEqual(await page.evaluate((token) => [Object.values({...localStorage}).some((v) => v.includes(token)), document.cookie, location.href.includes(token)], settings.token), [false, '', false]);
  await page.getByRole('button', {name: 'Sign out'}).click();
  await page.getByRole('heading', {name: 'Sign in'}).waitFor();
  assert.equal(await page.evaluate(() => sessionStorage.getItem('dosigate.token')), null);
  await leave(page);
  expectedAnswers.clear();
});

await end();
