import { methods } from '@/lib/auth/methods';
import { config } from '@/lib/config';
import { changeMeeting } from '@/lib/dal/meetings';
import { toInstant } from '@/lib/dingtalk/time-zone';
import { AppError } from '@/lib/errors';
import { readForm } from '@/lib/http/route';
import { answerForm } from '../answer-form';

export const dynamic = 'force-dynamic';

export const { GET, POST, PUT, PATCH, DELETE } = methods({
  /** Changes title, place and time of a meeting that the member has organised, by a form. */
  POST: {
    access: 'member',
    event: 'meeting-change',
    handler: (request, context) =>
      answerForm(request, context, async () => {
        const form = await readForm(request);
        const date = form.get('date') ?? '';
        const { timeZone } = config();
        await changeMeeting(form.get('id') ?? '', {
          title: form.get('title') ?? '',
          location: form.get('location') ?? '',
          time: {
            kind: 'timed',
            start: readTime(date, form.get('start'), timeZone),
            end: readTime(date, form.get('end'), timeZone),
            timeZone,
          },
        });
        return `/meetings/mine?week=${date}&done=changed`;
      }),
  },
});

function readTime(date: string, time: string | null, timeZone: string): number {
  try {
    return toInstant(`${date}T${time}`, timeZone);
  } catch {
    throw new AppError('bad-request', { hint: 'time' });
  }
}
