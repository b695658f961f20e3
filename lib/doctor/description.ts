import 'server-only';
import type { Language } from '../i18n';
import { messagesIn } from '../i18n';
import { PERMISSIONS } from '../permissions';
import { inRegion, type Region } from '../region';
import type { Finding, Values } from './check';
import { type Fault, isDoctorFault, treatmentOf } from './faults';

/** A finding in words. What is empty is absent. */
export interface Description {
  id: string;
  circle: Finding['circle'];
  outcome: Finding['outcome'];
  fault?: Fault;
  /** What was tried. */
  tried: string;
  /** What came out; several lines where there is a list. */
  found: string;
  /** It waits for another check; `found` says for which. */
  isWaiting?: boolean;
  cause?: string;
  remedy?: string;
  /** Where to click, or to write. */
  where?: string;
  /** A page of DingTalk's that does it. */
  link?: string;
  command?: string;
  /** Who must act. */
  actor?: string;
  /** The page of the documents. */
  more?: string;
}

const PLACEHOLDER = /\{(\w+)\}/g;

/** A template with the values of a finding; what has no value is left out. */
export function fill(template: string, values: Values): string {
  return template
    .replace(PLACEHOLDER, (_, name: string) => values[name] ?? '')
    .replace(/ +$/gm, '')
    .trim();
}

/** Consoles and hosts are the region's; what DingTalk or a setting says stays as it is. */
export function describeFinding(finding: Finding, language: Language, region: Region): Description {
  const { id, circle, outcome, fault, textId, values } = finding;
  const { checks } = messagesIn(language).doctor;
  const { tried } = checks[textId as keyof typeof checks];
  const head = { id, circle, outcome, tried: fill(tried, values) };
  const isWaiting = values.because !== undefined;
  if (fault === undefined)
    return { ...head, ...(isWaiting && { isWaiting }), found: foundOf(finding, language, region) };
  return { ...head, fault, ...explain(fault, finding, language, region) };
}

/** What waits for one and the same check. */
export interface Waiting {
  outcome: Description['outcome'];
  found: string;
  tried: readonly string[];
}

/** Puts together what waits for the same: a page of lines that all say so hides the one that matters. */
export function withWaitingTogether(described: readonly Description[]): {
  single: Description[];
  waiting: Waiting[];
} {
  const sameAs = (one: Description) =>
    described.filter(
      (other) => other.isWaiting && other.outcome === one.outcome && other.found === one.found,
    );
  const isTogether = (one: Description) => one.isWaiting === true && sameAs(one).length > 1;
  const waiting = described
    .filter((one) => isTogether(one) && sameAs(one)[0] === one)
    .map((one) => ({ outcome: one.outcome, found: one.found, tried: sameAs(one).map(({ tried }) => tried) }));
  return { single: described.filter((one) => !isTogether(one)), waiting };
}

function foundOf(
  { outcome, textId, note, values, assumed }: Finding,
  language: Language,
  region: Region,
): string {
  const { doctor } = messagesIn(language);
  const text = doctor.checks[textId as keyof typeof doctor.checks];
  if (outcome === 'skipped') return fill(doctor.skipped, { because: nameOf(values.because ?? '', language) });
  if (outcome === 'untried') {
    const { because } = values;
    return because
      ? fill(doctor.untriedToo, { because: nameOf(because, language) })
      : fill(doctor.untried, values);
  }
  if (outcome === 'manual') return fill(inRegion(text.todo ?? '', region), values);
  const found = fill((note && text.notes?.[note]) || text.ok, values);
  return assumed ? `${found} · ${doctor.assumed}` : found;
}

/** What another check tried, where it is one of the list. */
function nameOf(id: string, language: Language): string {
  const { checks } = messagesIn(language).doctor;
  const [kind = '', point] = id.split(':');
  const name = PERMISSIONS.find((one) => one.point === point)?.name ?? '';
  if (point !== undefined) return fill(checks[kind as keyof typeof checks].tried, { point, name });
  const text = checks[id as keyof typeof checks]?.tried;
  return text === undefined || text.includes('{') ? id : text;
}

function explain(
  fault: Fault,
  { values }: Finding,
  language: Language,
  region: Region,
): Omit<Description, 'id' | 'circle' | 'outcome' | 'tried'> {
  const messages = messagesIn(language);
  const { doctor } = messages;
  const { actor, place, command } = treatmentOf(fault);
  const isOwn = isDoctorFault(fault);
  const { cause, remedy } = isOwn ? doctor.faults[fault] : messages.problems[fault];
  const found = isOwn ? fill(doctor.faults[fault].found, values) : foundByDingTalk(values);
  const folder = language === 'en' ? 'docs' : 'docs/zh-CN';
  return {
    found,
    cause: fill(inRegion(cause, region), values),
    remedy: fill(inRegion(remedy, region), values),
    where: inRegion(doctor.places[place], region),
    ...(values.applyUrl ? { link: values.applyUrl } : {}),
    ...(command ? { command: fill(command, { app: doctor.unknownApp, ...values }) } : {}),
    actor: messages.actors[actor],
    more: `${folder}/${isOwn ? 'doctor' : 'troubleshooting'}.md#${fault}`,
  };
}

/** A refusal in DingTalk's terms, or how far the call came. */
function foundByDingTalk({ code, api, scopes, address, proxy }: Values): string {
  return [code, api, scopes, address, proxy].filter(Boolean).join(' · ');
}
