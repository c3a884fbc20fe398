// Originals that wait for a person's decision.
import {post} from '/page/api.js';
import {ask, told} from '/page/dialog.js';
import {ago, badge, bytes, el, empty, render, said, t, table, word} from '/page/dom.js';

/// What a look at the pixels can answer; nothing else may be accepted, the leak check never.
const VISIBLE = ['burned-in', 'secondary-capture', 'ultrasound', 'recording'];

function release(item, refresh) {
  const box = VISIBLE.includes(item.reason) ? el('label', {class: 'check'}, el('input', {type: 'checkbox', name: 'accept', value: item.reason}),
    ` ${t('held.accept', {reason: word('hold', item.reason)})}`) : null;
  ask({title: t('held.release.title'), text: t('held.release.text'), label: t('held.release'), fields: [box],
    act: (reason, data) => post(`quarantine/${item.id}/release`, {reason, accept: data.getAll('accept')}),
    done: (answer) => { told(t(`held.outcome.${answer.outcome}`, {why: answer.detail})); refresh(); }});
}
function discard(item, refresh) {
  ask({title: t('held.discard.title'), text: t('held.discard.text'), label: t('held.discard'), danger: true,
    act: (reason) => post(`quarantine/${item.id}/discard`, {reason}), done: () => { told(t('held.discarded')); refresh(); }});
}

export function quarantine(main, {data, refresh}) {
  render(main, el('h1', {}, t('nav.quarantine')), data.items.length ? table(t('nav.quarantine'), [
    {head: t('held.reason'), class: 'words', cell: (i) => badge(i.reason === 'leak' || i.reason === 'damaged' ? 'bad' : 'warn', word('hold', i.reason))},
    {head: t('held.detail'), class: 'words', cell: (i) => said(i.detail)},
    {head: t('held.from'), cell: (i) => [said(i.calling_ae), el('span', {class: 'faint'}, ` ${i.address}`)]},
    {head: t('held.route'), cell: (i) => i.route},
    {head: t('held.size'), class: 'n', cell: (i) => bytes(i.bytes)},
    {head: t('held.since'), cell: (i) => ago(i.held)},
    {head: t('actions'), cell: (i) => el('span', {class: 'pair'},
      el('button', {type: 'button', class: 'small', onclick: () => release(i, refresh)}, t('held.release')),
      el('button', {type: 'button', class: 'small danger', onclick: () => discard(i, refresh)}, t('held.discard')))},
  ], data.items, (i) => i.id) : empty(t('held.none')));
}
