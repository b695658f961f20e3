import { type Bytes, type CallbackParts, sealed, sha1, signed } from './callback';

/** One callback, right or wrong, as `tests/corpora/callback-events.json` has it. */
export interface CallbackEntry {
  id: string;
  class: 'signature' | 'crypto' | 'semantics' | 'method';
  name: string;
  // biome-ignore lint/suspicious/noExplicitAny: each entry says in its own words what is wrong
  mutation: any;
  expect: { status: number | number[]; answer?: string; sideEffect: boolean | 'either' };
}

const OTHER_AES_KEY = 'ZYXWVUTSRQPONMLKJIHGFEDCBAzyxwvutsrqponmlkj';

let lastId = 0;

/** The event of an entry, with an id of its own. */
function toText(fields: Record<string, unknown>, corpId: string): string {
  const { UserId } = fields as { UserId?: { range?: number } };
  const ids = UserId?.range ? Array.from({ length: UserId.range }, (_, index) => `u${index}`) : UserId;
  lastId += 1;
  const leave = { EventType: 'user_leave_org', CorpId: corpId };
  return JSON.stringify({ ...leave, ...fields, UserId: ids ?? ['u1'], eventId: `c${process.pid}-${lastId}` });
}

/** The requests that an entry asks for. */
export function requestsOfEntry(
  { mutation: m }: CallbackEntry,
  company: { parts: CallbackParts; corpId: string },
): { query: URLSearchParams; body: string }[] {
  const parts: CallbackParts = { ...company.parts };
  const now = Number(parts.timestamp);
  const withIds = (fields: Record<string, unknown>) => toText(fields, company.corpId);
  const bytes: Bytes = {};
  if (m.owner) parts.ownerKey = m.owner;
  if (m.aesKey === 'other') parts.aesKey = OTHER_AES_KEY;
  if (m.pad !== undefined) bytes.pad = m.pad;
  if (m.len !== undefined) bytes.len = m.len;
  if (m.timestampSkewSeconds) parts.timestamp = String(now + m.timestampSkewSeconds * 1000);
  if (m.replayAfterSeconds) parts.timestamp = String(now - m.replayAfterSeconds * 1000);
  if (m.shiftConcat) parts.nonce = '55abc';
  if (m.events) return m.events.map((EventType: string) => sealed(withIds({ EventType }), parts));
  const sent = sealed(m.plain ?? withIds(m.event ?? {}), parts, bytes);
  const { query } = sent;
  const cipher: string = JSON.parse(sent.body).encrypt;
  const setSignature = (change: (good: string) => string) => {
    for (const name of ['msg_signature', 'signature']) query.set(name, change(query.get(name)!));
  };
  if (m.replay) return Array.from({ length: m.replay }, () => sent);
  if (m.rawBody !== undefined) sent.body = m.rawBody;
  else if (m.set) sent.body = JSON.stringify(m.set);
  else if (m.cipherBlocks) return [signed(Buffer.alloc(16 * m.cipherBlocks, 7).toString('base64'), parts)];
  else if (m.flipCipher) {
    const flipped = Buffer.from(cipher, 'base64');
    flipped[flipped.length + m.flipCipher] = flipped.at(m.flipCipher)! ^ 1;
    return [signed(flipped.toString('base64'), parts)];
  } else if (m.flip) setSignature((good) => (good[0] === '0' ? '1' : '0') + good.slice(1));
  else if (m.upper) setSignature((good) => good.toUpperCase());
  else if (m.truncate) setSignature((good) => good.slice(0, m.keep));
  else if (m.append) setSignature((good) => good + m.value);
  else if (m.repeat) setSignature(() => 'a'.repeat(m.count));
  else if (m.dupParam) {
    const good = query.get('signature')!;
    for (const name of ['msg_signature', 'signature']) query.delete(name);
    for (const value of m.values) query.append(m.dupParam, value.replace('{{GOOD}}', good));
  } else if (m.sign === 'unsorted') {
    const unsorted = sha1([cipher, parts.nonce, parts.timestamp, parts.token], false);
    setSignature(() => unsorted);
  } else if (m.unset) query.delete(m.unset);
  else if (m.shiftConcat) {
    query.set('timestamp', `${parts.timestamp}5`);
    query.set('nonce', '5abc');
  }
  return [sent];
}
