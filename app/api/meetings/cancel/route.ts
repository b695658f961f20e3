import { methods } from '@/lib/auth/methods';
import { cancelMeeting } from '@/lib/dal/meetings';
import { readForm } from '@/lib/http/route';
import { answerForm } from '../answer-form';
import { readWeek } from '../read-week';

export const dynamic = 'force-dynamic';

export const { GET, POST, PUT, PATCH, DELETE } = methods({
  /** Cancels a meeting that the member has organised, by a form. */
  POST: {
    access: 'member',
    event: 'meeting-cancel',
    handler: (request, context) =>
      answerForm(request, context, async () => {
        const form = await readForm(request);
        const isCancelled = await cancelMeeting(form.get('id') ?? '');
        return `/meetings/mine?week=${readWeek(form)}&done=${isCancelled ? 'cancelled' : 'gone'}`;
      }),
  },
});
