// An independent DICOMweb client, in the browser that it is made for, stores a study by STOW-RS.
import assert from 'node:assert/strict';
import {createRequire} from 'node:module';
import fs from 'node:fs';

const settings = JSON.parse(fs.readFileSync(process.argv[2], 'utf8'));
const {chromium} = createRequire(import.meta.url)(settings.playwright);
const browser = await chromium.launch({executablePath: settings.chromium, args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage']});
try {
  // The page's own policy lets no other script in, which is not what is tested here.
  const page = await (await browser.newContext({bypassCSP: true})).newPage();
  await page.goto(`${settings.url}/`);
  await page.addScriptTag({path: settings.client});
  const files = settings.files.map((file) => fs.readFileSync(file).toString('base64'));
  const answer = await page.evaluate(async ({url, token, files}) => {
    const {DICOMwebClient} = window.DICOMwebClient.api;
    const client = new DICOMwebClient({url: `${url}/dicom-web`, headers: {Authorization: `Bearer ${token}`}});
    const datasets = files.map((text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);
    const answer = await client.storeInstances({datasets});
    return typeof answer === 'string' ? answer : new TextDecoder().decode(answer);
  }, {url: settings.url, token: settings.token, files});
  // PS3.18 Annex I.2.2: Referenced SOP Sequence, and no Failed SOP Sequence.
  const stored = JSON.parse(answer);
  assert.equal(stored['00081199'].Value.length, files.length, answer);
  assert.equal(stored['00081198'], undefined, answer);
  console.log(`stored ${files.length}`);
} finally {
  await browser.close();
}
