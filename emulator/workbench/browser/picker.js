import { fetchPeople } from './company.js';
import { avatar, element } from './element.js';

/** @typedef {import('./company.js').Person} Person */

/** What the client says when the person closes a sheet. */
const cancelled = { errorCode: '-1', errorMessage: 'cancel' };

/**
 * DingTalk's picker: one person, or several with `multiple`; those in `users` are chosen already.
 *
 * @param {{ device: HTMLElement, texts: import('./texts.js').Texts, parameters: any }} options
 * @returns {Promise<{ name: string, avatar: string, emplId: string }[]>}
 */
export async function choosePeople({ device, texts, parameters }) {
  const { multiple = true, users = [], max = 1000, title } = parameters;
  /** @type {Map<string, Person>} */
  const chosen = new Map();
  for (const userid of multiple ? users : []) {
    const { people } = await fetchPeople({ userid: String(userid) });
    if (people[0]) chosen.set(people[0].userid, people[0]);
  }
  const list = element('ul', { class: 'picker-list' });
  /** @param {Person} person @param {boolean} isOn */
  const choose = (person, isOn) => {
    if (!multiple) chosen.clear();
    if (isOn) chosen.set(person.userid, person);
    else chosen.delete(person.userid);
  };
  const show = async () => {
    const { people } = await fetchPeople({ q: find.value });
    list.replaceChildren(...people.map((person) => personRow({ person, multiple, chosen, choose })));
  };
  const find = /** @type {HTMLInputElement} */ (
    element('input', { type: 'search', placeholder: texts.find, 'aria-label': texts.find, oninput: show })
  );
  await show();
  await openSheet({ device, texts, label: String(title || texts.picker), content: [find, list] });
  return [...chosen.values()]
    .slice(0, max)
    .map(({ name, avatar: picture, userid }) => ({ name, avatar: picture, emplId: userid }));
}

/**
 * DingTalk's scanner, held over a code with a text of one's own.
 *
 * @param {{ device: HTMLElement, texts: import('./texts.js').Texts }} options
 * @returns {Promise<{ text: string }>}
 */
export async function scanCode({ device, texts }) {
  const code = /** @type {HTMLInputElement} */ (
    element('input', {
      type: 'text',
      required: true,
      placeholder: texts.codeSays,
      'aria-label': texts.codeSays,
    })
  );
  await openSheet({ device, texts, label: texts.scanner, content: [code] });
  return { text: code.value };
}

/** @param {{ person: Person, multiple: boolean, chosen: Map<string, Person>, choose(person: Person, isOn: boolean): void }} row */
function personRow({ person, multiple, chosen, choose }) {
  const box = /** @type {HTMLInputElement} */ (
    element('input', {
      type: multiple ? 'checkbox' : 'radio',
      name: 'person',
      checked: chosen.has(person.userid),
      onchange: () => choose(person, box.checked),
    })
  );
  const text = element(
    'span',
    { class: 'picker-person' },
    element('b', { text: person.name }),
    element('small', { text: person.departmentNames.join(' · ') }),
  );
  return element('li', {}, element('label', {}, box, avatar(person), text));
}

/**
 * A sheet over the device's screen. Resolves when it is confirmed.
 *
 * @param {{ device: HTMLElement, texts: import('./texts.js').Texts, label: string, content: HTMLElement[] }} sheet
 * @returns {Promise<void>} rejects as the client does when it is closed
 */
function openSheet({ device, texts, label, content }) {
  return new Promise((resolve, reject) => {
    const close = () => {
      sheet.remove();
      reject(cancelled);
    };
    const form = element(
      'form',
      {
        onsubmit: (/** @type {Event} */ event) => {
          event.preventDefault();
          sheet.remove();
          resolve();
        },
      },
      element('h2', { text: label }),
      ...content,
      element(
        'div',
        { class: 'picker-buttons' },
        element('button', { type: 'button', onclick: close }, texts.cancel),
        element('button', { type: 'submit', class: 'is-main' }, texts.confirm),
      ),
    );
    const sheet = /** @type {HTMLDialogElement} */ (
      element(
        'dialog',
        { class: 'picker', 'aria-label': label, 'data-testid': 'picker', oncancel: close },
        form,
      )
    );
    document.body.append(sheet);
    sheet.showModal();
    const screen = device.getBoundingClientRect();
    sheet.style.left = `${screen.left + 10}px`;
    sheet.style.width = `${screen.width - 20}px`;
    sheet.style.bottom = `${window.innerHeight - Math.min(screen.bottom, window.innerHeight) + 10}px`;
  });
}
