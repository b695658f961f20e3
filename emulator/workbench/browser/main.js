import { asked, keepAddress } from './address.js';
import { becomeClient, clients } from './clients.js';
import { fetchCompany, fetchPeople } from './company.js';
import { createDesk } from './desk.js';
import { createDevice } from './device.js';
import { createFaultPanel } from './faults.js';
import { openMenu } from './menu.js';
import { createNative } from './native.js';
import { addressOf, createNotices } from './notices.js';
import { createPage } from './page.js';
import { choosePeople, scanCode } from './picker.js';
import { createStaffActions } from './staff.js';
import { textsIn } from './texts.js';
import { openWebview } from './webview.js';
import { webviewData } from './webview-data.js';

const texts = textsIn(asked.language);
const company = await fetchCompany();
let client = asked.client ?? /** @type {import('./clients.js').Client} */ (clients[0]);
let person = await personToStartWith();
/** @type {ReturnType<typeof createDevice>} */
let device;
/** @type {ReturnType<typeof openWebview> | undefined} */
let webview;

const faults = createFaultPanel(texts, company, () => webview?.reload());
const staff = createStaffActions({
  texts,
  person: () => person,
  say: (sentence) => page.say(sentence),
  onChange: showChanged,
});
const page = createPage({
  texts,
  company,
  language: asked.language,
  faults: faults.node,
  staff: staff.node,
  onPerson: choosePerson,
  onClient: chooseClient,
  onClearData: clearData,
  onPassOn: (isPassedOn) => {
    webviewData.isPassedOn = isPassedOn;
  },
});
const native = createNative({
  company,
  userid: () => person.userid,
  mood: faults.mood,
  frame: { setTitle: (title) => webview?.setTitle(title), close: closeApp, openLink },
  shape: () => client.shape,
  openChat,
  page: () => webview?.shown(),
  choose: (parameters) => choosePeople({ device: device.node, texts, parameters }),
  scan: () => scanCode({ device: device.node, texts }),
  onCall: faults.showNativeCall,
});

const notices = createNotices({
  texts,
  userid: () => person.userid,
  onOpen: openNotice,
  onArrival: ({ title }) => page.say(texts.noticeArrived(title)),
  onUnread: (unread) => device?.showUnread(unread),
});

document.documentElement.lang = asked.language === 'zh' ? 'zh-CN' : 'en';
showDevice();
page.showPerson(person);
staff.refresh();
page.showClient(client);
faults.refresh();
if (asked.open) await openApp(asked.page);

async function personToStartWith() {
  const { people } =
    asked.person === undefined ? { people: [] } : await fetchPeople({ userid: asked.person });
  return people[0] ?? /** @type {import('./company.js').Person} */ ((await fetchPeople({})).people[0]);
}

/** Another person is another device, unless the device itself is passed on: then the app stays open. @param {import('./company.js').Person} chosen */
function choosePerson(chosen) {
  const isAnother = chosen.userid !== person.userid;
  person = chosen;
  keepAddress({ as: person.userid });
  page.showPerson(person);
  staff.refresh();
  if (!isAnother) return;
  if (webview !== undefined && webviewData.isPassedOn) page.say(texts.handedOver(person.name));
  else showDevice();
}

/** The same device in the same hands, whatever became of the person: an app that is open stays open. @param {import('./company.js').Person} changed */
function showChanged(changed) {
  person = changed;
  page.showPerson(person);
  page.reloadPeople();
  staff.refresh();
}

/** @param {import('./clients.js').Client} chosen */
function chooseClient(chosen) {
  client = chosen;
  keepAddress({ client: client.id });
  page.showClient(client);
  showDevice();
}

/** Puts the chosen device on the stage, with the workbench on it and no app open. */
function showDevice() {
  closeApp();
  device = createDevice({
    client,
    person,
    texts,
    actions: {
      back: () => webview?.back() || closeApp(),
      close: closeApp,
      refresh: () => webview?.reload(),
      more,
    },
  });
  device.showDesk(
    createDesk({
      texts,
      company,
      person,
      notices: notices.node,
      onOpen: () => openApp(),
      onOpenHost: (host) => moveTo(`http://${host}/`),
      say: page.say,
    }),
  );
  notices.refresh();
  page.showDevice(device.node);
}

