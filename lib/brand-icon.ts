import 'server-only';
import { crc32, deflateSync } from 'node:zlib';

/** A drawn door: the mark of a company that has given no logo. As an SVG path on 32 × 32, and the same as lines. */
export const DOOR_PATH = 'M10 25V9.5A1.5 1.5 0 0 1 11.5 8h9A1.5 1.5 0 0 1 22 9.5V25M7 25h18M18.5 17h.01';
const DOOR_LINES = [
  [10, 25, 10, 9.5],
  [10, 9.5, 10.5, 8.5],
  [10.5, 8.5, 11.5, 8],
  [11.5, 8, 20.5, 8],
  [20.5, 8, 21.5, 8.5],
  [21.5, 8.5, 22, 9.5],
  [22, 9.5, 22, 25],
  [7, 25, 25, 25],
  [18.5, 17, 18.51, 17],
] as const;
const STROKE = 2.25;

interface IconColours {
  brand: string;
  on: string;
}

/** The mark as a file, for browsers' tabs. */
export function iconSvg({ brand, on }: IconColours): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="9" fill="${brand}"/><path d="${DOOR_PATH}" fill="none" stroke="${on}" stroke-width="${STROKE}" stroke-linecap="round" stroke-linejoin="round"/></svg>`;
}

/**
 * The mark as a PNG that fills its square, so that consoles and phones may cut it to their shape.
 *
 * @param size in pixels
 */
export function iconPng(size: number, { brand, on }: IconColours): Buffer {
  const [ground, ink] = [channelsOf(brand), channelsOf(on)];
  const scale = size / 32;
  // Each row begins with the number of its filter: none.
  const rows = Buffer.alloc(size * (size * 3 + 1));
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const covered = coverage((x + 0.5) / scale, (y + 0.5) / scale, scale);
      for (let channel = 0; channel < 3; channel++)
        rows[y * (size * 3 + 1) + 1 + x * 3 + channel] = Math.round(
          ground[channel]! + (ink[channel]! - ground[channel]!) * covered,
        );
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(size, 0);
  header.writeUInt32BE(size, 4);
  header.set([8, 2, 0, 0, 0], 8); // 8 bits, red green blue
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows, { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** How much of a pixel the lines cover, from 0 to 1. */
function coverage(x: number, y: number, scale: number): number {
  const distances = DOOR_LINES.map(([x1, y1, x2, y2]) => {
    const [dx, dy] = [x2 - x1, y2 - y1];
    const along = Math.max(0, Math.min(1, ((x - x1) * dx + (y - y1) * dy) / (dx * dx + dy * dy)));
    return Math.hypot(x - x1 - along * dx, y - y1 - along * dy);
  });
  return Math.max(0, Math.min(1, (STROKE / 2 - Math.min(...distances)) * scale + 0.5));
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(data.length, 0);
  frame.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
}

function channelsOf(colour: string): number[] {
  return [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));
}
