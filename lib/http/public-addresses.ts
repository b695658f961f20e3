import 'server-only';

/**
 * Every address outside of /api that answers a visitor without a session, each with why. `proxy.ts` sends such a visitor
 * from all others to the sign-in page. A picture for the sign-in page, for example, has to be added here.
 */
export const PUBLIC_ADDRESSES: Readonly<Record<string, string>> = {
  '/login': 'the sign-in page',
  '/login/instant': 'the sign-in page for a DingTalk client without a session',
  '/unavailable': 'tells that no session can be checked at the moment',
  '/signed-out': 'asks after a sign-out on a protected host whether to leave the others; shows nothing else',
  '/ticket': 'names whose a ticket is, and asks for a press; spends nothing',
  '/denied': 'tells that a page is for others; shows nothing of it',
  '/directory/export.csv': 'asks by itself: programs get a 401 as JSON, as under /api',
  '/brand/[file]': 'the company’s logo, icons and web manifest',
  '/instant-sign-in.js': 'a file',
};

/** Scripts and styles of the pages, the sign-in page's among them, and the company's pictures. They hold no data. */
const STATIC_FILE = /^\/(?:_next\/static\/[\w./~()[\]@%-]+|brand\/[\w.-]+)$/;
/** Spellings that the router might still decode to another address. */
const TRAP = /\.\.|%(?:25)*(?:2e|2f|5c)/i;

/** Whether an address answers a visitor without a session. @param pathname as it was sent; any other spelling of a public one is not public */
export function isPublicAddress(pathname: string): boolean {
  return Object.hasOwn(PUBLIC_ADDRESSES, pathname) || (STATIC_FILE.test(pathname) && !TRAP.test(pathname));
}
