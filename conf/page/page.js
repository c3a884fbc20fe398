// The administrator's page: signs in, asks the node every few seconds, and shows the section that the address names.
import {dropToken, get, keepToken, Refused, token} from '/page/api.js';
import {destinations, queue, queuePath} from '/page/destinations.js';
import {announce, clock, currentLanguage, el, render, t, useLanguage} from '/page/dom.js';
import {quarantine} from '/page/held.js';
import {chosenDay, ledger, ledgerPath} from '/page/ledger.js';
import {conditionName, overview, sample} from '/page/overview.js';
import {security} from '/page/security.js';
import {studies, studiesPath, study} from '/page/studies.js';

const EVERY = 2000;  // milliseconds between two looks at the node
const place = (id) => document.getElementById(id);
const main = place('main');

/// What a section asks the node for, beside the status, and how it is shown.
const sections = {
  overview: {show: overview}, destinations: {show: destinations}, queue: {path: () => queuePath, show: queue},
  studies: {path: (name) => (name ? `study/${encodeURIComponent(name)}` : studiesPath), show: (at, known) => (known.name ? study : studies)(at, known)},
  quarantine: {path: () => 'quarantine', show: quarantine}, ledger: {path: ledgerPath, show: ledger}, security: {path: () => 'incidents', show: security},
};

let status = null, answered = null, raised = null, shown = '', marked = '', asking = 0;

function where() {
  const [, section, name] = location.hash.split('/');
  return {section: sections[section] ? section : 'overview', name: name ? decodeURIComponent(name) : undefined};
}

function store(key, value) { try { localStorage.setItem(key, value); } catch { /* a browser that keeps nothing */ } }
function stored(key) { try { return localStorage.getItem(key); } catch { return null; } }

function dress() {
  document.documentElement.lang = currentLanguage() === 'pt' ? 'pt-BR' : 'en';
  place('skip').textContent = t('skip');
  place('theme-label').textContent = `${t('theme')} `;
  place('languages').setAttribute('aria-label', t('language'));
  for (const button of place('languages').children) button.setAttribute('aria-pressed', String(button.dataset.language === currentLanguage()));
  for (const option of place('theme').options) option.textContent = t(`theme.${option.value}`);
  place('sign-out').textContent = t('sign.out');
  place('nav').setAttribute('aria-label', t('nav'));
}
function useTheme(theme) {
  if (theme === 'auto') delete document.documentElement.dataset.theme; else document.documentElement.dataset.theme = theme;
  place('theme').value = theme;
}

function navigation() {
  const counts = status ? {queue: status.totals.parked, quarantine: status.quarantine.count, security: status.incidents.open, destinations: status.destinations.filter((d) => d.state === 'down').length} : {};
  const {section} = where();
  place('nav').hidden = !status;
  render(place('nav').firstElementChild, Object.keys(sections).map((key) => el('li', {},
    el('a', {href: `#/${key}`, 'aria-current': key === section ? 'page' : null}, t(`nav.${key}`), counts[key] ? el('span', {class: 'count'}, String(counts[key])) : null))));
  if (section !== marked) place('nav').querySelector('[aria-current]').scrollIntoView({block: 'nearest', inline: 'center'});  // a narrow row scrolls
  marked = section;
}

/// Says what has begun and what has ended since the look before.
function tell(conditions) {
  const names = new Map(conditions.map((c) => [`${c.name} ${c.of}`.trim(), c]));
  if (raised) {
    for (const [name, c] of names) if (!raised.has(name)) announce(t('raised', {what: `${conditionName(c)}: ${c.text}`}), c.severity === 2);
    for (const [name, c] of raised) if (!names.has(name)) announce(t('cleared', {what: conditionName(c)}));
  }
  raised = names;
}

async function look() {
  const turn = ++asking, {section, name} = where(), path = sections[section].path?.(name);
  try {
    const [now, data] = await Promise.all([get('status'), path ? get(path) : null]);
    if (turn !== asking) return;
    if (answered === false) announce(t('back'));
    status = now;
    answered = true;
    sample(status);
    tell(status.conditions);
    document.title = `${t(`nav.${section}`)} · ${t('title', {node: status.node.ae_title})}`;
    place('node').textContent = status.node.ae_title;
    place('freshness').textContent = t('fresh', {time: clock(Date.now() / 1000)});
    document.body.classList.remove('stale');
    place('sign-out').hidden = !token();
    navigation();
    const here = `${section}/${name ?? ''}/${currentLanguage()}`;
    if (here !== shown) main.replaceChildren();
    sections[section].show(main, {status, data, name: section === 'ledger' ? chosenDay(name) : name, refresh: look});
    shown = here;
  } catch (error) {
    if (turn === asking) failed(error);
  }
}

function failed(error) {
  if (error instanceof Refused && error.status === 401) return signIn(token() ? t('sign.wrong') : '');
  const why = error instanceof Refused ? error.message : t('no.connection');
  if (answered !== false) announce(t('lost'), true);
  answered = false;
  document.body.classList.add('stale');
  place('freshness').textContent = t('stale', {time: clock(Date.now() / 1000), why});
  const {section, name} = where();
  if (shown !== `${section}/${name ?? ''}/${currentLanguage()}`) main.replaceChildren(el('p', {class: 'error'}, t('failed', {why})));
}

function signIn(wrong) {
  if (shown === 'sign-in' && !wrong) return;
  status = raised = null;
  shown = 'sign-in';
  dropToken();
  navigation();
  place('sign-out').hidden = true;
  place('freshness').textContent = place('node').textContent = '';
  document.title = `${t('sign.title')} · dosigate`;
  const input = el('input', {type: 'password', name: 'token', autocomplete: 'off', spellcheck: 'false', required: true, 'aria-describedby': 'sign-help'});
  const error = el('p', {class: 'wrong', role: 'alert'}, wrong);
  const form = el('form', {class: 'card sign', novalidate: true}, el('h1', {}, t('sign.title')), el('label', {class: 'field'}, t('sign.token'), input), el('p', {id: 'sign-help', class: 'faint'}, t('sign.help')), error,
    el('div', {class: 'buttons'}, el('button', {type: 'submit', class: 'primary'}, t('sign.in'))));
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const text = input.value.trim();
    if (!text) { error.textContent = t('sign.missing'); return input.focus(); }
    keepToken(text);
    shown = '';
    look();
  });
  main.replaceChildren(form);
  input.focus();
}

place('languages').addEventListener('click', (event) => {
  const wanted = event.target.dataset?.language;
  if (!wanted) return;
  store('dosigate.language', wanted);
  useLanguage(wanted);
  dress();
  if (shown === 'sign-in') { shown = ''; signIn(''); } else { look(); }
});
place('theme').addEventListener('change', (event) => { store('dosigate.theme', event.target.value); useTheme(event.target.value); });
place('sign-out').addEventListener('click', () => { dropToken(); shown = ''; look(); });
place('skip').addEventListener('click', (event) => { event.preventDefault(); main.focus(); });
addEventListener('hashchange', async () => { await look(); main.focus({preventScroll: true}); scrollTo(0, 0); });
document.addEventListener('visibilitychange', () => { if (!document.hidden && shown !== 'sign-in') look(); });
setInterval(() => { if (!document.hidden && shown !== 'sign-in') look(); }, EVERY);

useLanguage(stored('dosigate.language') ?? (navigator.language.toLowerCase().startsWith('pt') ? 'pt' : 'en'));
useTheme(stored('dosigate.theme') ?? 'auto');
dress();
main.replaceChildren(el('p', {class: 'faint'}, t('loading')));
look();
