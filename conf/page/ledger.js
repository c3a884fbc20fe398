// The book of one day of UTC: what came, and what has become of it until now.
import {badge, el, empty, number, render, said, svg, t, table, word} from '/page/dom.js';

const OUTCOMES = ['delivered', 'queued', 'parked', 'quarantined', 'dropped', 'discarded', 'duplicate'];
const today = () => new Date().toISOString().slice(0, 10);

export const chosenDay = (name) => (/^\d{4}-\d{2}-\d{2}$/.test(name ?? '') ? name : today());
export const ledgerPath = (name) => `report?from=${chosenDay(name)}&to=${chosenDay(name)}`;

/// A picture made of rectangles: widths in a style attribute are against the page's own policy.
function bar(day) {
  const all = day.received + day.issued;
  let at = 0;
  return svg('svg', {class: 'bar', viewBox: '0 0 100 4', preserveAspectRatio: 'none', 'aria-hidden': 'true'}, OUTCOMES.filter((o) => day[o] > 0).map((o) => {
    const width = day[o] / all * 100, part = svg('rect', {x: at, y: 0, width, height: 4, class: o});
    at += width;
    return part;
  }));
}

export function ledger(main, {data, name}) {
  const day = data.days[0], sum = OUTCOMES.reduce((n, o) => n + day[o], 0);
  const input = el('input', {type: 'date', max: today(), value: chosenDay(name), onchange: (event) => { if (event.target.value) location.hash = `#/ledger/${event.target.value}`; }});
  const reasons = Object.entries(day.reasons).flatMap(([outcome, counts]) => Object.entries(counts).map(([reason, n]) => ({outcome, reason, n})));
  const nothing = day.received + day.issued + day.refused === 0;
  render(main, el('div', {class: 'heading'}, el('h1', {}, t('nav.ledger')), el('label', {class: 'choice'}, `${t('ledger.day')} `, input)),
    nothing ? empty(t('ledger.empty')) : [
      el('section', {class: 'card'}, el('div', {class: 'heading'}, el('h2', {}, t('ledger.outcomes')), badge(day.adds_up ? 'good' : 'bad', t(day.adds_up ? 'ledger.adds' : 'ledger.adds.not'))),
        el('p', {}, t('ledger.equation', {received: number(day.received), issued: number(day.issued), sum: number(sum)})), bar(day),
        el('ul', {class: 'outcomes'}, OUTCOMES.map((o) => el('li', {}, el('span', {class: `dot ${o}`, 'aria-hidden': 'true'}), `${word('outcome', o)} `, el('strong', {}, number(day[o]))))),
        day.faults.map((fault) => said(fault, 'p', {class: 'error'})), day.refused ? el('p', {}, t('ledger.refused', {n: number(day.refused)})) : null),
      reasons.length ? table(t('ledger.reasons'), [
        {head: t('ledger.outcomes'), cell: (r) => word('outcome', r.outcome)}, {head: t('ledger.reasons'), class: 'words', cell: (r) => said(r.reason)},
        {head: t('ledger.count'), class: 'n', cell: (r) => number(r.n)}], reasons) : null,
      day.destinations.length ? table(t('ledger.destinations'), [
        {head: t('col.name'), cell: (d) => d.name}, ...['assigned', 'delivered', 'queued', 'parked', 'withdrawn'].map((key) => (
          {head: t(key === 'assigned' ? 'ledger.assigned' : `dest.${key}`), class: 'n', cell: (d) => number(d[key])}))], day.destinations) : null,
      day.studies.length ? table(t('ledger.studies'), [
        {head: t('studies.pseudonym'), class: 'name', cell: (s) => (s.pseudonym ? el('a', {href: `#/studies/${encodeURIComponent(s.pseudonym)}`}, s.pseudonym) : '')},
        {head: t('ledger.received'), class: 'n', cell: (s) => number(s.received)},
        {head: t('studies.uid'), class: 'uid', cell: (s) => s.study_uid}], day.studies) : null]);
}
