import type { Defence } from './defence';

/** What pages do at DingTalk for a member, and what operators and strangers are told. */
export const workplace: readonly Defence[] = [
  {
    name: 'signed pages: only addresses of this site',
    file: 'lib/dal/page-signature.ts',
    from: 'IMPOSSIBLE.test(href) || !isOurs(href, publicOrigin)',
    to: 'IMPOSSIBLE.test(href)',
    test: 'tests/app/jsapi.test.ts',
    only: 'is not signed',
    build: 'first',
  },
  {
    name: 'notices: the same content reaches a person once a day',
    file: 'lib/notices/notice-store.ts',
    from: '.filter(({ same, total }) => same > 0 || total >= MOST_A_DAY)',
    to: '.filter(({ total }) => total >= MOST_A_DAY)',
    test: 'tests/lib/notices/notices.test.ts',
    only: 'the same content reaches a person once a day',
  },
  {
    name: 'notices: at most 500 for a person and day',
    file: 'lib/notices/notice-store.ts',
    from: '.filter(({ same, total }) => same > 0 || total >= MOST_A_DAY)',
    to: '.filter(({ same }) => same > 0)',
    test: 'tests/lib/notices/notices.test.ts',
    only: 'nobody is sent more than 500 a day',
  },
  {
    name: 'doctor: what arrives is told to a seal of our keys only',
    file: 'app/api/doctor/route.ts',
    from: "if (nonce === undefined) throw new AppError('not-found');",
    to: '',
    test: 'tests/app/doctor.test.ts',
    only: 'to strangers the probe does not exist',
    build: 'first',
  },
  {
    name: 'doctor: strangers are told nothing that would help an attacker',
    file: 'lib/doctor/app-report.ts',
    from: '!CHECKS.find((check) => check.id === id)?.isPrivate',
    to: 'CHECKS.some((check) => check.id === id)',
    test: 'tests/lib/doctor/doctor.test.ts',
    only: 'strangers are told which checks failed, but none that would help an attacker',
  },
  {
    name: 'metrics: one address, by GET',
    file: 'lib/entry/monitoring.ts',
    from: "request.method === 'GET' && ",
    to: '',
    test: 'tests/lib/entry/monitoring.test.ts',
    only: 'only GET /metrics is answered',
  },
];
