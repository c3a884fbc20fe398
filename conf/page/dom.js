// Elements, words and numbers. Text is only ever set as text: titles of senders, errors of archives and file names come from
// outside, and none of them can become markup here.
import {words} from '/page/words.js';

export const SVG = 'http://www.w3.org/2000/svg';

/// el('td', {class: 'n'}, 'text', child): attributes by name, on* as listeners, children as nodes or text.
export function el(name, attributes = {}, ...children) {
  return fill(document.createElement(name), attributes, children);
}
export function svg(name, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, name), attributes, children);
}
function fill(node, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith('on')) node.addEventListener(key.slice(2), value);
    else node.setAttribute(key, value === true ? '' : String(value));
  }
  node.append(...children.flat(3).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

let language = 'en';
export function useLanguage(wanted) { language = words[wanted] ? wanted : 'en'; }
export const currentLanguage = () => language;
const locale = () => (language === 'pt' ? 'pt-BR' : 'en-GB');

export function t(key, values = {}) {
  const text = words[language][key] ?? words.en[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (all, name) => (name in values ? String(values[name]) : all));
}
/// The word for a code of the program, or the code itself when there is none.
export const word = (kind, code) => words[language][`${kind}.${code}`] ?? String(code).replaceAll('-', ' ');

/// What the program says in its own words, which are English.
export const said = (text, name = 'span', attributes = {}) => el(name, {lang: 'en', dir: 'auto', ...attributes}, String(text));

export const number = (value, digits = 0) => new Intl.NumberFormat(locale(), {maximumFractionDigits: digits}).format(value);
export function bytes(value) {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let at = 0;
  while (value >= 1024 && at < units.length - 1) { value /= 1024; ++at; }
  return `${number(value, at && value < 100 ? 1 : 0)} ${units[at]}`;
}
export function span(seconds) {
  const n = Math.max(0, seconds);
  if (n < 90) return t('unit.s', {n: number(n)});
  if (n < 5400) return t('unit.min', {n: number(n / 60)});
  if (n < 172800) return t('unit.h', {n: number(n / 3600, 1)});
  return t('unit.d', {n: number(n / 86400, 1)});
}
const now = () => Date.now() / 1000;
const moment = (unix, options) => new Intl.DateTimeFormat(locale(), options).format(new Date(unix * 1000));
export const clock = (unix) => moment(unix, {hour: '2-digit', minute: '2-digit', second: '2-digit'});
export const date = (unix) => moment(unix, {dateStyle: 'medium'});
/// How long ago, with the moment itself as its title.
export function ago(unix) {
  if (!unix) return t('never');
  const full = moment(unix, {dateStyle: 'medium', timeStyle: 'medium'});
  return el('time', {datetime: new Date(unix * 1000).toISOString(), title: full}, t('ago', {time: span(now() - unix)}));
}

/// A state by word, sign and colour; never by colour alone.
export function badge(tone, text) {
  const sign = {good: '●', warn: '▲', bad: '■', calm: '○'}[tone];
  return el('span', {class: `badge ${tone}`}, el('span', {'aria-hidden': 'true'}, sign), ` ${text}`);
}

/// Columns: {head, cell(row), class}. Narrow screens show each row as a list, so each cell knows its head; the roles stay.
/// A caption that says the same as the heading of its section is for ears alone.
const QUIET = ['nav.queue', 'nav.studies', 'nav.quarantine'];
export function table(caption, columns, rows, key = (row, at) => at) {
  return el('div', {class: 'scroll'}, el('table', {role: 'table'}, el('caption', {class: QUIET.some((key) => t(key) === caption) ? 'unseen' : null}, caption),
    el('thead', {role: 'rowgroup'}, el('tr', {role: 'row'}, columns.map((c) => el('th', {scope: 'col', role: 'columnheader', class: c.class}, c.head)))),
    el('tbody', {role: 'rowgroup'}, rows.map((row, at) => el('tr', {role: 'row', 'data-key': key(row, at)}, columns.map((c) =>
      el('td', {role: 'cell', class: c.class, 'data-head': c.head}, el('span', {class: 'cell'}, c.cell(row)))))))));
}
export function facts(pairs) {
  return el('dl', {class: 'facts'}, pairs.filter(Boolean).map(([name, value]) => el('div', {}, el('dt', {}, name), el('dd', {}, value))));
}
export const card = (title, ...children) => el('section', {class: 'card'}, el('h2', {}, title), children);
export const empty = (text) => el('p', {class: 'empty'}, text);

/// For those who hear the page: what has changed, and what went wrong.
export function announce(text, grave = false) {
  const place = document.getElementById(grave ? 'alarm' : 'live');
  place.textContent = '';
  setTimeout(() => { place.textContent = text; }, 50);
}

/// Brings what is shown to what it should be, and leaves alone what is the same: focus, selection and scroll positions stay
/// while the page refreshes itself. Rows with another data-key are other rows, with other buttons.
export function render(place, ...nodes) {
  const fresh = el('div', {}, nodes);
  morphChildren(place, fresh);
}
function morph(old, fresh) {
  const same = old.nodeType === fresh.nodeType && old.nodeName === fresh.nodeName &&
    (old.nodeType !== Node.ELEMENT_NODE || old.getAttribute('data-key') === fresh.getAttribute('data-key'));
  if (!same) return old.replaceWith(fresh);
  if (old.nodeType !== Node.ELEMENT_NODE) {
    if (old.data !== fresh.data) old.data = fresh.data;
    return;
  }
  for (const {name} of [...old.attributes]) if (!fresh.hasAttribute(name) && name !== 'open') old.removeAttribute(name);
  for (const {name, value} of fresh.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  morphChildren(old, fresh);
}
function morphChildren(old, fresh) {
  const wanted = [...fresh.childNodes];
  while (old.childNodes.length > wanted.length) old.lastChild.remove();
  wanted.forEach((node, at) => (at < old.childNodes.length ? morph(old.childNodes[at], node) : old.append(node)));
}
