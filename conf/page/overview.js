// The overview: the verdict, the way of an instance with its rates, and what stands around it.
import {ago, badge, bytes, card, date, el, facts, number, render, said, span, svg, t, word} from '/page/dom.js';

const KEEP = 300;  // seconds of samples
const samples = [];

/// Counters of one poll. A node that was restarted begins at 0: nothing before counts any more.
export function sample(status) {
  const sent = status.destinations.reduce((sum, d) => sum + (d.bytes_sent ?? 0), 0);
  const one = {
    at: Date.now() / 1000, started: status.node.started,
    receive: status.associations.instances, receiveBytes: status.associations.bytes, deid: status.deidentified.instances,
    spool: status.totals.received - status.totals.dropped - status.totals.duplicate - status.totals.quarantined,
    forward: status.destinations.reduce((sum, d) => sum + d.delivered, 0), forwardBytes: sent,
  };
  if (samples.length && samples[0].started !== one.started) samples.length = 0;
  samples.push(one);
  while (samples.length > 2 && one.at - samples[0].at > KEEP) samples.shift();
}

/// A second, over the last ten.
function rate(key) {
  const last = samples.at(-1);
  const first = samples.find((s) => last.at - s.at <= 10.5);
  return first && last.at > first.at ? Math.max(0, (last[key] - first[key]) / (last.at - first.at)) : 0;
}

function trend(key) {
  const steps = samples.slice(1).map((s, i) => ({from: samples[i].at, at: s.at, n: Math.max(0, (s[key] - samples[i][key]) / Math.max(0.1, s.at - samples[i].at))}));
  const end = samples.at(-1)?.at ?? 0, top = Math.max(1, ...steps.map((s) => s.n));
  const reach = Math.min(KEEP, Math.max(60, end - (samples[0]?.at ?? end)));  // what there is, but a minute at least
  const x = (at) => (120 - (end - at) / reach * 120).toFixed(1);
  // A step for the time between two looks: what one of them has counted lies somewhere in it.
  const points = steps.flatMap((s) => [s.from, s.at].map((at) => `${x(at)},${(28 - s.n / top * 25).toFixed(1)}`));
  const line = svg('svg', {class: 'trend', viewBox: '0 0 120 30', preserveAspectRatio: 'none', 'aria-hidden': 'true'}, svg('line', {x1: 0, x2: 120, y1: 29, y2: 29}));
  if (points.length) {
    line.append(svg('polygon', {points: `${points[0].split(',')[0]},29 ${points.join(' ')} 120,29`}));
    line.append(svg('polyline', {points: points.join(' ')}));
  }
  return line;
}

function stage(key, icon, rows, flow, bytesKey) {
  const n = rate(key);
  const pace = [number(n, n < 10 ? 1 : 0), el('small', {}, ` ${t('flow.per.s')}`)];
  return el('li', {class: `stage${n > 0 ? ' busy' : ''}`, 'data-stage': key},
    el('h3', {}, svg('svg', {viewBox: '0 0 24 24', class: 'icon', 'aria-hidden': 'true'}, svg('path', {d: icon})), t(`flow.${flow}`)),
    el('p', {class: 'rate', 'data-rate': key, title: t('flow.trend')}, pace, bytesKey ? el('small', {class: 'faint'}, ` · ${bytes(rate(bytesKey))}/s`) : null),
    trend(key), facts(rows));
}

const tone = (n) => (n > 0 ? {class: 'loud'} : {class: 'quiet'});
const count = (n) => el('span', tone(n), number(n));

