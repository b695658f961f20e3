import { keepAddress } from './address.js';
import { clients } from './clients.js';
import { avatar, element, icon, iconButton } from './element.js';
import { createPanel } from './panel.js';
import { createPeopleList } from './people-list.js';

const toastMs = 4500;

/**
 * Everything around the device: the bar, the people, the clients, the faults, and short messages.
 *
 * @param {object} options
 * @param {import('./texts.js').Texts} options.texts
 * @param {import('./company.js').Company} options.company
 * @param {'zh' | 'en'} options.language
 * @param {HTMLElement} options.faults
 * @param {HTMLElement} options.staff
 * @param {(person: import('./company.js').Person) => void} options.onPerson
 * @param {(client: import('./clients.js').Client) => void} options.onClient
 * @param {() => void} options.onClearData
 * @param {(isPassedOn: boolean) => void} options.onPassOn
 */
export function createPage(options) {
  const { texts, company } = options;
  const list = createPeopleList(texts, (person) => {
    peoplePanel.closeSheet();
    options.onPerson(person);
  });
  const people = dialog(
    'who',
    texts.person,
    texts.personHint,
    list.node,
    element('div', {}, options.staff, passOn(texts, options.onPassOn)),
    texts.close,
  );
  const faults = dialog('faults', texts.faults, texts.faultsHint, options.faults, undefined, texts.close);
  const personButton = element('button', {
    type: 'button',
    class: 'bar-person',
    onclick: () => peoplePanel.toggle(),
  });
  const faultsButton = barButton('faults', texts.faults, () => faultsPanel.toggle(), 'faults-toggle');
  const choice = createClientChoice(texts, options.onClient);
  const stage = element('div', { class: 'stage' });
  const toast = createToast();

  document.title = `${texts.product} · ${company.corpName}`;
  document.body.append(
    bar(options, personButton, faultsButton),
    element(
      'main',
      { class: 'layout' },
      people,
      element('section', { class: 'middle' }, choice.node, stage),
      faults,
    ),
    toast.node,
  );

  const peoplePanel = createPanel(people, { roomy: '(min-width: 900px)', openAtFirst: true });
  const faultsPanel = createPanel(faults, {
    roomy: '(min-width: 1180px)',
    openAtFirst: true,
    onToggle: (isOpen) => faultsButton.setAttribute('aria-expanded', String(isOpen)),
  });
  list.load();

  return {
    /** @param {import('./company.js').Person} person */
    showPerson(person) {
      list.choose(person.userid);
      personButton.replaceChildren(avatar(person), element('span', { text: person.name }), icon('down'));
      personButton.setAttribute('aria-label', `${texts.change}: ${person.name}`);
    },
    showClient: choice.show,
    /** @param {HTMLElement} device */
    showDevice: (device) => stage.replaceChildren(device),
    /** @param {boolean} isOpen */
    showAppOpen: (isOpen) => document.body.classList.toggle('is-app-open', isOpen),
    reloadPeople: list.load,
    openPeople: () => peoplePanel.show(),
    openFaults: () => faultsPanel.show(),
    say: toast.say,
  };
}

/** Short messages, each for a while. */
function createToast() {
  const node = element('div', { class: 'toast', role: 'status' });
  let timer = 0;
  return {
    node,
    /** @param {string} sentence */
    say(sentence) {
      node.textContent = sentence;
      node.classList.add('is-shown');
      clearTimeout(timer);
      timer = window.setTimeout(() => node.classList.remove('is-shown'), toastMs);
    },
  };
}

/** The bar on top. @param {HTMLElement} personButton @param {HTMLElement} faultsButton */
function bar({ texts, company, language, onClearData }, personButton, faultsButton) {
  return element(
    'header',
    { class: 'bar' },
    element('img', { src: 'logo.svg', alt: '', width: 28, height: 28 }),
    element(
      'div',
      { class: 'bar-names' },
      element('h1', { text: texts.product }),
      element('p', { text: company.corpName }),
    ),
    personButton,
    barLink('external', texts.openInTab, company.otherBrowser, texts.openInTabHint),
    barButton('erase', texts.clearData, onClearData, 'clear-data', texts.clearDataHint),
    faultsButton,
    languageButton(language),
  );
}

function dialog(name, title, hint, content, foot, close) {
  const node = /** @type {HTMLDialogElement} */ (
    element(
      'dialog',
      { class: `panel panel-${name}`, 'aria-label': title },
      element(
        'div',
        { class: 'panel-box' },
        element(
          'header',
          { class: 'panel-head' },
          element('div', {}, element('h2', { text: title }), element('p', { text: hint })),
          iconButton('close', close, { class: 'icon-button panel-close', onclick: () => node.close() }),
        ),
        content,
        foot,
      ),
    )
  );
  return node;
}

function createClientChoice(texts, onClient) {
  const buttons = new Map(clients.map((client) => [client.id, clientButton(texts, client, onClient)]));
  const attributes = { class: 'clients', role: 'group', 'aria-label': texts.client };
  return {
    node: element('div', attributes, ...buttons.values()),
    /** @param {import('./clients.js').Client} client */
    show(client) {
      for (const [id, button] of buttons) button.setAttribute('aria-pressed', String(id === client.id));
    },
  };
}

function clientButton(texts, client, onClient) {
  return element(
    'button',
    {
      type: 'button',
      class: 'client',
      'data-testid': `client-${client.id}`,
      title: texts.clientHints[client.id],
      onclick: () => onClient(client),
    },
    icon(client.picture ?? client.id),
    element('span', { text: client.label }),
  );
}

function barButton(symbol, text, onclick, testid, title = text) {
  return element(
    'button',
    { type: 'button', class: 'bar-action', 'aria-label': text, title, 'data-testid': testid, onclick },
    icon(symbol),
    element('span', { text }),
  );
}

function barLink(symbol, text, href, title) {
  return element(
    'a',
    {
      class: 'bar-action',
      href,
      target: '_blank',
      rel: 'noopener',
      title,
      'aria-label': text,
      'data-testid': 'open-in-tab',
    },
    icon(symbol),
    element('span', { text }),
  );
}

/** @param {'zh' | 'en'} language */
function languageButton(language) {
  const [lang, text] = language === 'zh' ? ['en', 'English'] : ['zh', '中文'];
  const change = () => {
    keepAddress({ lang: /** @type {'zh' | 'en'} */ (lang) });
    location.reload();
  };
  return element('button', {
    type: 'button',
    class: 'bar-action',
    lang,
    'data-testid': 'language',
    text,
    onclick: change,
  });
}

function passOn(texts, onPassOn) {
  const box = /** @type {HTMLInputElement} */ (
    element('input', {
      type: 'checkbox',
      role: 'switch',
      'data-testid': 'pass-on',
      onchange: () => onPassOn(box.checked),
    })
  );
  return element(
    'label',
    { class: 'switch panel-foot' },
    element(
      'span',
      {},
      element('b', { text: texts.keepCookies }),
      element('small', { text: texts.keepCookiesHint }),
    ),
    box,
  );
}
