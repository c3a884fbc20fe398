// The node's API. A token is kept for this tab alone and sent in a header, never as a cookie: no other page can make this
// browser ask for anything.
const KEY = 'dosigate.token';

export const token = () => sessionStorage.getItem(KEY);
export const keepToken = (text) => sessionStorage.setItem(KEY, text);
export const dropToken = () => sessionStorage.removeItem(KEY);

export class Refused extends Error {
  constructor(status, detail) { super(detail); this.status = status; }
}

async function call(method, path, body) {
  const headers = {Accept: 'application/json'};
  if (token()) headers.Authorization = `Bearer ${token()}`;
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  const answer = await fetch(path, {
    method, headers, body: body === undefined ? undefined : JSON.stringify(body),
    cache: 'no-store', credentials: 'omit', redirect: 'error', referrerPolicy: 'no-referrer', signal: AbortSignal.timeout(30000),
  });
  const text = await answer.text();
  let said = null;
  try { said = JSON.parse(text); } catch { /* an answer of something in between */ }
  if (!answer.ok) throw new Refused(answer.status, said?.detail ?? said?.title ?? `HTTP ${answer.status}`);
  return said;
}
export const get = (path) => call('GET', `/api/v1/${path}`);
export const post = (path, body = {}) => call('POST', `/api/v1/${path}`, body);
