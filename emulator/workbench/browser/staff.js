import { fetchPeople } from './company.js';
import { element } from './element.js';

/** @typedef {import('./company.js').Person} Person */

const mark = ' II';

/**
 * What personnel can do with the person who holds the device: DingTalk tells the app of each at once.
 *
 * @param {object} options
 * @param {import('./texts.js').Texts} options.texts
 * @param {() => Person} options.person
 * @param {(sentence: string) => void} options.say
 * @param {(person: Person) => void} options.onChange with the person as they are now
 */
export function createStaffActions({ texts, person, say, onChange }) {
  let isGone = false;

  const actions = {
    rename: () => {
      const { userid, name } = person();
      const renamed = name.endsWith(mark) ? name.slice(0, -mark.length) : name + mark;
      return post(`people/${encodeURIComponent(userid)}`, { name: renamed });
    },
    move: () => post('move', { userid: person().userid }),
    promote: () => post('promote', { userid: person().userid }),
    promoteSub: () => {
      const { userid, adminLevel } = person();
      return post('promote', { userid, level: adminLevel === 2 ? 'none' : 'sub' });
    },
    fire: () => {
      const { userid, name } = person();
      return isGone
        ? post('people', { userid, name })
        : order(`people/${encodeURIComponent(userid)}`, { method: 'DELETE' });
    },
    hire: () => post('people', {}),
  };

  const buttons = /** @type {Record<keyof typeof actions, HTMLButtonElement>} */ ({});
  for (const name of /** @type {(keyof typeof actions)[]} */ (Object.keys(actions))) {
    buttons[name] = /** @type {HTMLButtonElement} */ (
      element('button', {
        type: 'button',
        'data-testid': `staff-${name}`,
        text: texts.staffActions[name],
        onclick: () => act(name),
      })
    );
  }

  /** @param {keyof typeof actions} name */
  async function act(name) {
    const wasGone = isGone;
    try {
      const answer = await actions[name]();
      const said = name === 'fire' && wasGone ? 'rehired' : name;
      say(texts.staffSaid[said](answer.name ?? person().name, answer));
    } catch {
      return say(texts.staffFailed);
    }
    const { people } = await fetchPeople({ userid: person().userid });
    onChange(people[0] ?? person());
  }

  return {
    node: element(
      'section',
      { class: 'staff', 'aria-label': texts.staff },
      element('h3', {}, texts.staff, element('small', { text: texts.staffHint })),
      element('div', { class: 'staff-buttons' }, ...Object.values(buttons)),
    ),
    /** Offers the actions for the device's present user: a dismissed employee can only be hired again. */
    async refresh() {
      const { userid } = person();
      const { total } = await fetchPeople({ userid });
      if (userid !== person().userid) return;
      isGone = total === 0;
      const { adminLevel } = person();
      const words = texts.staffActions;
      buttons.promote.textContent = adminLevel === 1 ? words.demote : words.promote;
      buttons.promoteSub.textContent = adminLevel === 2 ? words.demoteSub : words.promoteSub;
      buttons.fire.classList.toggle('is-danger', !isGone);
      buttons.fire.textContent = isGone ? texts.staffActions.rehire : texts.staffActions.fire;
      for (const name of /** @type {const} */ (['rename', 'move', 'promote', 'promoteSub']))
        buttons[name].disabled = isGone;
    },
  };
}

/** @param {string} path @param {object} body */
function post(path, body) {
  const headers = { 'content-type': 'application/json' };
  return order(path, { method: 'POST', headers, body: JSON.stringify(body) });
}

/** @param {string} path @param {RequestInit} init */
async function order(path, init) {
  const response = await fetch(`/__emulator/${path}`, init);
  if (!response.ok) throw new Error(`${response.status}`);
  return response.json();
}
