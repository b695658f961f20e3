/** Names of the secrets that are in a text, in any spelling: as they are, for a URL, in JSON, in base64 at any offset. */
export function findSecrets(text: string, secrets: Record<string, string>): string[] {
  return Object.keys(secrets).filter((name) =>
    spellings(secrets[name] ?? '').some((spelling) => text.includes(spelling)),
  );
}

function spellings(secret: string): string[] {
  const plain = [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)];
  const coded = [0, 1, 2].flatMap((offset) => {
    // The characters at the ends depend on what stands before and after.
    const bytes = Buffer.concat([Buffer.alloc(offset), Buffer.from(secret)]);
    const [first, last] = [offset === 0 ? 0 : offset + 1, Math.floor((bytes.length * 8) / 6)];
    return [bytes.toString('base64').slice(first, last), bytes.toString('base64url').slice(first, last)];
  });
  return [...new Set([...plain, ...coded])];
}