/** @param {string} [path] of a page of this host; without, the app's home */
async function openApp(path) {
  if (!company.hasApp) return page.say(texts.noApp);
  const isProtected = company.protectedHosts.some(({ host }) => host === location.host);
  if (path === undefined && isProtected) return moveTo(`http://${company.mainHost}/`, true);
  await webviewData.claim(`${person.userid}@${client.id}`);
  await becomeClient(client, asked.language);
  webview?.close();
  device.showApp(true);
  webview = openWebview({
    url: path === undefined ? company.homeUrl.replace('$CORPID$', company.corpId) : location.origin + path,
    client,
    language: asked.language === 'zh' ? 'zh_CN' : 'en_US',
    mount: device.frameSlot,
    label: texts.appName,
    invoke: native,
    onChange: device.showPage,
  });
  keepAddress({ as: person.userid, client: client.id, open: path ?? true });
  page.showAppOpen(true);
}

/** @param {import('./notices.js').Notice} notice */
function openNotice(notice) {
  const address = addressOf(notice, { shape: client.shape, corpId: company.corpId });
  if (address === undefined) return page.say(texts.noticeLeadsNowhere);
  if (address.origin === location.origin) return openApp(address.pathname + address.search + address.hash);
  window.open(address, '_blank', 'noopener');
}

function closeApp() {
  document.querySelector('.picker')?.remove();
  webview?.close();
  if (webview !== undefined) keepAddress({ open: false });
  webview = undefined;
  device?.showApp(false);
  page.showAppOpen(false);
}

async function clearData() {
  closeApp();
  await webviewData.clear();
  page.say(texts.cleared);
}

/**
 * Goes on in the workbench of another origin, with the same device in the same hands: DingTalk's bridge reaches only
 * webviews of a workbench's own origin.
 *
 * @param {string} address @param {boolean} [isHome] the app's home, with the company in its address
 */
function moveTo(address, isHome = false) {
  // Not `assign`: back would lead to where the webview was only passing through.
  const { origin, pathname, search, hash } = new URL(address);
  if (origin === location.origin) return openApp(pathname + search + hash);
  const query = new URLSearchParams({
    as: person.userid,
    client: client.id,
    lang: asked.language,
    open: isHome ? '1' : pathname + search + hash,
  });
  location.replace(`${origin}/__emulator/workbench/?${query}`);
}

window.addEventListener('message', ({ data, origin }) => {
  const { dingtalkEmulatorMoved: address } = data ?? {};
  const known = [company.mainHost, ...company.protectedHosts.map(({ host }) => host)];
  if (typeof address !== 'string' || new URL(address).origin !== origin) return;
  if (webview !== undefined && known.includes(new URL(origin).host)) moveTo(address);
});

/** Phones show a link in the webview, desktops in the browser. @param {string} link */
function openLink(link) {
  const url = new URL(link, location.href);
  if (!/^https?:$/.test(url.protocol)) throw { errorCode: '2', errorMessage: 'url is illegal' };
  if (client.shape === 'phone' && url.origin === location.origin) webview?.open(url.href);
  else window.open(inOtherBrowser(url), '_blank', 'noopener');
}

/** The system's browser has none of the client's cookies. @param {URL} url */
function inOtherBrowser(url) {
  if (url.host !== company.mainHost) return url;
  return new URL(url.pathname + url.search + url.hash, company.otherBrowser);
}

/** DingTalk's own page, of which there is only this word of it here. @param {string} userId */
async function openChat(userId) {
  const { people } = await fetchPeople({ userid: userId });
  if (people[0] === undefined) throw { errorCode: '3', errorMessage: 'user not found' };
  page.say(texts.chatOpened(people[0].name));
}

function openOtherBrowser() {
  window.open(company.otherBrowser, '_blank', 'noopener');
}

/** @param {HTMLElement} anchor */
function more(anchor) {
  openMenu({
    device: device.node,
    anchor,
    label: texts.more,
    items: [
      { symbol: 'refresh', text: texts.refresh, act: () => webview?.reload() },
      { symbol: 'external', text: texts.openInTab, act: openOtherBrowser },
      { symbol: 'swap', text: texts.change, act: page.openPeople },
      { symbol: 'faults', text: texts.faults, act: page.openFaults },
      { symbol: 'erase', text: texts.clearData, act: clearData },
      { symbol: 'close', text: texts.closeApp, act: closeApp },
    ],
  });
}
