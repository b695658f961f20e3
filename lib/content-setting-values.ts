import 'server-only';
import { z } from 'zod';
import { isLoopback, listOf, parseUrl, splitAt } from './setting-values';

/** The kinds of values that settings have which say what pages may load, use, and be framed by. */

export const frameAncestors = z
  .string()
  .transform(splitAt(/[,，\s]+/))
  .transform((origins) => origins.map((entry) => entry.toLowerCase().replace(/\/$/, '')).filter(Boolean))
  .refine((origins) => origins.every(isFrameAncestor), {
    error:
      'must be origins separated by commas, such as https://portal.example.com or https://*.example.com (http only for localhost) / 必须是以逗号分隔的来源，如 https://portal.example.com（仅本机可用 http）',
  });

/** Origins that a page may load from. @param schemes besides https */
export const sources = (schemes: 'wss'[] = []) =>
  listOf(/[,，\s]+/)
    .transform((origins) => origins.map((entry) => entry.toLowerCase().replace(/\/$/, '')))
    .refine(
      (origins) =>
        origins.every((entry) => {
          const isSocket = schemes.includes('wss') && entry.startsWith('wss:');
          return isFrameAncestor(isSocket ? entry.replace('wss:', 'https:') : entry);
        }),
      {
        error: `must be origins separated by commas, such as https://cdn.example.com or https://*.example.com${schemes.includes('wss') ? ', wss://live.example.com' : ''} (http only for localhost) / 必须是以逗号分隔的来源，如 https://cdn.example.com（仅本机可用 http）`,
      },
    );

/** What of a device pages may use once a person allows it. */
const FEATURES = [
  'accelerometer',
  'camera',
  'display-capture',
  'geolocation',
  'gyroscope',
  'microphone',
  'payment',
  'usb',
] as const;

export const features = listOf(/[,，\s]+/)
  .transform((names) => names.map((name) => name.toLowerCase()))
  .refine((names) => names.every((name) => (FEATURES as readonly string[]).includes(name)), {
    error: `takes these names, separated by commas / 只接受以下名称，以逗号分隔: ${FEATURES.join(', ')}`,
  })
  .transform((names) => FEATURES.map((name) => ({ name, isAllowed: names.includes(name) })));

export const hosts = z
  .string()
  .transform(splitAt(/,/))
  .transform((entries) => entries.map((entry) => entry.toLowerCase()))
  .refine((entries) => entries.every((entry) => /^(\*\.)?[a-z0-9.-]+(:\d+)?$/.test(entry)), {
    error: 'must be hosts separated by commas / 必须是以逗号分隔的主机名',
  });

/** An origin, or all hosts below one of at least two labels. Nothing that could end the directive it stands in. */
function isFrameAncestor(value: string): boolean {
  const [, scheme, host = ''] =
    /^(https?):\/\/(?:\*\.(?=[^.]+\.))?([a-z0-9.-]+|\[::1\])(?::\d{1,5})?$/.exec(value) ?? [];
  if (parseUrl(value.replace('*.', '')) === undefined) return false;
  return scheme === 'https' || (scheme === 'http' && isLoopback(host));
}
