import 'server-only';
import type { ProtectedHost, ProtectedHosts } from './protected-host';

const HOME = '/';
/** A target longer than this would not fit a header beside cookies. */
const MAX_LENGTH = 2048;
const PARAMETER = /[?&]rd=/;
/** Control and invisible characters, blanks, unpaired surrogates, backslashes, look-alikes of slashes. */
const FORBIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Z}\uff0f\uff3c\\]/u;
/** Pages of the gate itself: a loop. */
const OWN_PATH = /^\/\.dingpass(?:[/?#]|$)/i;

/**
 * The page of this very host to which a sign-in leads back: given back exactly as it came (an encoded slash stays
 * encoded, Gitea's branches need it), or `/`. Nothing is repaired.
 *
 * @param requestTarget of a request for `/.dingpass/…`: `rd` is its last parameter and goes on to the end, because nginx
 * cannot encode what it passes on. A path, or an absolute URL of this host
 */
export function returnTarget(requestTarget: string, host: ProtectedHost, hosts: ProtectedHosts): string {
  const at = PARAMETER.exec(requestTarget);
  return at
    ? pathOnHost(decodedOnceIfWhole(requestTarget.slice(at.index + at[0].length)), host, hosts)
    : HOME;
}

/** As `returnTarget`, of the value itself. */
export function pathOnHost(value: string, host: ProtectedHost, hosts: ProtectedHosts): string {
  if (value.length > MAX_LENGTH || FORBIDDEN.test(value)) return HOME;
  const [, scheme, authority = '', rest = ''] = /^(https?:)\/\/([^/?#]*)(.*)$/is.exec(value) ?? [];
  if (scheme === undefined) return isPath(value) ? value : HOME;
  if (scheme.toLowerCase() !== hosts.scheme || hosts.find(authority)?.origin !== host.origin) return HOME;
  const path = rest.startsWith('/') ? rest : `/${rest}`;
  return isPath(path) ? path : HOME;
}

/** Our own pages encode `rd`, nginx does not: encoded, its first character is `%2F`, or it begins as a scheme does. */
function decodedOnceIfWhole(value: string): string {
  if (!/^(?:%2F|https?%3A)/i.test(value)) return value;
  try {
    return decodeURIComponent(value);
  } catch {
    return '';
  }
}

function isPath(value: string): boolean {
  if (!value.startsWith('/') || value.startsWith('//') || OWN_PATH.test(value)) return false;
  try {
    const url = new URL(value, 'https://origin.invalid');
    return (
      url.origin === 'https://origin.invalid' &&
      !url.pathname.startsWith('//') &&
      !OWN_PATH.test(url.pathname)
    );
  } catch {
    return false;
  }
}
