// Asks @cornerstonejs/calculate-suv for the factors of PET series, so that another program than ours
// says whether dosimetry survived.
//
// usage: node suv.mjs PACKAGE_DIRECTORY SERIES.json
// SERIES.json: {name: [header values of one instance, ...], ...} as suv_headers.py writes it.
// Prints one line per instance, "name[index] suvbw=<16 hexadecimal digits> ...": the bits of the
// doubles, so that equal text means equal numbers. A series that the judge refuses gives
// "name error <what it says>".
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';

const [directory, file] = process.argv.slice(2);
const { calculateSUVScalingFactors } = createRequire(import.meta.url)(resolve(directory));

console.warn = () => {}; // it complains about a missing size; the factor is then missing as well

function bits(number) {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, number);
  return view.getBigUint64(0).toString(16).padStart(16, '0');
}

const all = JSON.parse(readFileSync(file, 'utf8'));
for (const name of Object.keys(all).sort()) {
  try {
    calculateSUVScalingFactors(all[name]).forEach((factors, index) => {
      const fields = Object.keys(factors).sort().map((key) => `${key}=${bits(factors[key])}`);
      console.log(`${name}[${index}] ${fields.join(' ')}`);
    });
  } catch (refused) {
    console.log(`${name} error ${refused.message.split('\n')[0]}`);
  }
}
