// Incidents, certificates, refused senders and the audit record.
import {post} from '/page/api.js';
import {ask, told} from '/page/dialog.js';
import {ago, badge, card, date, el, empty, facts, number, render, said, t, table, word} from '/page/dom.js';

function close(incident, refresh) {
  ask({title: t('incident.close.title', {n: incident.number}), text: t('incident.close.text'), label: t('incident.close'),
    act: (reason) => post(`incidents/${incident.number}/close`, {reason}), done: () => { told(t('done')); refresh(); }});
}

function certificate(name, one) {
  const days = (one.expires - Date.now() / 1000) / 86400;
  return el('div', {}, el('h3', {}, name), facts([[t('cert.subject'), said(one.subject)],
    [t('cert.expires'), badge(days < 0 ? 'bad' : days < 30 ? 'warn' : 'good', date(one.expires))],
    one.fingerprint ? [t('cert.fingerprint'), el('code', {class: 'uid'}, one.fingerprint)] : null]));
}

export function security(main, {data, status, refresh}) {
  const incidents = [...data.items].reverse();
  const {tls, http, audit} = status;
  render(main, el('h1', {}, t('nav.security')),
    incidents.length ? table(t('incidents'), [
      {head: t('incident.state'), cell: (i) => badge(i.state === 'open' ? 'bad' : 'calm', word('incident', i.state))},
      {head: t('incident.kind'), cell: (i) => word('incident', i.kind)},
      {head: t('incident.of'), cell: (i) => said(i.of)},
      {head: t('incident.detail'), class: 'words', cell: (i) => said(i.detail)},
      {head: t('incident.count'), class: 'n', cell: (i) => number(i.count)},
      {head: t('incident.subjects'), class: 'n', cell: (i) => number(i.subjects_affected)},
      {head: t('incident.last'), cell: (i) => ago(i.last)},
      {head: t('actions'), cell: (i) => (i.state === 'open' ? el('button', {type: 'button', class: 'small', onclick: () => close(i, refresh)}, t('incident.close')) : '')},
    ], incidents, (i) => i.number + i.state) : [el('h2', {}, t('incidents')), empty(t('incidents.none'))],
    status.refused_peers.length ? table(t('peers'), [
      {head: t('peer.calling'), cell: (p) => said(p.calling_ae)}, {head: t('peer.called'), cell: (p) => said(p.called_ae)}, {head: t('peer.address'), cell: (p) => p.address},
      {head: t('peer.reason'), class: 'words', cell: (p) => said(p.reason)}, {head: t('peer.count'), class: 'n', cell: (p) => number(p.count)}, {head: t('peer.last'), cell: (p) => ago(p.last)},
    ], status.refused_peers) : [el('h2', {}, t('peers')), empty(t('peers.none'))],
    el('div', {class: 'cards'}, card(t('card.certificates'), tls || http?.certificate ? [http?.certificate ? certificate(t('cert.http'), http.certificate) : null, tls?.certificate ? certificate(t('cert.own'), tls.certificate) : null, tls ? certificate(t('cert.ca'), tls.ca) : null] : el('p', {class: 'faint'}, t('cert.none'))),
      card(t('audit'), facts([[t('audit.lines'), number(audit.lines)], [t('audit.head'), el('code', {class: 'uid'}, audit.head)]]))));
}
