// Studies by pseudonym: whether activity can be computed from them, and at which hours after the injection they were taken.
import {get, post} from '/page/api.js';
import {ask, show, told} from '/page/dialog.js';
import {ago, badge, el, empty, facts, number, render, said, t, table, word} from '/page/dom.js';
import {plot} from '/page/plot.js';

const TONE = {ready: 'good', 'ready with warnings': 'warn', 'not ready': 'bad'};
const readiness = (text) => badge(TONE[text] ?? 'calm', word('ready', text));
const PAGE = 50;

export const studiesPath = `studies?max=${PAGE}`;
const further = {items: [], next: undefined};  // what “show more” has brought

export function studies(main, {data, refresh}) {
  const known = new Set(data.items.map((s) => s.study_uid));
  const rows = [...data.items, ...further.items.filter((s) => !known.has(s.study_uid))];
  const next = further.next === undefined ? data.next : further.next;
  const more = async () => {
    try {
      const page = await get(`studies?max=${PAGE}&after=${encodeURIComponent(next)}`);
      further.items.push(...page.items);
      further.next = page.next;
      refresh();
    } catch (error) { told(t('failed', {why: error.message})); }
  };
  render(main, el('h1', {}, t('nav.studies')), rows.length ? [
    table(t('nav.studies'), [
      {head: t('studies.pseudonym'), class: 'name', cell: (s) => el('a', {href: `#/studies/${encodeURIComponent(s.pseudonym)}`}, s.pseudonym)},
      {head: t('studies.readiness'), cell: (s) => [readiness(s.readiness), s.withdrawn ? [' ', badge('warn', t('studies.withdrawn'))] : null]},
      {head: t('studies.modalities'), cell: (s) => s.modalities.join(' + ')},
      {head: t('studies.instances'), class: 'n', cell: (s) => number(s.instances)},
      {head: t('studies.arrival'), cell: (s) => [ago(s.arrival?.last), s.arrival && !s.arrival.complete ? el('span', {class: 'faint'}, ` · ${t('studies.is.arriving')}`) : null]},
      {head: t('studies.uid'), class: 'uid', cell: (s) => s.study_uid},
    ], rows, (s) => s.study_uid),
    next ? el('div', {class: 'buttons'}, el('button', {type: 'button', onclick: more}, t('more'))) : null] : empty(t('studies.none')));
}

/// Asked with a reason, shown once: no part of it stays in the page, the address or the storage.
function reveal(name) {
  ask({title: t('reveal.title', {name}), text: t('reveal.text'), label: t('reveal.do'),
    act: (reason) => post('map/reveal', {pseudonym: name, reason}),
    done: (who) => show(t('reveal.result', {name}), facts([
      [t('reveal.name'), who.name], [t('reveal.id'), who.patient_id], [t('reveal.issuer'), who.issuer || t('unknown')],
      [t('reveal.birth'), who.birth_date], [t('reveal.sex'), who.sex]]))});
}

function cycleTable(cycles) {
  const rows = cycles.flatMap((c) => c.time_points.map((p) => ({c, p})));
  return table(t('study.cycles'), [
    {head: t('study.cycle'), cell: ({c}) => t('study.cycle.of', {nuclide: c.nuclide ?? t('study.nuclide.unknown'), activity: c.activity_mbq === null ? '' : `${number(c.activity_mbq, 1)} MBq`})},
    {head: t('study.hours'), class: 'n', cell: ({p}) => (p.hours === null ? t('unknown') : number(p.hours, 2))},
    {head: t('studies.modalities'), cell: ({p}) => p.modalities},
    {head: t('studies.instances'), class: 'n', cell: ({p}) => number(p.instances)},
    {head: t('study.camera'), cell: ({p}) => p.cameras.join(', ')},
    {head: t('studies.readiness'), cell: ({p}) => readiness(p.readiness)},
  ], rows);
}

function oneStudy(study) {
  return el('section', {class: 'card', 'data-key': study.study_uid},
    el('div', {class: 'heading'}, el('h2', {}, study.series.map((s) => s.modality).filter((m, i, all) => all.indexOf(m) === i).join(' + ')), readiness(study.readiness),
      study.withdrawn ? badge('warn', t('studies.withdrawn')) : null, el('span', {class: 'faint'}, `${t('studies.instances')}: ${number(study.instances)} · `, ago(study.arrival?.last))),
    el('p', {class: 'uid faint'}, study.study_uid),
    el('h3', {}, t('study.findings')),
    study.findings.length ? el('ul', {class: 'findings'}, study.findings.map((f) =>
      el('li', {}, badge(f.severity === 'blocks' ? 'bad' : 'warn', t(`study.${f.severity}`)), ' ', el('code', {}, f.code), ' ', said(f.text))))
      : el('p', {class: 'faint'}, t('study.no.findings')));
}

export function study(main, {data, name}) {
  const shown = data.pseudonym;
  render(main, el('p', {}, el('a', {href: '#/studies'}, `← ${t('studies.back')}`)),
    el('div', {class: 'heading'}, el('h1', {}, t('study.of', {name: shown})), el('button', {type: 'button', 'data-key': name, onclick: () => reveal(shown)}, t('reveal'))),
    el('section', {class: 'card'}, el('h2', {}, t('study.cycles')), plot(shown, data.cycles),
      data.cycles.length ? [cycleTable(data.cycles), el('p', {class: 'legend faint'}, readiness('ready'), ' ', readiness('ready with warnings'), ' ', readiness('not ready'))] : empty(t('study.no.cycles'))),
    data.studies.map(oneStudy));
}
