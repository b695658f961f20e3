let table: Map<string, number> | undefined;

/** Writes text in GBK, as an old proxy would. Characters that GBK does not have become `?`. */
export function encodeGbk(text: string): Buffer {
  table ??= readTable();
  const bytes: number[] = [];
  for (const letter of text) {
    const code = letter.codePointAt(0)!;
    const double = table.get(letter);
    if (code < 128) bytes.push(code);
    else if (double === undefined) bytes.push(63);
    else bytes.push(double >> 8, double & 255);
  }
  return Buffer.from(bytes);
}

// Node can read GBK but not write it: read every pair of bytes once and turn the table round.
function readTable(): Map<string, number> {
  const decoder = new TextDecoder('gbk');
  const found = new Map<string, number>();
  for (let first = 0x81; first <= 0xfe; first += 1) {
    for (let second = 0x40; second <= 0xfe; second += 1) {
      const letter = decoder.decode(Uint8Array.of(first, second));
      if (letter.length === 1 && letter !== '\ufffd') found.set(letter, (first << 8) | second);
    }
  }
  return found;
}
