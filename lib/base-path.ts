/**
 * The path below which this build is served, such as `/door`; empty for a whole origin. Next writes it into every bundle,
 * scripts of the browser included: it is chosen when it is built.
 */
export const BASE_PATH: string = process.env.BASE_PATH ?? '';

/**
 * An address of ours as a browser has to ask for it. Everywhere else (return targets, rules, links of Next's) addresses
 * are below the base path: it is added where an address leaves, and nowhere twice.
 */
export function withBasePath(address: string): string {
  // Next would answer `/door/` with a redirect.
  return BASE_PATH !== '' && /^\/(?=[?#]|$)/.test(address)
    ? BASE_PATH + address.slice(1)
    : BASE_PATH + address;
}

/** The opposite, of an address as it came in; undefined where it is not below the base path. */
export function withoutBasePath(address: string): string | undefined {
  if (!address.startsWith(BASE_PATH)) return undefined;
  const rest = address.slice(BASE_PATH.length);
  if (rest.startsWith('/')) return rest;
  return /^[?#]|^$/.test(rest) ? `/${rest}` : undefined;
}
