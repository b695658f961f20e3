import { enterContainer } from './containers.js';
import { element } from './element.js';

/** @typedef {import('./clients.js').Client} Client */
/** @typedef {{ title: string, url: string, loading: boolean, isWhite: boolean }} Page */

const loadingPollMs = 4;
const restingPollMs = 120;

/**
 * Opens an address in a webview: an iframe of this origin that finds DingTalk around itself.
 *
 * @param {object} options
 * @param {string} options.url
 * @param {Client} options.client
 * @param {string} options.language
 * @param {HTMLElement} options.mount where the iframe goes
 * @param {string} options.label the iframe's accessible name
 * @param {(method: string, params: any) => Promise<any>} options.invoke
 * @param {(page: Page) => void} options.onChange
 */
export function openWebview({ url, client, language, mount, label, invoke, onChange }) {
  const frame = /** @type {HTMLIFrameElement} */ (
    element('iframe', { class: 'app-frame', 'data-testid': 'app-frame', title: label })
  );
  const frameWindow = () => /** @type {(Window & typeof globalThis) | null} */ (frame.contentWindow);
  const container = enterContainer(client, language, { invoke, frame: frameWindow });
  /** @type {Document | undefined} */
  let known;
  let documentTitle = '';
  let entered = '';
  const show = createPageState(onChange);
  const polling = createPolling(look);

  /** Looks whether the iframe shows another document, which then needs its bridge before its scripts ask for it. */
  function look() {
    const current = frameWindow();
    const document = readable(frame);
    if (current === null || document === undefined) return;
    if (document !== known) {
      known = document;
      documentTitle = '';
      entered = current.location.href;
      container.install(current);
      current.addEventListener('pagehide', () => {
        show({ loading: true, isWhite: false });
        polling.start(loadingPollMs);
      });
    }
    // The later one wins: the page's own title, or its call to setTitle.
    if (document.title !== '' && document.title !== documentTitle) {
      documentTitle = document.title;
      show({ title: documentTitle });
    }
    if (current.location.href !== 'about:blank') show({ url: current.location.href });
  }

  frame.addEventListener('load', () => {
    if (readable(frame)?.URL === 'about:blank') return;
    polling.start(restingPollMs);
    show({ loading: false, isWhite: client.platform === 'pc' && isBareError(frame) });
  });
  frame.name = container.frameName;
  frame.src = url;
  mount.replaceChildren(frame);
  polling.start(loadingPollMs);

  return {
    setTitle: (title) => show({ title }),
    /** The document, and the address that the client takes it for: iPhones keep the one that it was entered by. */
    shown() {
      const document = readable(frame);
      if (document === undefined) return undefined;
      const address = client.platform === 'ios' ? entered : document.location.href;
      return { document, address: address.split('#', 1)[0] ?? '' };
    },
    /** @param {string} to */
    open: (to) => frameWindow()?.location.assign(to),
    reload: () => frameWindow()?.location.reload(),
    back: createGoBack(frameWindow),
    close() {
      polling.stop();
      frame.remove();
      container.leave();
    },
  };
}

/** The state of the page in the webview; reports changes only. @param {(page: Page) => void} onChange */
function createPageState(onChange) {
  let page = { title: '', url: '', loading: true, isWhite: false };
  return (/** @type {Partial<Page>} */ change) => {
    const next = { ...page, ...change };
    if (/** @type {(keyof Page)[]} */ (Object.keys(next)).every((name) => next[name] === page[name])) return;
    page = next;
    onChange(page);
  };
}

/** Calls `look` at once, then at an interval. @param {() => void} look */
function createPolling(look) {
  let timer = 0;
  return {
    /** @param {number} everyMs */
    start(everyMs) {
      clearInterval(timer);
      timer = window.setInterval(look, everyMs);
      look();
    },
    stop: () => clearInterval(timer),
  };
}

/**
 * One page back; at the first page there is none, and false is returned.
 *
 * @param {() => Window | null} frame
 */
function createGoBack(frame) {
  const lengthAtOpening = history.length;
  let stepsBack = 0;
  return () => {
    const navigation = /** @type {any} */ (frame())?.navigation;
    // history.back() at the webview's first page would leave the workbench itself.
    const canGoBack = navigation?.canGoBack ?? history.length - lengthAtOpening - stepsBack > 0;
    if (!canGoBack) return false;
    stepsBack += 1;
    // Two taps in haste: the frame's own list stays within the frame, history.back() would go on to the workbench's.
    if (navigation) for (const step of Object.values(navigation.back())) step.catch(() => undefined);
    else frame()?.history.back();
    return true;
  };
}

/** The iframe's document, or undefined while it shows another origin. @param {HTMLIFrameElement} frame */
function readable(frame) {
  try {
    return frame.contentDocument ?? undefined;
  } catch {
    return undefined;
  }
}

/**
 * Whether the iframe got an error without a body. Chromium puts a page of its own there, which cannot be looked into, or
 * an empty one: DingTalk's client on a computer stays white.
 *
 * @param {HTMLIFrameElement} frame
 */
function isBareError(frame) {
  const shown = /** @type {any} */ (readable(frame)?.defaultView);
  if (shown === undefined) return true;
  const [answer] = shown.performance.getEntriesByType('navigation');
  return answer.responseStatus >= 400 && answer.encodedBodySize === 0;
}
