import 'server-only';
import type { Language } from '../i18n';
import { messagesIn } from '../i18n';
import type { Outcome } from './check';
import { type Description, describeFinding, fill } from './description';
import type { DoctorReport } from './doctor';

/** A report for a terminal. */

const SIGNS: Record<Outcome, string> = {
  ok: '✓',
  warn: '!',
  bad: '✗',
  skipped: '·',
  untried: '?',
  manual: '☐',
};
const COLOURS: Partial<Record<Outcome, number>> = { ok: 32, warn: 33, bad: 31, skipped: 90, untried: 90 };
const INDENT = '    ';

/** @param options.colour where a terminal shows it */
export function reportLines(report: DoctorReport, language: Language, { colour = false } = {}): string[] {
  const { doctor } = messagesIn(language);
  const described = report.findings.map((finding) => describeFinding(finding, language, report.region));
  const circles = (['local', 'dingtalk', 'console'] as const).flatMap((circle) => {
    const own = described.filter((one) => one.circle === circle);
    return own.length === 0
      ? []
      : ['', doctor.circles[circle], ...own.flatMap((one) => linesOf(one, language, colour))];
  });
  return [...circles, '', summaryOf(report, language)];
}

/** How many of each outcome, and how long it took. */
export function summaryOf({ findings, ms }: DoctorReport, language: Language): string {
  const { doctor } = messagesIn(language);
  const count = (outcome: Outcome) => String(findings.filter((one) => one.outcome === outcome).length);
  const outcomes = ['ok', 'warn', 'bad', 'untried', 'manual'] as const;
  const values = Object.fromEntries(outcomes.map((outcome) => [outcome, count(outcome)]));
  return `${fill(doctor.summary, values)} · ${fill(doctor.took, { seconds: (ms / 1000).toFixed(1) })}`;
}

function linesOf(one: Description, language: Language, colour: boolean): string[] {
  const { labels, outcomes } = messagesIn(language).doctor;
  const code = COLOURS[one.outcome];
  const sign = colour && code ? `\x1b[${code}m${SIGNS[one.outcome]}\x1b[0m` : SIGNS[one.outcome];
  const state = one.outcome === 'ok' ? '' : `${outcomes[one.outcome]} · `;
  const [first = '', ...rest] = one.found.split('\n');
  const separator = language === 'en' ? ': ' : '：';
  const more = (['cause', 'remedy', 'where', 'command', 'actor', 'more'] as const).flatMap((label) => {
    const text = label === 'where' ? [one.where, one.link].filter(Boolean).join(' · ') : one[label];
    return text ? [`${INDENT}${labels[label]}${separator}${text}`] : [];
  });
  return [
    `  ${sign} ${one.tried}${separator}${state}${first}`,
    ...rest.map((line) => INDENT + line),
    ...more,
  ];
}
