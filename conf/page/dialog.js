// What a person is asked before something is done, and what is shown once.
import {announce, el, said, t} from '/page/dom.js';

let last = 0;

function open(title, content) {
  const id = `dialog-${++last}`;
  const dialog = el('dialog', {'aria-labelledby': id}, el('h2', {id}, title), content);
  // Gone from the page with everything in it.
  dialog.addEventListener('close', () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

/// Asks for what is needed and carries it out; stays open, with the reason, when the node refuses.
/// @param fields  elements inside the form, read by `act` from its FormData.
/// @param reason  whether a reason has to be given.
export function ask({title, text, act, label, danger = false, fields = [], reason = true, done = () => {}}) {
  const wrong = el('p', {class: 'wrong', role: 'alert'});
  const field = reason ? el('label', {class: 'field'}, t('reason'),
    el('textarea', {name: 'reason', rows: 2, required: true, maxlength: 500, autocomplete: 'off'})) : null;
  const sure = el('button', {type: 'submit', class: danger ? 'danger' : 'primary'}, label);
  const form = el('form', {novalidate: true}, el('p', {}, text), fields, field, wrong,
    el('div', {class: 'buttons'}, el('button', {type: 'button', onclick: () => dialog.close()}, t('cancel')), sure));
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const data = new FormData(form);
    const why = String(data.get('reason') ?? '').trim();
    if (reason && !why) {
      wrong.textContent = t('reason.missing');
      form.elements.namedItem('reason').focus();
      return;
    }
    sure.disabled = true;
    try {
      const answer = await act(why, data);
      dialog.close();
      dialog.remove();  // at once: the event comes a moment later
      done(answer);
    } catch (error) {
      wrong.replaceChildren(said(t('failed', {why: error.message})));
      sure.disabled = false;
    }
  });
  const dialog = open(title, form);
  (form.elements.namedItem('reason') ?? sure).focus();
}

/// Shown until it is closed, kept nowhere.
export function show(title, content) {
  const shut = el('button', {type: 'button', class: 'primary', onclick: () => dialog.close()}, t('close'));
  const dialog = open(title, [content, el('div', {class: 'buttons'}, shut)]);
  shut.focus();
}

/// A word about what was done, for eyes and ears.
export function told(text) {
  announce(text);
  const note = el('p', {class: 'told', 'aria-hidden': 'true'}, text);
  document.body.append(note);
  setTimeout(() => note.remove(), 6000);
}
