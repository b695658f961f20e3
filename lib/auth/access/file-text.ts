import 'server-only';
import { type Node, type ParseError, parseTree } from 'jsonc-parser';
import { quoted } from './condition';

/** The text of an access file, before its meaning is parsed. */

/** What is wrong in an access file, and where. */
export interface FileProblem {
  /** From 1. */
  line: number;
  /** In both languages: `English / 中文`. */
  message: string;
}

export const MAX_FILE_BYTES = 1_048_576;

/** @returns the problem where the bytes are no text */
export function toText(bytes: Uint8Array | string): string | FileProblem {
  const size = typeof bytes === 'string' ? Buffer.byteLength(bytes) : bytes.length;
  if (size > MAX_FILE_BYTES)
    return { line: 1, message: `is larger than ${MAX_FILE_BYTES} bytes / 超过 ${MAX_FILE_BYTES} 字节` };
  try {
    // A byte order mark is dropped: editors on Windows write one.
    return typeof bytes === 'string'
      ? bytes.replace(/^\uFEFF/, '')
      : new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return { line: lineOfBadByte(bytes as Uint8Array), message: 'is not UTF-8 / 不是 UTF-8 编码' };
  }
}

function lineOfBadByte(bytes: Uint8Array): number {
  const good = new TextDecoder().decode(bytes).split('\uFFFD', 1)[0] ?? '';
  return good.split('\n').length;
}

/** The parser calls itself for every bracket. */
export function parsed(text: string, errors: ParseError[]): Node | undefined | 'too-deep' {
  try {
    return parseTree(text, errors, { allowTrailingComma: true });
  } catch (error) {
    if (error instanceof RangeError) return 'too-deep';
    throw error;
  }
}

/** Which line an offset is in, from 1. */
export function lineFinder(text: string): (offset: number) => number {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return (offset) => {
    let [low, high] = [0, starts.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (starts[middle]! <= offset) low = middle;
      else high = middle - 1;
    }
    return low + 1;
  };
}

export function near(text: string, offset: number): string {
  const piece = text
    .slice(offset, offset + 20)
    .split('\n', 1)[0]
    ?.trim();
  return piece ? quoted(piece) : 'the end';
}
