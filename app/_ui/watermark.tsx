import { watermarkText } from '@/lib/dal/watermark';
import './watermark.css';

/** Width of one mark, in CSS pixels; names are clipped to what fits into it. */
const WIDTH = 240;
const HEIGHT = 150;
const MAX_CHARACTERS = 16;

/**
 * The reader's name and last digits, faintly over the whole page, on paper too. A drawing: nothing of it is selected,
 * copied, searched, heard by readers or in the way of a click, and no style stands in the markup.
 */
export async function Watermark() {
  const text = await watermarkText();
  if (text === undefined) return null;
  const mark = Array.from(text);
  const shown =
    mark.length > MAX_CHARACTERS ? `${mark.slice(0, 11).join('')}…${mark.slice(-4).join('')}` : text;
  return (
    <svg className="watermark" aria-hidden="true" focusable="false" data-testid="watermark">
      <pattern
        id="watermark"
        width={WIDTH}
        height={HEIGHT}
        patternUnits="userSpaceOnUse"
        patternTransform="rotate(-20)"
      >
        <text x="8" y="40">
          {shown}
        </text>
        <text x={WIDTH / 2} y={40 + HEIGHT / 2}>
          {shown}
        </text>
      </pattern>
      <rect width="100%" height="100%" fill="url(#watermark)" />
    </svg>
  );
}
