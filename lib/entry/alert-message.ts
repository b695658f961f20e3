import 'server-only';
import { hostname } from 'node:os';
import type { SignInHealth } from '../auth/sign-in-health';
import { config } from '../config';
import { messagesIn } from '../i18n';
import { inRegion } from '../region';
import type { News } from './alerts';

/** News as the operators' group reads it: in Chinese, then in English; where it comes from, and no person. */
export function alertMessage(news: readonly News[], signIn: SignInHealth): string {
  return (['zh-CN', 'en'] as const)
    .map((language) => {
      const { alerts, problems } = messagesIn(language);
      const why = signIn.ok ? undefined : problems[signIn.reason];
      const reason = why ? inRegion(`${why.cause} ${why.remedy}`, config().region) : '';
      const lines = news.map(({ alert, isOver }) => {
        if (isOver) return alerts.over[alert];
        return alert === 'sign-in' ? alerts.begun['sign-in'](reason) : alerts.begun[alert];
      });
      return [alerts.title('dingpass', `${config().publicUrl} · ${hostname()}`), ...lines].join('\n');
    })
    .join('\n\n');
}
