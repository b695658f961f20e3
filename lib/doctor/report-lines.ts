import 'server-only';
import { type Language, messagesIn } from '../i18n';
import type { Outcome } from './check';
import { type Description, describeFinding, fill, type Waiting, withWaitingTogether } from './description';
import type { DoctorReport } from './doctor';

/** With the colour in a terminal. */
const SIGNS: Record<Outcome, [sign: string, colour?: number]> = {
  ok: ['✓', 32],
  warn: ['!', 33],
  bad: ['✗', 31],
  skipped: ['·', 90],
  untried: ['?', 90],
  manual: ['☐'],
};
const INDENT = '    ';

/** A report for a terminal. @param options.colour where a terminal shows it */
export function reportLines(report: DoctorReport, language: Language, { colour = false } = {}): string[] {
  const { doctor } = messagesIn(language);
  const described = report.findings.map((finding) => describeFinding(finding, language, report.region));
  const circles = (['local', 'dingtalk', 'console'] as const).flatMap((circle) => {
    const { single, waiting } = withWaitingTogether(described.filter((one) => one.circle === circle));
    const lines = [
      ...single.flatMap((one) => linesOf(one, language, colour)),
      ...waiting.flatMap((one) => waitingLines(one, language, colour)),
    ];
    return lines.length === 0 ? [] : ['', doctor.circles[circle], ...lines];
  });
  return [...circles, '', summaryOf(report, language)];
}

/** How many of each outcome, and how long it took. */
export function summaryOf({ findings, ms }: DoctorReport, language: Language): string {
  const { doctor } = messagesIn(language);
  const count = (outcome: string) => String(findings.filter((one) => one.outcome === outcome).length);
  const values = Object.fromEntries(Object.keys(SIGNS).map((outcome) => [outcome, count(outcome)]));
  return `${fill(doctor.summary, values)} · ${fill(doctor.took, { seconds: (ms / 1000).toFixed(1) })}`;
}

function signOf(outcome: Outcome, colour: boolean): string {
  const [sign, code] = SIGNS[outcome];
  return colour && code ? `\x1b[${code}m${sign}\x1b[0m` : sign;
}

function waitingLines({ outcome, found, tried }: Waiting, language: Language, colour: boolean): string[] {
  const { doctor } = messagesIn(language);
  const values = { outcome: doctor.outcomes[outcome], count: String(tried.length), found };
  return [
    `  ${signOf(outcome, colour)} ${fill(doctor.waiting, values)}`,
    INDENT + tried.join(doctor.between),
  ];
}

function linesOf(one: Description, language: Language, colour: boolean): string[] {
  const { labels, outcomes } = messagesIn(language).doctor;
  const state = one.outcome === 'ok' ? '' : outcomes[one.outcome];
  const lines = one.found.split('\n');
  const [first, rest] = lines.length > 1 ? ['', lines] : [one.found, []];
  const separator = language === 'en' ? ': ' : '：';
  const more = (['cause', 'remedy', 'where', 'command', 'actor', 'more'] as const).flatMap((label) => {
    const text = label === 'where' ? [one.where, one.link].filter(Boolean).join(' · ') : one[label];
    return text ? [`${INDENT}${labels[label]}${separator}${text}`] : [];
  });
  return [
    `  ${signOf(one.outcome, colour)} ${one.tried}${separator}${[state, first].filter(Boolean).join(' · ')}`,
    ...rest.map((line) => INDENT + line),
    ...more,
  ];
}
