// Where clean instances go, and what waits for it.
import {post} from '/page/api.js';
import {ask, told} from '/page/dialog.js';
import {ago, badge, bytes, date, el, empty, facts, number, render, said, span, t, table, word} from '/page/dom.js';

const TONE = {up: 'good', down: 'bad', idle: 'calm', waiting: 'calm', paused: 'warn', removed: 'warn'};
export const stateBadge = (d) => badge(TONE[d.state] ?? 'calm', word('state', d.state));

function pause(d, refresh) {
  ask({title: t('dest.pause.title', {name: d.name}), text: t('dest.pause.text'), label: t('dest.pause'),
    act: (reason) => post('queue/pause', {destination: d.name, reason}), done: () => { told(t('done')); refresh(); }});
}
function resume(d, refresh) {
  ask({title: t('dest.resume.title', {name: d.name}), text: '', label: t('dest.resume'), reason: false,
    act: () => post('queue/resume', {destination: d.name}), done: () => { told(t('done')); refresh(); }});
}
/// How many are due now: also those that waited only for their destination.
const due = ({destinations}) => destinations.reduce((sum, to) => sum + to.due, 0);

export async function retry(body, refresh) {
  try {
    told(t('queue.requeued', {n: number(due(await post('queue/retry', body)))}));
    refresh();
  } catch (error) {
    told(t('failed', {why: error.message}));
  }
}

function one(d, refresh) {
  const waits = d.queued + d.parked > 0;
  return el('article', {class: `card destination ${d.state}`, 'data-key': d.name + d.state + waits},
    el('div', {class: 'heading'}, el('h2', {}, d.name), stateBadge(d), el('span', {class: 'faint'}, word('kind', d.kind), d.tls ? ` · ${t('dest.tls')}` : '')),
    d.paused ? el('p', {class: 'notice'}, t('dest.paused.by', {by: d.paused.by, when: date(d.paused.since), reason: d.paused.reason}))
      : d.state_text ? said(d.state_text, 'p', {class: 'notice'}) : null,
    d.last_error ? el('p', {class: 'error'}, el('strong', {}, `${t('dest.error')}: `), said(d.last_error)) : null,
    facts([
      [t('dest.queued'), number(d.queued)], [t('dest.parked'), d.parked ? badge('warn', number(d.parked)) : number(0)],
      [t('dest.oldest'), d.oldest_queued_s ? span(d.oldest_queued_s) : t('none')], [t('dest.delivered'), number(d.delivered)], [t('dest.withdrawn'), number(d.withdrawn)],
      [t('dest.success'), ago(d.last_success)], d.bytes_sent === undefined ? null : [t('dest.sent'), bytes(d.bytes_sent)],
      d.legal ? [t('dest.legal'), said(`${d.legal.purpose}; ${d.legal.legal_basis}; ${d.legal.operator}, ${d.legal.country}`)] : null]),
    el('div', {class: 'buttons'},
      waits ? el('button', {type: 'button', onclick: () => retry({destination: d.name}, refresh)}, t('dest.retry')) : null,
      d.paused ? el('button', {type: 'button', class: 'primary', onclick: () => resume(d, refresh)}, t('dest.resume'))
        : d.state === 'removed' || d.kind === 'rest' ? null : el('button', {type: 'button', onclick: () => pause(d, refresh)}, t('dest.pause'))));
}

export function destinations(main, {status, refresh}) {
  render(main, el('h1', {}, t('nav.destinations')),
    status.destinations.length ? el('div', {class: 'wide-cards'}, status.destinations.map((d) => one(d, refresh))) : empty(t('dest.none')));
}

const MOST = 500;
export const queuePath = `queue?max=${MOST}`;

/// Hundreds of slices of one study that wait for the same thing are one row.
function together(items) {
  const groups = new Map();
  for (const row of items) {
    // What waits in the queue waits for the destination: of its study one is tried, and has the reason.
    const key = [row.destination, row.study_uid, row.state, row.state === 'parked' ? row.reason : ''].join('\n');
    const group = groups.get(key);
    if (!group) { groups.set(key, {...row, key, ids: [row.id]}); continue; }
    group.ids.push(row.id);
    group.reason ||= row.reason;
    group.bytes += row.bytes;
    group.attempts = Math.max(group.attempts, row.attempts);
    group.queued_s = Math.max(group.queued_s, row.queued_s);
    if (row.next_attempt_s !== null) group.next_attempt_s = Math.min(group.next_attempt_s, row.next_attempt_s);
  }
  return [...groups.values()];
}

async function sendNow(group, refresh) {
  try {
    let sent = 0;
    for (const id of group.ids) sent += due(await post('queue/retry', {destination: group.destination, id}));
    told(t('queue.requeued', {n: number(sent)}));
    refresh();
  } catch (error) {
    told(t('failed', {why: error.message}));
  }
}

export function queue(main, {data, status, refresh}) {
  const rows = together(data.items);
  const waiting = (row) => (row.state === 'parked' ? t('queue.by.hand') : row.next_attempt_s === null ? '' : row.next_attempt_s > 0 ? span(row.next_attempt_s) : t('queue.due'));
  render(main, el('div', {class: 'heading'}, el('h1', {}, t('nav.queue')), status.destinations.map((d) => el('span', {class: 'chip'}, `${d.name} `, stateBadge(d)))),
    rows.length ? [el('div', {class: 'buttons'}, el('button', {type: 'button', onclick: () => retry({}, refresh)}, t('queue.retry.all'))),
      data.items.length === MOST ? el('p', {class: 'faint'}, t('queue.shown', {n: number(MOST)})) : null,
      table(t('nav.queue'), [
        {head: t('queue.destination'), cell: (r) => r.destination},
        {head: t('queue.state'), cell: (r) => badge(r.state === 'parked' ? 'warn' : 'calm', word('delivery', r.state))},
        {head: t('queue.pseudonym'), class: 'name', cell: (r) => (r.pseudonym ? el('a', {href: `#/studies/${encodeURIComponent(r.pseudonym)}`}, r.pseudonym) : '')},
        {head: t('queue.count'), class: 'n', cell: (r) => number(r.ids.length)},
        {head: t('queue.reason'), class: 'words', cell: (r) => (r.reason ? said(r.reason) : '')},
        {head: t('queue.attempts'), class: 'n', cell: (r) => number(r.attempts)},
        {head: t('queue.since'), class: 'n', cell: (r) => span(r.queued_s)},
        {head: t('queue.next'), class: 'n', cell: waiting},
        {head: t('queue.size'), class: 'n', cell: (r) => bytes(r.bytes)},
        {head: t('actions'), cell: (r) => el('button', {type: 'button', class: 'small', onclick: () => sendNow(r, refresh)}, t('queue.retry'))},
      ], rows, (r) => `${r.key}\n${r.ids.length}\n${r.ids[0]}`)] : empty(t('queue.empty')));
}
