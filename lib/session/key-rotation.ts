import 'server-only';
import { randomBytes } from 'node:crypto';

/** What is set now; undefined where nothing is set yet. */
export interface PresentKeys {
  /** Ids, in the order given. */
  ids: readonly string[];
  sealKey: string;
  sessionTtlSeconds: number;
}

interface NewKey {
  id: string;
  secret: string;
}

/** A key that no instance has yet. */
export function newKey(present: PresentKeys | undefined): NewKey {
  return { id: newId(present?.ids ?? []), secret: randomBytes(32).toString('hex') };
}

/** A number that none of these is. */
export function newId(taken: readonly string[]): string {
  let number = taken.length + 1;
  while (taken.includes(String(number))) number++;
  return String(number);
}

/** How to bring it in, in both languages. Tells the ids of the keys that are there, never their secrets. */
export function rotationSteps({ id, secret }: NewKey, present: PresentKeys | undefined): string {
  const key = `${id}:${secret}`;
  if (!present) {
    return `新密钥 · A new key\n\n  SESSION_KEYS=${key}\n\n写入 .env 后启动即可。· Put it into .env, and start.\n`;
  }
  const old = present.ids.join(', ');
  const hours = Math.ceil(present.sessionTtlSeconds / 3600);
  return `新密钥 · A new key

  ${key}

三步更换，无人掉线。每一步都要等所有实例重启完毕，再做下一步。
Three steps, and nobody is signed out. Finish each on every instance before the next begins.

1. 让所有实例认得新密钥，仍用旧密钥签发。
   Every instance learns the new key; the old one goes on sealing.

     SESSION_KEYS=<${old}>,${key}
     SESSION_SEAL_KEY=${present.sealKey}

   <${old}> 表示原有的值，原样保留。· <${old}> stands for what is there: keep it.

2. 改用新密钥签发。
   The new key seals.

     SESSION_SEAL_KEY=${id}

3. 第 2 步完成满 ${hours} 小时（SESSION_TTL_SECONDS）后，去掉旧密钥。此后旧密钥打不开任何会话。
   ${hours} hours (SESSION_TTL_SECONDS) after step 2, remove the old key. From then on it opens nothing.

     SESSION_KEYS=${key}
     SESSION_SEAL_KEY=${id}

密钥已泄露时不要等：直接做第 3 步，所有人会重新登录一次。
A key that has leaked cannot wait: go to step 3 at once. Everybody signs in again, once.
`;
}
