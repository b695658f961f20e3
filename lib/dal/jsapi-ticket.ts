import 'server-only';
import { z } from 'zod';
import { config } from '../config';
import { createJsapiTicket, type TicketStore } from '../dingtalk/jsapi';
import { dingTalkClient } from '../dingtalk-client';
import { keepOutOfLog } from '../log';
import { createSealer, type SealerSettings } from '../session/seal';
import { singleton } from '../singleton';
import type { Database } from '../storage/database';
import { recordsDatabase } from '../storage/databases';

/** The ticket that pages are signed with, the same one in all processes. @see signPage */
export const jsapiTicket = singleton('jsapi-ticket', () =>
  createJsapiTicket(dingTalkClient(), {
    store: createTicketStore(recordsDatabase(), config()),
    onTicket: keepOutOfLog,
  }),
);

const PURPOSE = 'jsapi-ticket';
const DAY_SECONDS = 86_400;
const KEPT = z.object({ ticket: z.string(), since: z.number(), renewAt: z.number(), expiresAt: z.number() });

/** Sealed, so that a copy of the database signs no page. What cannot be opened counts as none. */
export function createTicketStore(db: Database, settings: SealerSettings): TicketStore {
  const sealer = createSealer(settings);
  return {
    async load() {
      const row = await db.get<{ sealed: string }>('SELECT sealed FROM jsapi_ticket WHERE one = 1');
      if (!row) return undefined;
      const opened = await sealer.open(PURPOSE, row.sealed, DAY_SECONDS);
      return 'value' in opened ? KEPT.safeParse(opened.value).data : undefined;
    },
    async save(kept) {
      await db.run(
        `INSERT INTO jsapi_ticket (one, sealed) VALUES (1, ?)
         ON CONFLICT (one) DO UPDATE SET sealed = excluded.sealed`,
        await sealer.seal(PURPOSE, kept, DAY_SECONDS),
      );
    },
  };
}
