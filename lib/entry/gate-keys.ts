import 'server-only';
import { generateKeyPairSync } from 'node:crypto';

/** A private key of P-256 for assertions (ES256), as `GATE_KEYS` takes it: PKCS #8, DER, base64url. */
export function newAssertionKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64url');
}

/** How to bring a key in, in both languages. Tells the ids of the keys that are there, never the keys. */
export function gateRotationSteps(key: string, present: readonly string[]): string {
  if (present.length === 0)
    return `签名新密钥 · A new key for assertions\n\n  GATE_KEYS=${key}\n\n写入 .env 后重启即可。· Put it into .env, and restart.\n`;
  const old = present.join(', ');
  return `签名新密钥 · A new key for assertions

  ${key}

三步更换，上游随时都能验证。每一步都要等所有实例重启完毕，再做下一步。
Three steps, and upstreams can check every assertion meanwhile. Finish each on every instance before the next begins.

1. 公布新密钥，仍用旧密钥（第一个）签名。
   The new key is published; the old one, which comes first, goes on signing.

     GATE_KEYS=<${old}>,${key}

   <${old}> 表示原有的值，原样保留。· <${old}> stands for what is there: keep it.

2. 等上游重新读取过 /.dingpass/jwks.json（多数上游缓存不超过一小时），改用新密钥签名。
   When upstreams have read /.dingpass/jwks.json again (most keep it for an hour at most), the new key signs.

     GATE_KEYS=${key},<${old}>

3. 再过 5 分钟，去掉旧密钥：旧签名此时已全部过期。
   5 minutes later, remove the old key: all that it signed has expired.

     GATE_KEYS=${key}

密钥已泄露时不要等：直接做第 3 步，并让上游重新读取公钥。
A key that has leaked cannot wait: go to step 3 at once, and have upstreams read the public keys again.
`;
}
