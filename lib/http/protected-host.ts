import 'server-only';

/** A host whose pages others wrote, behind the gate. */
export interface ProtectedHost {
  /** Lower case, without a port. */
  name: string;
  /** Scheme, name and, where it is not the scheme's own, port: what stands before every path of it. */
  origin: string;
}

const AUTHORITY =
  /^(?<name>[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*)(?::(?<port>\d{1,5}))?$/;
const DEFAULT_PORTS = { 'https:': '443', 'http:': '80' };

/**
 * Finds protected hosts by what a request calls them.
 *
 * @param patterns exact names, or `*.` before one: exactly one more label
 * @param scheme of all of them: that of `PUBLIC_ORIGIN`. Only on `http:`, which is localhost, is another port theirs, too
 */
export function createProtectedHosts(patterns: readonly string[], scheme: 'https:' | 'http:') {
  const names = new Set(patterns);
  return {
    scheme,
    /** @param authority as a `Host` header has it. @returns undefined where that is none of them */
    find(authority: string | undefined): ProtectedHost | undefined {
      const { name, port } = AUTHORITY.exec(authority?.toLowerCase() ?? '')?.groups ?? {};
      if (name === undefined || !(names.has(name) || names.has(name.replace(/^[^.]+/, '*'))))
        return undefined;
      const isDefaultPort = port === undefined || port === DEFAULT_PORTS[scheme];
      if (!isDefaultPort && scheme === 'https:') return undefined;
      return { name, origin: `${scheme}//${name}${isDefaultPort ? '' : `:${port}`}` };
    },
  };
}

export type ProtectedHosts = ReturnType<typeof createProtectedHosts>;
