// Time points of a patient: a lane for each injection, hours after it along the axis. What the picture shows stands in a table as well.
import {el, number, svg, t, word} from '/page/dom.js';

const WIDTH = 960, LEFT = 150, RIGHT = 30, LANE = 64, TOP = 18, FOOT = 46;

function steps(most) {
  const rough = most / 6;
  const step = [0.5, 1, 2, 6, 12, 24, 48, 72, 96, 168, 336].find((s) => s >= rough) ?? Math.ceil(rough / 168) * 168;
  const out = [];
  for (let at = 0; at <= most + 1e-9; at += step) out.push(at);
  return out;
}

/// Readiness by shape as well as by colour.
function mark(x, y, readiness) {
  if (readiness === 'ready') return svg('circle', {cx: x, cy: y, r: 8, class: 'good'});
  if (readiness === 'ready with warnings') return svg('path', {d: `M${x} ${y - 9}l9 16h-18z`, class: 'warn'});
  return svg('path', {d: `M${x - 7} ${y - 7}h14v14h-14z`, class: 'bad'});
}

export function plot(name, cycles) {
  const hours = cycles.flatMap((c) => c.time_points.map((p) => p.hours)).filter((h) => h !== null);
  if (!hours.length) return null;
  const most = Math.max(1, ...hours) * 1.06, height = TOP + LANE * cycles.length + FOOT, base = height - FOOT;
  const x = (h) => LEFT + Math.max(0, h) / most * (WIDTH - LEFT - RIGHT);
  const points = cycles.flatMap((c) => c.time_points).map((p) =>
    t('study.point', {hours: p.hours === null ? t('unknown') : number(p.hours, 2), modalities: p.modalities, readiness: word('ready', p.readiness)}));
  const picture = svg('svg', {class: 'plot', viewBox: `0 0 ${WIDTH} ${height}`, role: 'img', 'aria-label': t('study.plot', {name, points: points.join('; ')})});
  for (const at of steps(most)) {
    picture.append(svg('line', {x1: x(at), x2: x(at), y1: TOP, y2: base, class: 'grid'}),
      svg('text', {x: x(at), y: base + 18, 'text-anchor': 'middle'}, number(at, 1)));
  }
  picture.append(svg('text', {x: LEFT + (WIDTH - LEFT - RIGHT) / 2, y: height - 8, 'text-anchor': 'middle', class: 'axis'}, t('study.hours')));
  cycles.forEach((cycle, lane) => {
    const y = TOP + LANE * lane + LANE / 2;
    picture.append(svg('line', {x1: LEFT, x2: WIDTH - RIGHT, y1: y, y2: y, class: 'lane'}), svg('path', {d: `M${LEFT} ${y - 11}v22`, class: 'injection'}),
      svg('text', {x: 8, y: y - 3, class: 'nuclide'}, cycle.nuclide ?? t('study.nuclide.unknown')),
      svg('text', {x: 8, y: y + 15}, cycle.activity_mbq === null ? '' : `${number(cycle.activity_mbq, 1)} MBq`));
    for (const point of cycle.time_points) {
      if (point.hours === null) continue;
      picture.append(svg('g', {'data-hours': point.hours}, mark(x(point.hours), y, point.readiness),
        svg('text', {x: x(point.hours), y: y - 15, 'text-anchor': 'middle', class: 'value'}, number(point.hours, 2)),
        svg('text', {x: x(point.hours), y: y + 25, 'text-anchor': 'middle'}, point.modalities)));
    }
  });
  return el('div', {class: 'sideways', tabindex: 0, role: 'group', 'aria-label': t('study.cycles')}, picture);
}
