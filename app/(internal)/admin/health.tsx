import type { Route } from 'next';
import Link from 'next/link';
import type { ReactNode } from 'react';
import { Icon, type IconName } from '@/app/_ui/icon';
import { When } from '@/app/_ui/when';
import type { AdminOverview } from '@/lib/dal/admin-overview';
import type { Language, Messages } from '@/lib/i18n';
import type { AdminText } from '@/lib/i18n/admin-page';

type State = keyof AdminText['overview']['states'];

const SIGNS: Record<State, [icon: IconName, className: string]> = {
  ok: ['ok', 'is-ok'],
  warn: ['warning', 'is-warn'],
  bad: ['refused', 'is-bad'],
  off: ['info', ''],
  none: ['info', 'is-warn'],
  running: ['sync', ''],
};

interface HealthProps {
  overview: AdminOverview;
  messages: Messages;
  language: Language;
}

/** Four states, each with where to look further. */
export function Health({ overview, messages, language }: HealthProps) {
  const text = messages.admin.overview;
  const parts: [string, Route, { state: State; hint: ReactNode }][] = [
    [text.directory, '/admin/sync', directoryHealth(overview, text, language)],
    [text.events, '/admin/audit', eventsHealth(overview, text, language)],
    [text.signIn, '/admin/audit?event=sign-in', signInHealth(overview, messages)],
    [text.access, '/admin/access', accessHealth(overview, text)],
  ];
  return (
    <div className="health">
      {parts.map(([name, href, { state, hint }]) => {
        const [icon, className] = SIGNS[state];
        return (
          <Link href={href} prefetch={false} key={name}>
            <Icon name={icon} className={className} />
            <span className="row-text">
              <span className="row-title">
                {name} · {text.states[state]}
              </span>
              <span className="row-hint">{hint}</span>
            </span>
          </Link>
        );
      })}
    </div>
  );
}

function directoryHealth({ sync }: AdminOverview, text: AdminText['overview'], language: Language) {
  const { state, asOf, people, missing } = sync.state;
  if (asOf === undefined)
    return { state: sync.running ? 'running' : 'none', hint: text.people(people) } as const;
  const age = (
    <>
      {text.asOf} <When at={asOf} language={language} />
      {' · '}
      {text.people(people)}
    </>
  );
  if (sync.loss) return { state: 'warn', hint: age } as const;
  if (state === 'failed')
    return {
      state: 'bad',
      hint: (
        <>
          {text.directoryFailed} {age}
        </>
      ),
    } as const;
  if (missing.length === 0) return { state: sync.running ? 'running' : 'ok', hint: age } as const;
  return {
    state: 'warn',
    hint: (
      <>
        {text.directoryPartial(missing.length)} {age}
      </>
    ),
  } as const;
}

function eventsHealth({ events }: AdminOverview, text: AdminText['overview'], language: Language) {
  const { stream, callback, counts } = events;
  const received = text.received(Object.values(counts).reduce((sum, count) => sum + count, 0));
  if (counts.failed > 0) return { state: 'warn', hint: text.eventsFailed(counts.failed) } as const;
  if (stream.status === 'connected')
    return {
      state: 'ok',
      hint: (
        <>
          {text.connected} <When at={stream.since!} language={language} />
          {' · '}
          {received}
        </>
      ),
    } as const;
  if (stream.status !== 'off') return { state: 'warn', hint: text[stream.status] } as const;
  if (callback) return { state: 'ok', hint: `${text.byCallback} · ${received}` } as const;
  return { state: 'off', hint: text.eventsOff } as const;
}

function signInHealth({ signIn, today }: AdminOverview, messages: Messages) {
  const { overview: text } = messages.admin;
  const done = today.signIns.reduce((sum, count) => sum + count, 0);
  const refused = today.refusals.reduce((sum, { count }) => sum + count, 0);
  if (signIn.ok) return { state: 'ok', hint: text.signInToday(done, refused) } as const;
  return { state: 'bad', hint: messages.problems[signIn.reason].cause } as const;
}

function accessHealth({ access: { file, nameProblems } }: AdminOverview, text: AdminText['overview']) {
  if (!file) return { state: 'off', hint: text.noRules } as const;
  if (file.problems.length > 0) return { state: 'bad', hint: text.rulesBroken } as const;
  if (nameProblems && nameProblems.length > 0)
    return { state: 'warn', hint: text.rulesUnclear(nameProblems.length) } as const;
  if (file.differs) return { state: 'warn', hint: text.rulesDiffer } as const;
  return { state: 'ok', hint: text.rules(file.rules) } as const;
}
