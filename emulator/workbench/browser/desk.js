import { element, icon } from './element.js';

const ornaments = ['clock', 'stamp', 'report', 'notice', 'drive', 'calendar', 'meeting', 'canteen'];

/**
 * DingTalk's own 工作台: the company, a greeting, and the apps, of which the company's own are real.
 *
 * @param {object} options
 * @param {import('./texts.js').Texts} options.texts
 * @param {import('./company.js').Company} options.company
 * @param {import('./company.js').Person} options.person
 * @param {() => void} options.onOpen
 * @param {(host: string) => void} options.onOpenHost
 * @param {(sentence: string) => void} options.say
 */
export function createDesk({ texts, company, person, onOpen, onOpenHost, say }) {
  const now = new Date();
  const app = element(
    'button',
    { type: 'button', class: 'app', 'data-testid': 'app-icon', onclick: onOpen },
    element('img', { class: 'app-picture', src: 'logo.svg', alt: '' }),
    element('span', { text: texts.appName }),
  );
  const hosts = company.protectedHosts.map(({ host, name }) =>
    element(
      'button',
      { type: 'button', class: 'app', 'data-testid': `host-${host}`, onclick: () => onOpenHost(host) },
      element('span', { class: 'app-picture' }, icon('drive')),
      element('span', { text: name }),
    ),
  );
  const others = texts.apps.map((name, index) =>
    element(
      'button',
      {
        type: 'button',
        class: 'app is-ornament',
        'aria-disabled': 'true',
        onclick: () => say(texts.decoration(name)),
      },
      element('span', { class: 'app-picture' }, icon(ornaments[index] ?? 'grid')),
      element('span', { text: name }),
    ),
  );
  return element(
    'div',
    { class: 'desk', 'data-testid': 'desk' },
    element('header', { class: 'desk-head' }, element('b', { text: company.corpName }), icon('down')),
    element(
      'section',
      { class: 'banner' },
      element('h2', { text: texts.nameCalled(texts.hello(now.getHours()), person.name) }),
      element('p', { text: texts.today(now) }),
    ),
    section(texts.ours, texts.tapHint, [app, ...hosts]),
    section(texts.others, texts.othersHint, others),
  );
}

/** @param {string} title @param {string} hint @param {HTMLElement[]} apps */
function section(title, hint, apps) {
  return element(
    'section',
    { class: 'app-card' },
    element('h3', {}, title, element('small', { text: hint })),
    element('div', { class: 'apps' }, ...apps),
  );
}
