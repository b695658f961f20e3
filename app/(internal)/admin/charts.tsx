import type { AdminText } from '@/lib/i18n/admin-page';

/** Charts drawn on the server: markup only, and the finding in words for readers. */

const WIDTH = 240;
const HEIGHT = 88;
const BAR = 0.8;

interface DayChartProps {
  /** By hour of the day. */
  counts: readonly number[];
  /** The hour that it is. */
  now: number;
  text: AdminText['overview'];
}

export function DayChart({ counts, now, text }: DayChartProps) {
  const most = Math.max(...counts, 1);
  const step = WIDTH / counts.length;
  const peak = counts.indexOf(Math.max(...counts));
  const isEmpty = counts.every((count) => count === 0);
  const label = isEmpty ? text.chartEmpty : text.chart(text.hour(peak), counts[peak] ?? 0);
  return (
    <>
      <svg
        className="chart"
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={label}
      >
        <rect className="base" x="0" y={HEIGHT - 1} width={WIDTH} height="1" />
        {counts.map((count, hour) => {
          const height = count === 0 ? 0 : Math.max(2, (count / most) * (HEIGHT - 8));
          return (
            height > 0 && (
              <rect
                // biome-ignore lint/suspicious/noArrayIndexKey: the index is the hour
                key={hour}
                className={hour === now ? 'bar-now' : 'bar'}
                x={(hour * step + (step * (1 - BAR)) / 2).toFixed(1)}
                y={(HEIGHT - 1 - height).toFixed(1)}
                width={(step * BAR).toFixed(1)}
                height={height.toFixed(1)}
              >
                <title>{text.bar(hour, count)}</title>
              </rect>
            )
          );
        })}
      </svg>
      <div className="chart-labels num" aria-hidden="true">
        <span>{text.hour(0)}</span>
        <span>6</span>
        <span>12</span>
        <span>18</span>
        <span>24</span>
      </div>
    </>
  );
}

export interface Measure {
  label: string;
  count: number;
}

/** Numbers with bars in proportion to their sum. */
export function Measures({ measures }: { measures: readonly Measure[] }) {
  const sum = measures.reduce((all, { count }) => all + count, 0);
  return (
    <ul>
      {measures.map(({ label, count }) => (
        <li className="measure" key={label}>
          <span>{label}</span>
          <span className="num">{count}</span>
          <svg viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
            <rect className="track" width="100" height="6" rx="1" />
            <rect className="value" width={((count / sum) * 100).toFixed(1)} height="6" rx="1" />
          </svg>
        </li>
      ))}
    </ul>
  );
}
