import 'server-only';
import type { IncomingHttpHeaders } from 'node:http';
import { BASE_PATH } from '../base-path';
import { boundedCookieHeader } from '../session/cookie';

/** More parameters than any page of ours has. Next looks each of them up among all the others. */
const MAX_PARAMETERS = 100;
/** What Next's router sends for the deepest page is a few hundred characters and a dozen levels. */
const MAX_ROUTER_STATE_LENGTH = 4096;
const MAX_ROUTER_STATE_DEPTH = 32;

/** A request target as the server takes it; undefined where it has more parameters than any page of ours. */
export function cleanTarget(target: string | undefined): string | undefined {
  const clean = apiAddress(decodable(originForm(target)));
  const query = clean.indexOf('?');
  return query >= 0 && countOf('&', clean, query) >= MAX_PARAMETERS ? undefined : clean;
}

/**
 * Takes out of a request's headers what could only do harm behind here.
 *
 * @param headers changed in place
 * @param cookiePrefix what the names of our own cookies begin with
 */
export function cleanHeaders(headers: IncomingHttpHeaders, cookiePrefix: string): void {
  const state = headers['next-router-state-tree'];
  // Next answers 500 to a malformed one, before any page; without one it renders the whole page.
  if (state !== undefined && !isRouterState(state)) delete headers['next-router-state-tree'];
  // Next answers 500 to some lists of ranges. Our files are small, and a server may send all of one (RFC 9110, 14.2).
  delete headers.range;
  if (headers.cookie === undefined) return;
  const cookie = isForeignSubrequest(headers) ? '' : boundedCookieHeader(headers.cookie, cookiePrefix);
  if (cookie === '') delete headers.cookie;
  else headers.cookie = cookie;
}

/** A request target may be a whole URL; Next would answer with redirects to whatever host is in it. */
function originForm(target: string | undefined): string {
  if (target?.startsWith('/')) return target;
  return /^https?:\/\/[^/?#]*(\/.*)$/i.exec(target ?? '')?.[1] ?? '/';
}

/** Next answers 500 to a path that cannot be decoded, before any page or route: such a one is taken by the letter. */
function decodable(target: string): string {
  const path = pathOf(target);
  try {
    decodeURIComponent(path);
    return target;
  } catch {
    return path.replaceAll('%', '%25') + target.slice(path.length);
  }
}

/**
 * An address of the API with a slash too many is the address without it: Next would answer with a redirect, which
 * DingTalk does not follow when it checks a callback address.
 */
function apiAddress(target: string): string {
  const path = pathOf(target);
  const segments = path.split('/').filter((segment) => segment !== '');
  const base = BASE_PATH.split('/').filter((segment) => segment !== '');
  const isApi = segments[base.length] === 'api' && base.every((segment, at) => segments[at] === segment);
  return isApi ? `/${segments.join('/')}${target.slice(path.length)}` : target;
}

function pathOf(target: string): string {
  return /^[^?#]*/.exec(target)?.[0] ?? '';
}

function countOf(character: string, text: string, from: number): number {
  let count = 0;
  for (let at = text.indexOf(character, from); at >= 0; at = text.indexOf(character, at + 1)) count++;
  return count;
}

/**
 * Whether another site's page loads this as a picture, a script or by `fetch`. It gets what a visitor without a
 * session gets, even where `SESSION_SAME_SITE=none` lets browsers send the cookie: it could otherwise measure how long
 * a search takes.
 */
function isForeignSubrequest(headers: IncomingHttpHeaders): boolean {
  const site = headers['sec-fetch-site'];
  return (site === 'cross-site' || site === 'same-site') && headers['sec-fetch-mode'] !== 'navigate';
}

function isRouterState(header: string | string[]): boolean {
  if (typeof header !== 'string' || header.length > MAX_ROUTER_STATE_LENGTH) return false;
  try {
    return isTree(JSON.parse(decodeURIComponent(header)), MAX_ROUTER_STATE_DEPTH);
  } catch {
    return false;
  }
}

/** `[segment, { slot: tree }, url?, refetch?, hints?, …]`, as Next's schema has it. */
function isTree(value: unknown, depth: number): boolean {
  if (depth === 0 || !Array.isArray(value) || value.length < 2 || value.length > 6) return false;
  const [segment, slots, url, marker, hints, key] = value as unknown[];
  if (typeof slots !== 'object' || slots === null || Array.isArray(slots)) return false;
  return (
    isSegment(segment) &&
    isAbsentOr(url, (pair) => Array.isArray(pair) && pair.length === 2 && pair.every(isText)) &&
    isAbsentOr(marker, (text) => MARKERS.has(text)) &&
    isAbsentOr(hints, (number) => typeof number === 'number' && !Number.isNaN(number)) &&
    (key === undefined || isText(key)) &&
    Object.values(slots).every((tree) => isTree(tree, depth - 1))
  );
}

const MARKERS = new Set<unknown>(['refetch', 'inside-shared-layout', 'metadata-only']);
const SEGMENT_KIND = /^(?:c|oc|d)$|^[cd]i\(\.{1,3}\)$|^[cd]i\(\.\.\)\(\.\.\)$/;

const isText = (value: unknown): value is string => typeof value === 'string';

function isAbsentOr(value: unknown, isFine: (value: unknown) => boolean): boolean {
  return value === undefined || value === null || isFine(value);
}

function isSegment(value: unknown): boolean {
  if (isText(value)) return true;
  if (!Array.isArray(value) || value.length !== 4) return false;
  const [name, cacheKey, kind, siblings] = value as unknown[];
  return (
    isText(name) &&
    isText(cacheKey) &&
    isText(kind) &&
    SEGMENT_KIND.test(kind) &&
    (siblings === null || (Array.isArray(siblings) && siblings.every(isText)))
  );
}