function flow(status) {
  const {totals, associations, destinations} = status;
  const places = destinations.filter((d) => d.kind !== 'rest');  // which is nobody that could be down
  const up = places.filter((d) => d.state !== 'down' && d.state !== 'removed').length;
  const oldest = Math.max(0, ...destinations.map((d) => d.oldest_queued_s));
  const dropped = Object.values(status.dropped).reduce((a, b) => a + b, 0);
  return el('section', {class: 'card flow'}, el('h2', {}, t('flow')), el('ol', {class: 'stages'},
    stage('receive', 'M12 3v11m-4-4 4 4 4-4M4 16v4h16v-4', [
      [t('flow.associations'), number(associations.active)], [t('flow.received'), number(totals.received)],
      [t('flow.refused'), el('a', {href: '#/security'}, count(totals.refused))]], 'receive', 'receiveBytes'),
    stage('deid', 'M12 3l7 3v5c0 5-3 8-7 10-4-2-7-5-7-10V6zM9 12l2 2 4-4', [
      [t('flow.cleaned'), number(status.deidentified.instances)],
      [t('flow.held'), el('a', {href: '#/quarantine'}, count(status.quarantine.count))], [t('flow.dropped'), number(dropped)]], 'deid'),
    stage('spool', 'M4 6c0-2 16-2 16 0v12c0 2-16 2-16 0zM4 6c0 2 16 2 16 0M4 12c0 2 16 2 16 0', [
      [t('flow.queued'), el('a', {href: '#/queue'}, number(totals.queued))], [t('flow.oldest'), oldest ? span(oldest) : t('none')],
      [t('flow.disk'), bytes(status.disk.spool_bytes)]], 'spool'),
    stage('forward', 'M4 12h15m-6-6 6 6-6 6', [
      [t('flow.up'), el('a', {href: '#/destinations'}, `${number(up)} / ${number(places.length)}`)], [t('flow.delivered'), number(destinations.reduce((sum, d) => sum + d.delivered, 0))],
      [t('flow.parked'), el('a', {href: '#/queue'}, count(totals.parked))]], 'forward', 'forwardBytes')));
}

export const conditionName = (c) => `${word('condition', c.name)}${c.of ? `: ${c.of}` : ''}`;

export function verdict(conditions) {
  const worst = Math.max(0, ...conditions.map((c) => c.severity));
  const state = ['good', 'warn', 'bad'][worst];
  return el('section', {class: `verdict ${state}`}, el('h1', {}, t(`verdict.${state}`, {n: conditions.length})),
    conditions.length ? el('ul', {class: 'conditions'}, conditions.toSorted((a, b) => b.severity - a.severity).map((c) =>
      el('li', {title: c.name}, badge(c.severity === 2 ? 'bad' : 'warn', t(`severity.${c.severity}`)), el('strong', {}, conditionName(c)), said(c.text))))
      : el('p', {}, t('verdict.sub.good')));
}

function certificate(name, one) {
  const days = (one.expires - Date.now() / 1000) / 86400;
  return [name, el('span', {}, badge(days < 0 ? 'bad' : days < 30 ? 'warn' : 'good', `${t('cert.expires')} ${date(one.expires)}`))];
}

function around(status) {
  const {disk, tls, http, map, node} = status;
  const whole = disk.used_bytes + disk.free_bytes;
  return el('div', {class: 'cards'},
    card(t('card.disk'), el('meter', {min: 0, max: 1, high: 0.8, optimum: 0, value: whole ? disk.used_bytes / whole : 0, 'aria-label': t('disk.used')}), facts([
      [t('disk.used'), bytes(disk.used_bytes)], [t('disk.free'), bytes(disk.free_bytes)], [t('disk.quarantine'), bytes(disk.quarantine_bytes)],
      [t('disk.left'), disk.hours_left === null ? t('disk.still') : span(disk.hours_left * 3600)]])),
    card(t('card.map'), facts([
      [t('map.patients'), number(map.patients)], [t('map.studies'), number(map.studies)], [t('map.devices'), number(map.devices)], [t('map.pairs'), number(map.uid_pairs)],
      [t('studies.arriving'), el('a', {href: '#/studies'}, number(status.studies.arriving))], [t('studies.complete'), el('a', {href: '#/studies'}, number(status.studies.complete_today))],
      map.alarms ? [t('map.alarms'), badge('warn', number(map.alarms))] : null])),
    card(t('card.certificates'), tls || http?.certificate ? facts([
      http?.certificate ? certificate(t('cert.http'), http.certificate) : null, tls?.certificate ? certificate(t('cert.own'), tls.certificate) : null,
      tls ? certificate(t('cert.ca'), tls.ca) : null, tls ? [t('cert.failures'), count(tls.handshakes_failed)] : null]) : el('p', {class: 'faint'}, t('cert.none'))),
    card(t('card.node'), facts([
      [t('node.version'), status.version], [t('node.uptime'), span(node.uptime_s)], [t('node.listens'), node.listeners.join(', ')],
      [t('node.memory'), `${bytes(status.network.memory.used_bytes)} / ${bytes(status.network.memory.max_bytes)}`],
      status.drain.on ? [t('node.drain'), ago(status.drain.since)] : null])));
}

export function overview(main, {status}) {
  render(main, verdict(status.conditions), flow(status), around(status));
}
