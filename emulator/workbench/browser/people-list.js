import { fetchPeople } from './company.js';
import { avatar, element, icon } from './element.js';

/** @typedef {import('./company.js').Person} Person */

const typingPauseMs = 180;

/**
 * The staff to choose from, found by typing, fetched a page at a time.
 *
 * @param {import('./texts.js').Texts} texts
 * @param {(person: Person) => void} onChoose
 */
export function createPeopleList(texts, onChoose) {
  const list = element('ul', { class: 'people', 'aria-label': texts.person, onkeydown: moveFocus });
  const count = element('p', { role: 'status' });
  const more = element('button', {
    type: 'button',
    class: 'quiet-button',
    text: texts.showMore,
    hidden: true,
  });
  const search = /** @type {HTMLInputElement} */ (
    element('input', {
      type: 'search',
      'aria-label': texts.find,
      placeholder: texts.find,
      autocomplete: 'off',
      'data-testid': 'person-search',
    })
  );
  const admins = /** @type {HTMLInputElement} */ (
    element('input', { type: 'checkbox', 'data-testid': 'only-admins', onchange: () => load(0) })
  );
  let chosen = '';
  let asked = 0;

  /** @param {number} offset */
  async function load(offset) {
    const question = ++asked;
    const { people, total } = await fetchPeople({
      q: search.value.trim(),
      ...(admins.checked && { admins: true }),
      offset,
    });
    // A slow answer to an earlier question must not replace that to a later one.
    if (question !== asked) return;
    if (offset === 0) list.replaceChildren();
    list.append(...people.map((person) => itemOf(person, texts, onChoose)));
    count.textContent = total === 0 ? texts.nobody : texts.peopleFound(total);
    more.hidden = offset + people.length >= total;
    markChosen(list, chosen);
  }

  let pause = 0;
  search.addEventListener('input', () => {
    clearTimeout(pause);
    pause = window.setTimeout(() => load(0), typingPauseMs);
  });
  more.addEventListener('click', () => load(list.children.length));

  return {
    node: element(
      'div',
      { class: 'people-box' },
      element('label', { class: 'search' }, icon('search'), search),
      element(
        'div',
        { class: 'people-count' },
        count,
        element('label', { class: 'only-admins' }, admins, texts.onlyAdmins),
      ),
      element('div', { class: 'people-scroll' }, list, more),
    ),
    load: () => load(0),
    /** @param {string} userid */
    choose(userid) {
      chosen = userid;
      markChosen(list, chosen);
    },
  };
}

/**
 * @param {Person} person
 * @param {import('./texts.js').Texts} texts
 * @param {(person: Person) => void} onChoose
 */
function itemOf(person, texts, onChoose) {
  const works = [...new Set([person.title, person.departmentNames.join(' / ')])].filter(Boolean).join(' · ');
  const button = element(
    'button',
    {
      type: 'button',
      class: 'person',
      'data-testid': `person-${person.userid}`,
      onclick: () => onChoose(person),
    },
    avatar(person),
    element(
      'span',
      { class: 'person-lines' },
      element(
        'b',
        {},
        person.name,
        badge(texts.adminLevels[person.adminLevel], 'is-admin'),
        person.active ? undefined : badge(texts.inactive),
      ),
      element('small', { text: works || person.userid, title: works }),
    ),
    icon('check'),
  );
  return element('li', {}, button);
}

/** @param {HTMLElement} list */
function buttonsOf(list) {
  return [...list.querySelectorAll('button')];
}

/** @param {HTMLElement} list @param {string} userid */
function markChosen(list, userid) {
  const buttons = buttonsOf(list);
  const current = buttons.find(({ dataset }) => dataset.testid === `person-${userid}`);
  for (const button of buttons) {
    button.setAttribute('aria-pressed', String(button === current));
    // One stop for the Tab key, not one for each of the staff: the arrow keys move within the list.
    button.tabIndex = button === (current ?? buttons[0]) ? 0 : -1;
  }
}

/** @param {KeyboardEvent} event */
function moveFocus(event) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step === undefined) return;
  const buttons = buttonsOf(/** @type {HTMLElement} */ (event.currentTarget));
  buttons[buttons.indexOf(/** @type {any} */ (document.activeElement)) + step]?.focus();
  event.preventDefault();
}

/** A word beside a name; nothing where there is no word. @param {string | undefined} text @param {string} [look] */
function badge(text, look) {
  return text === undefined ? undefined : element('i', { text, ...(look && { class: look }) });
}
