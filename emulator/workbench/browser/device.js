import { avatar, element, icon, iconButton } from './element.js';

const tabIcons = ['message', 'report', 'grid', 'contacts', 'me'];
const workbenchTab = 2;
const messagesTab = 0;

/**
 * The outside of a client: a phone or a desktop window, DingTalk's own bars, and a place where the webview goes.
 *
 * @param {object} options
 * @param {import('./clients.js').Client} options.client
 * @param {import('./company.js').Person} options.person
 * @param {import('./texts.js').Texts} options.texts
 * @param {{ back(): void, close(): void, refresh(): void, more(anchor: HTMLElement): void }} options.actions
 */
export function createDevice({ client, person, texts, actions }) {
  const title = element('span', { class: 'nav-title', 'data-testid': 'nav-title' });
  const address = element('span', { class: 'nav-address' });
  const frameSlot = element('div', { class: 'frame-slot' });
  const whitePage = element(
    'div',
    { class: 'white-page', 'data-testid': 'white-page', hidden: true },
    element('p', { text: '错误码: (-379 ERR_HTTP_RESPONSE_CODE_FAILURE)' }),
    element('small', { text: texts.whitePage }),
  );
  const deskSlot = element('div', { class: 'desk-slot' });
  const webview = element(
    'div',
    { class: 'webview', hidden: true },
    element(
      'div',
      { class: 'nav-bar' },
      iconButton('back', texts.back, { 'data-testid': 'nav-back', onclick: actions.back }),
      iconButton('close', texts.closeApp, { 'data-testid': 'nav-close', onclick: actions.close }),
      element('div', { class: 'nav-middle' }, title, address),
      iconButton('refresh', texts.refresh, { 'data-testid': 'nav-refresh', onclick: actions.refresh }),
      iconButton('more', texts.more, {
        'data-testid': 'nav-more',
        'aria-haspopup': 'menu',
        onclick: (/** @type {MouseEvent} */ event) => actions.more(/** @type {any} */ (event.currentTarget)),
      }),
    ),
    element('div', { class: 'progress', 'aria-hidden': 'true' }),
    frameSlot,
    whitePage,
  );
  const unread = element('i', { class: 'unread', 'data-testid': 'unread', hidden: true });
  const content = element('div', { class: 'content' }, deskSlot, webview);
  const body =
    client.shape === 'phone'
      ? phone(content, { texts, unread })
      : desktop(content, { client, person, texts, unread });

  return {
    node: element('div', { class: `device is-${client.shape} is-${client.id}` }, ...body),
    frameSlot,
    /** @param {HTMLElement} desk */
    showDesk(desk) {
      deskSlot.replaceChildren(desk);
    },
    /** @param {number} count of notices */
    showUnread(count) {
      unread.hidden = count === 0;
      unread.textContent = String(count);
    },
    /** @param {boolean} isOpen */
    showApp(isOpen) {
      webview.hidden = !isOpen;
      whitePage.hidden = true;
      deskSlot.inert = isOpen;
      title.textContent = texts.loading;
      address.textContent = '';
    },
    /** @param {{ title: string, url: string, loading: boolean, isWhite: boolean }} page */
    showPage(page) {
      webview.classList.toggle('is-loading', page.loading);
      whitePage.hidden = !page.isWhite;
      title.textContent = page.title || texts.loading;
      const { pathname, search } = new URL(page.url || '/', location.href);
      address.textContent = pathname + search;
    },
  };
}

/** @param {HTMLElement} content @param {{ texts: import('./texts.js').Texts, unread: HTMLElement }} world */
function phone(content, { texts, unread }) {
  const time = element('span', { class: 'status-time' });
  const tick = () => {
    time.textContent = new Date().toLocaleTimeString('zh-CN', { hour: '2-digit', minute: '2-digit' });
  };
  tick();
  const clock = setInterval(() => (time.isConnected ? tick() : clearInterval(clock)), 10_000);
  return [
    element(
      'div',
      { class: 'status-bar', 'aria-hidden': 'true' },
      time,
      element('i', { class: 'camera' }),
      icon('status'),
    ),
    content,
    element(
      'div',
      { class: 'tab-bar', 'aria-hidden': 'true' },
      ...texts.tabs.map((name, index) =>
        element(
          'span',
          { class: index === workbenchTab ? 'is-current' : '' },
          icon(tabIcons[index] ?? 'me'),
          name,
          index === messagesTab ? unread : undefined,
        ),
      ),
    ),
    element('div', { class: 'gesture-bar', 'aria-hidden': 'true' }, element('i')),
  ];
}

/**
 * @param {HTMLElement} content
 * @param {{ client: import('./clients.js').Client, person: import('./company.js').Person, texts: import('./texts.js').Texts, unread: HTMLElement }} world
 */
function desktop(content, { client, person, texts, unread }) {
  const controls = element(
    'span',
    { class: 'window-controls' },
    ...(client.id === 'mac'
      ? [element('i'), element('i'), element('i')]
      : ['minimise', 'maximise', 'close'].map(icon)),
  );
  return [
    element(
      'div',
      { class: 'title-bar', 'aria-hidden': 'true' },
      element('span', { class: 'title-search' }, icon('search'), texts.tabs[workbenchTab]),
      controls,
    ),
    element(
      'div',
      { class: 'window-body' },
      element(
        'div',
        { class: 'rail', 'aria-hidden': 'true' },
        avatar(person),
        ...texts.tabs
          .slice(0, -1)
          .map((name, index) =>
            element(
              'span',
              { class: index === workbenchTab ? 'is-current' : '' },
              icon(tabIcons[index] ?? 'me'),
              name,
              index === messagesTab ? unread : undefined,
            ),
          ),
      ),
      content,
    ),
  ];
}
