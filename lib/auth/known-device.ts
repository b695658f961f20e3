import 'server-only';
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { config } from '../config';
import { type CookieSettings, createCookies } from '../session/cookie';
import { createSealer, type SealerSettings } from '../session/seal';
import { singleton } from '../singleton';

const PURPOSE = 'device';
const TTL_SECONDS = 180 * 86_400;
const payloadSchema = z.object({ id: z.uuid(), issuedAt: z.int() });

/**
 * Devices with a sign-in before. Failed sign-ins are not counted for them by address, so that an attacker who invents
 * codes behind the same address shuts none of them out. The cookie does not say whose sign-in it was.
 *
 * @param now milliseconds since 1970
 */
export function createKnownDevices(settings: CookieSettings & SealerSettings, now: () => number = Date.now) {
  const cookies = createCookies(settings);
  const sealer = createSealer(settings);
  const name = cookies.nameOf('dingpass-device');

  async function open(cookieHeader: string | null) {
    const [value, ...others] = cookies.valuesOf(cookieHeader, name);
    if (value === undefined || others.length > 0) return undefined;
    const opened = await sealer.open(PURPOSE, value, TTL_SECONDS);
    return payloadSchema.safeParse('value' in opened ? opened.value : undefined).data;
  }

  return {
    /** The device in a `Cookie` header; undefined where there is none that we have sealed. */
    deviceIn: async (cookieHeader: string | null) => (await open(cookieHeader))?.id,
    /** A `Set-Cookie` value that makes a device known; undefined where the present one lasts long enough. */
    async remember(cookieHeader: string | null): Promise<string | undefined> {
      const known = await open(cookieHeader);
      const issuedAt = Math.floor(now() / 1000);
      if (known && issuedAt - known.issuedAt < TTL_SECONDS / 2) return undefined;
      const value = await sealer.seal(PURPOSE, { id: known?.id ?? randomUUID(), issuedAt }, TTL_SECONDS);
      return cookies.set(name, value, TTL_SECONDS);
    },
  };
}

/** The devices that this company knows. */
export const knownDevices = singleton('known-devices', () => createKnownDevices(config()));
